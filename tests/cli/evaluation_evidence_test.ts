import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { proveEvaluation } from "../../src/cli/evaluation_evidence.ts";
import { allocateForecasts, DomainError, type ForecastModel } from "../../src/core/mod.ts";
import { evaluate } from "../../src/ml/evaluation/evaluate.ts";
import { evaluationMetrics } from "../../src/ml/evaluation/evaluation_metrics.ts";
import { encodeBaselines, encodePredictions } from "../../src/ml/evaluation/prediction_files.ts";
import { encodeRefit } from "../../src/ml/evaluation/refit_file.ts";
import { refitEvidence } from "../../src/ml/evaluation/refit_spread.ts";
import { MemoryTracker } from "../fakes/memory_tracker.ts";
import { sampleFolds } from "../ml/evaluation/sample_folds.ts";

const scored = sampleFolds({ days: 12, folds: 2, everyMinutes: 15 });
const evaluation = evaluate(scored, { blockDays: 1, resamples: 20, tried: { count: 5, sharpes: [0.1, -0.1] } });
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A model of two features whose σ is this. */
function modelOf(volatilityBps: number): ForecastModel {
  return {
    info: { horizonMinutes: 15, featureNames: ["a", "b"] } as unknown as ForecastModel["info"],
    predict(_rows, count) {
      const forecasts = allocateForecasts(count);
      forecasts.probabilityUp.fill(0.5);
      forecasts.volatilityBps.fill(volatilityBps);
      return forecasts;
    },
  };
}

const MODEL = modelOf(10);
const REFIT = encodeRefit(refitEvidence(Float32Array.of(1, 2, 3, 4), [
  { fold: { index: 0 }, fitted: modelOf(9) },
  { fold: { index: 1 }, fitted: modelOf(10) },
]));

/** A run that logged this evaluation; `summary` is what it keeps as its summary. */
async function runWith(summary: unknown = evaluation, refit = REFIT) {
  const tracker = new MemoryTracker();
  const { info: { runId } } = await tracker.createRun({ experimentId: "0" });
  await tracker.logBatch(runId, {
    params: [{ key: "block_days", value: "1" }, { key: "resamples", value: "20" }],
    metrics: Object.entries(evaluationMetrics(evaluation)).map(([key, value]) => ({
      ...{ key, value, timestamp: 1, step: 0 },
    })),
  });
  const files: Record<string, Uint8Array> = {
    "evaluation/predictions.parquet": encodePredictions(scored),
    "evaluation/baselines.parquet": encodeBaselines(scored),
    ...(refit === "" ? {} : { "evaluation/refit.json": new TextEncoder().encode(refit) }),
    ...(summary === undefined ? {} : { "evaluation/summary.json": json(summary) }),
  };
  for (const [path, bytes] of Object.entries(files)) await tracker.writeArtifact({ runId }, path, bytes);
  return { tracker, run: await tracker.getRun(runId) };
}

Deno.test("proveEvaluation() comes to the deflated Sharpe ratio that was logged, whatever was started since", async () => {
  const { tracker, run } = await runWith();
  const { evidence } = await proveEvaluation(tracker, run, MODEL);
  assertEquals(evidence.metrics["deflated_sharpe"], evaluation.money.deflatedSharpe!);
});

Deno.test("proveEvaluation() refuses a deflated Sharpe ratio of fewer trials than its summary has, and of none", async () => {
  const { money } = evaluation;
  const cases: [money: unknown, message: string][] = [
    [{ ...money, trials: { ...money.trials, count: 3 } }, "its logged deflated_sharpe is"],
    [{ ...money, trials: { ...money.trials, sharpes: [0.1] } }, "its logged deflated_sharpe is"],
    [{ ...money, trials: null }, "not in evaluation/summary.json of how many trials"],
    [undefined, "not in evaluation/summary.json of how many trials"],
    [{ ...money, trials: { count: "many", sharpes: [] } }, "its evaluation/summary.json cannot be read"],
  ];
  for (const [changed, message] of cases) {
    const { tracker, run } = await runWith({ ...evaluation, money: changed });
    const error = await assertRejects(() => proveEvaluation(tracker, run, MODEL), DomainError, message);
    assertEquals(error.code, "model-invalid");
  }
});

Deno.test("proveEvaluation() asks the model what the last steps' models were asked", async () => {
  const volatilityOf = async (model: ForecastModel) => {
    const { tracker, run } = await runWith();
    return (await proveEvaluation(tracker, run, model)).evidence.refit!.outputs[1]!;
  };
  const { distance, spread } = await volatilityOf(modelOf(20));
  assertAlmostEquals(distance, Math.log(2), 1e-6);
  assertAlmostEquals(spread, Math.log(10 / 9), 1e-6);
  assertEquals((await volatilityOf(MODEL)).distance, 0);
});

Deno.test("proveEvaluation() compares nothing where a run keeps none, and refuses what is not of its model", async () => {
  const none = await runWith(evaluation, "");
  assertEquals((await proveEvaluation(none.tracker, none.run, MODEL)).evidence.refit, null);
  const wider = JSON.stringify({ ...JSON.parse(REFIT), rows: [[1, 2, 3], [4, 5, 6]] });
  for (
    const [refit, message] of [
      [wider, "the rows of evaluation/refit.json have 3 features, its model 2"],
      ["{}", "its evaluation/refit.json cannot be read"],
    ] as const
  ) {
    const { tracker, run } = await runWith(evaluation, refit);
    const error = await assertRejects(() => proveEvaluation(tracker, run, MODEL), DomainError, message);
    assertEquals(error.code, "model-invalid");
  }
});
