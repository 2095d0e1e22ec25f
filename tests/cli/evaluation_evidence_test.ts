import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { proveEvaluation } from "../../src/cli/evaluation_evidence.ts";
import { allocateForecasts, DomainError, type ForecastModel } from "../../src/core/mod.ts";
import { evaluate } from "../../src/ml/evaluation/evaluate.ts";
import { evaluationMetrics } from "../../src/ml/evaluation/evaluation_metrics.ts";
import { EVALUATION_TAG, evaluationDigest, type EvidenceOwner } from "../../src/ml/evaluation/evidence_owner.ts";
import { encodeBaselines, encodePredictions } from "../../src/ml/evaluation/prediction_files.ts";
import { encodeRefit } from "../../src/ml/evaluation/refit_file.ts";
import { refitEvidence } from "../../src/ml/evaluation/refit_spread.ts";
import { encodeForecastJson } from "../../src/ml/models/forecast_json.ts";
import { sha256Of } from "../../src/ml/sha256.ts";
import { CLEAN_LEAK_CHECKS } from "../core/clean_leak_checks.ts";
import { MemoryTracker } from "../fakes/memory_tracker.ts";
import { plainModel, sampleDataset } from "../ml/models/sample_models.ts";
import { sampleFolds } from "../ml/evaluation/sample_folds.ts";

/** A model of two features whose σ is this. */
function modelOf(volatilityBps: number): ForecastModel {
  return {
    info: { family: "mlp", horizonMinutes: 15, featureNames: ["a", "b"] } as unknown as ForecastModel["info"],
    predict(_rows, count) {
      const forecasts = allocateForecasts(count);
      forecasts.probabilityUp.fill(0.5);
      forecasts.volatilityBps.fill(volatilityBps);
      return forecasts;
    },
  };
}

/** Folds whose last row is what a model of this σ says. */
function foldsOf(volatilityBps: number, seed?: number) {
  const scored = sampleFolds({ days: 12, folds: 2, everyMinutes: 15, ...(seed === undefined ? {} : { seed }) });
  const { probabilityUp, volatilityBps: sigma, quantilesBps } = scored.model;
  probabilityUp[sigma.length - 1] = 0.5;
  sigma[sigma.length - 1] = volatilityBps;
  quantilesBps.fill(0, -9);
  return scored;
}

const MODEL = modelOf(10), GOLDEN = [[1, 2], [3, null]];
const scored = foldsOf(10);
const evaluation = evaluate(scored, { blockDays: 1, resamples: 20, tried: { count: 5, sharpes: [0.1, -0.1] } });
const text = (content: string) => new TextEncoder().encode(content);
const json = (value: unknown) => text(JSON.stringify(value));
const REFIT = encodeRefit(refitEvidence(Float32Array.of(1, 2, 3, NaN), [
  { fold: { index: 2 }, fitted: modelOf(9) },
  { fold: { index: 3 }, fitted: modelOf(10) },
]));
/** Where only the golden rows matter, which no width is asked of. */
const FORECAST = text(encodeForecastJson({
  spec: plainModel("climatology", sampleDataset()).spec,
  golden: { inputs: GOLDEN, outputs: { probabilityUp: [], volatilityBps: [], quantilesBps: [] } },
  files: {},
}));

interface Kept {
  /** What is kept as the summary, beside whose it is; undefined for no file. */
  readonly summary?: unknown;
  readonly refit?: string;
  readonly leaks?: string;
  readonly folds?: typeof scored;
  /** In place of those that are. */
  readonly of?: Partial<EvidenceOwner>;
  /** Written once the digest is taken. */
  readonly later?: Readonly<Record<string, Uint8Array>>;
}

/** A run that logged this evaluation, and its model. */
async function runWith({ summary = evaluation, refit = REFIT, folds = scored, leaks, of, later = {} }: Kept = {}) {
  const tracker = new MemoryTracker();
  const { info: { runId } } = await tracker.createRun({ experimentId: "0" });
  const { modelId } = await tracker.createLoggedModel({ experimentId: "0", name: "mlp-15m", sourceRunId: runId });
  const owner = { runId, modelId, family: "mlp", horizonMinutes: 15, forecastSha256: sha256Of(FORECAST), ...of };
  const files: Record<string, Uint8Array> = {
    "evaluation/predictions.parquet": encodePredictions(folds),
    "evaluation/baselines.parquet": encodeBaselines(folds),
    ...(refit === "" ? {} : { "evaluation/refit.json": text(refit) }),
    ...(leaks === undefined ? {} : { "evaluation/leak_checks.json": text(leaks) }),
    "evaluation/summary.json": json({ of: owner, ...(summary as object) }),
  };
  await tracker.logBatch(runId, {
    params: [{ key: "block_days", value: "1" }, { key: "resamples", value: "20" }],
    metrics: Object.entries(evaluationMetrics(evaluation)).map(([key, value]) => ({
      ...{ key, value, timestamp: 1, step: 0 },
    })),
    tags: [{ key: EVALUATION_TAG, value: evaluationDigest(Object.entries(files)) }],
  });
  for (const [path, bytes] of Object.entries({ ...files, ...later })) {
    await tracker.writeArtifact({ runId }, path, bytes);
  }
  await tracker.writeArtifact({ modelId }, "forecast.json", FORECAST);
  const run = await tracker.getRun(runId);
  return { run, prove: (model: ForecastModel = MODEL) => proveEvaluation(tracker, run, { model, modelId }) };
}

async function assertRefused(kept: Kept, message: string): Promise<void> {
  const { prove } = await runWith(kept);
  const error = await assertRejects(() => prove(), DomainError, message);
  assertEquals(error.code, "model-invalid");
}

Deno.test("proveEvaluation() comes to the deflated Sharpe ratio that was logged, whatever was started since", async () => {
  const { evidence } = await (await runWith()).prove();
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
  for (const [changed, message] of cases) await assertRefused({ summary: { ...evaluation, money: changed } }, message);
});

Deno.test("proveEvaluation() asks the model what the last steps' models were asked", async () => {
  const volatilityOf = async (model: ForecastModel) => {
    return (await (await runWith()).prove(model)).evidence.refit!.outputs[1]!;
  };
  const { distance, spread } = await volatilityOf(modelOf(20));
  assertAlmostEquals(distance, Math.log(2), 1e-6);
  assertAlmostEquals(spread, Math.log(10 / 9), 1e-6);
  assertEquals((await volatilityOf(MODEL)).distance, 0);
});

Deno.test("proveEvaluation() compares nothing where a run keeps none, and refuses what is not of its model", async () => {
  const { prove } = await runWith({ refit: "" });
  assertEquals((await prove()).evidence.refit, null);
  const wider = JSON.stringify({ ...JSON.parse(REFIT), rows: [[1, 2, 3], [4, 5, 6]] });
  await assertRefused({ refit: wider }, "the rows of evaluation/refit.json have 3 features, its model 2");
  await assertRefused({ refit: "{}" }, "its evaluation/refit.json cannot be read");
  const others = JSON.stringify({ ...JSON.parse(REFIT), rows: [[1, 2], [3, 4]] });
  await assertRefused({ refit: others }, "are not its model's golden rows");
});

Deno.test("proveEvaluation() refuses an evaluation that is another run's or model's", async () => {
  const cases: [of: Partial<EvidenceOwner>, named: string][] = [
    [{ runId: "f".repeat(32) }, "is of runId"],
    [{ modelId: "m-other" }, "is of modelId 'm-other'"],
    [{ family: "climatology" }, "is of family 'climatology', where the run has 'mlp'"],
    [{ horizonMinutes: 60 }, "is of horizonMinutes '60'"],
    [{ forecastSha256: "0".repeat(64) }, "is of forecastSha256"],
  ];
  for (const [of, named] of cases) await assertRefused({ of }, named);
  await assertRefused({ summary: { ...evaluation, of: undefined } }, "does not say of which run and model it is");
});

Deno.test("proveEvaluation() reads the leak checks with their figures, and refuses those that contradict themselves", async () => {
  const kept = (passed: boolean): Kept => {
    return { leaks: JSON.stringify({ passed, checks: CLEAN_LEAK_CHECKS }) };
  };
  assertEquals((await (await runWith(kept(true))).prove()).evidence.leakChecks, CLEAN_LEAK_CHECKS);
  await assertRefused(kept(false), "evaluation/leak_checks.json says passed: false, and of its checks true");
});

Deno.test("proveEvaluation() refuses a file that was written, changed or added since the run ended", async () => {
  const changed = { "evaluation/refit.json": text(`${REFIT} `) }, added = { "evaluation/more/x.json": text("{}") };
  for (const later of [changed, added]) await assertRefused({ later }, "its tag evaluation.sha256 is");
});

Deno.test("proveEvaluation() refuses predictions that the last steps' models did not make, digests or none", async () => {
  await assertRefused({ folds: foldsOf(10.01) }, "none of its forecasts of step 3 is among those that were scored");
  const document = JSON.parse(REFIT), [first, last] = document.steps;
  const cases: [steps: unknown[], named: string][] = [
    [[{ ...first, index: 1 }, { ...last, index: 2 }], "its steps are 1, 2, the last scored ones 2, 3"],
    [[last], "its steps are 3, the last scored ones 2, 3"], // a single step would have no spread
  ];
  for (const [steps, named] of cases) await assertRefused({ refit: JSON.stringify({ ...document, steps }) }, named);
});
