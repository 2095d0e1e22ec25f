import { assertEquals, assertRejects } from "@std/assert";
import { proveEvaluation } from "../../src/cli/evaluation_evidence.ts";
import { DomainError } from "../../src/core/mod.ts";
import { evaluate } from "../../src/ml/evaluation/evaluate.ts";
import { evaluationMetrics } from "../../src/ml/evaluation/evaluation_metrics.ts";
import { encodeBaselines, encodePredictions } from "../../src/ml/evaluation/prediction_files.ts";
import { MemoryTracker } from "../fakes/memory_tracker.ts";
import { sampleFolds } from "../ml/evaluation/sample_folds.ts";

const scored = sampleFolds({ days: 12, folds: 2, everyMinutes: 15 });
const evaluation = evaluate(scored, { blockDays: 1, resamples: 20, tried: { count: 5, sharpes: [0.1, -0.1] } });
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** A run that logged this evaluation; `summary` is what it keeps as its summary. */
async function runWith(summary: unknown = evaluation) {
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
    ...(summary === undefined ? {} : { "evaluation/summary.json": json(summary) }),
  };
  for (const [path, bytes] of Object.entries(files)) await tracker.writeArtifact({ runId }, path, bytes);
  return { tracker, run: await tracker.getRun(runId) };
}

Deno.test("proveEvaluation() comes to the deflated Sharpe ratio that was logged, whatever was started since", async () => {
  const { tracker, run } = await runWith();
  const { evidence } = await proveEvaluation(tracker, run, 15);
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
    const error = await assertRejects(() => proveEvaluation(tracker, run, 15), DomainError, message);
    assertEquals(error.code, "model-invalid");
  }
});
