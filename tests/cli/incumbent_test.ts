import { assert, assertEquals } from "@std/assert";
import { DAY_MS, DomainError, type ModelVersion } from "../../src/core/mod.ts";
import { afterTraining } from "../../src/cli/registered_forecasts.ts";
import { type Candidate, type ForecastWith, incumbentsOf } from "../../src/cli/incumbent.ts";
import type { ProvenEvaluation } from "../../src/cli/evaluation_evidence.ts";
import { encodePredictions } from "../../src/ml/evaluation/prediction_files.ts";
import type { PredictionFile } from "../../src/ml/evaluation/read_prediction_files.ts";
import type { ScoredFolds } from "../../src/ml/evaluation/scored_folds.ts";
import { MemoryTracker } from "../fakes/memory_tracker.ts";
import { sampleFolds } from "../ml/evaluation/sample_folds.ts";

const SETTINGS = { blockDays: 1, resamples: 100 };
const all = sampleFolds({ days: 40, folds: 4, everyMinutes: 15 });

/** The rows of some folds. */
function part(from: number, to: number): ScoredFolds {
  const rows = all.test.length / 4, start = from * rows, end = to * rows;
  const { test, model } = all;
  return {
    folds: all.folds.slice(from, to),
    foldOf: all.foldOf.slice(start, end).map((fold) => fold - from),
    test: {
      ...test,
      length: end - start,
      decisionTimeMs: test.decisionTimeMs.slice(start, end),
      returnBps: test.returnBps.slice(start, end),
      realizedVarianceBps2: test.realizedVarianceBps2.slice(start, end),
    },
    model: {
      probabilityUp: model.probabilityUp.slice(start, end),
      volatilityBps: model.volatilityBps.slice(start, end),
      quantilesBps: model.quantilesBps.slice(9 * start, 9 * end),
    },
    baselines: {},
  };
}

function fileOf({ model, baselines: _, ...rows }: ScoredFolds): PredictionFile {
  return { ...rows, forecasts: model };
}

/** Versions of runs with these predictions, oldest first, and a candidate that scored all rows. */
async function scene(versions: readonly { readonly scored: ScoredFolds; readonly gain: number }[]) {
  const tracker = new MemoryTracker();
  const experimentId = await tracker.createExperiment("bitcoin");
  const made: ModelVersion[] = [];
  for (const [i, { scored, gain }] of versions.entries()) {
    const { info: { runId } } = await tracker.createRun({ experimentId });
    await tracker.logBatch(runId, { metrics: [{ key: "qlike_gain_har_x", value: gain, timestamp: 1, step: 0 }] });
    await tracker.writeArtifact({ runId }, "evaluation/predictions.parquet", encodePredictions(scored));
    made.push({ name: "m", version: String(i + 1), runId, tags: [], aliases: [] } as unknown as ModelVersion);
  }
  const run = await tracker.getRun((await tracker.createRun({ experimentId })).info.runId);
  const evaluation = { predictions: fileOf(part(0, 4)) } as unknown as ProvenEvaluation;
  const holder = made.at(-1), earlier = made.slice(0, -1).reverse();
  return { tracker, candidate: { run, evaluation, holder, earlier } satisfies Candidate };
}

Deno.test("incumbentsOf() compares with the holder, and with a better version that held the alias before", async () => {
  const { tracker, candidate } = await scene([
    { scored: part(0, 4), gain: 0.05 },
    { scored: part(1, 4), gain: 0.01 },
  ]);
  const { holder, best } = await incumbentsOf({ tracker, settings: SETTINGS }, candidate);
  assert(holder.kind === "compared" && best.kind === "compared");
  assertEquals([holder.version, holder.comparison.commonDays], ["2", 30]);
  assertEquals([best.version, best.comparison.commonDays], ["1", 40]);
  const reversed = await scene([{ scored: part(0, 4), gain: 0.01 }, { scored: part(1, 4), gain: 0.05 }]);
  assertEquals((await incumbentsOf({ ...reversed, settings: SETTINGS }, reversed.candidate)).best, { kind: "same" });
});

Deno.test("incumbentsOf() asks the registered model for what its predictions end before, and for nothing else", async () => {
  const { tracker, candidate } = await scene([{ scored: part(0, 2), gain: 0.01 }]);
  const asked: number[] = [], { test, model } = part(2, 4);
  const forecastWith: ForecastWith = (_, decisionTimeMs) => {
    asked.push(...decisionTimeMs);
    return Promise.resolve({ horizonMinutes: 15, decisionTimeMs: test.decisionTimeMs, forecasts: model });
  };
  const { holder } = await incumbentsOf({ tracker, settings: SETTINGS, forecastWith }, candidate);
  assert(holder.kind === "compared");
  assertEquals(asked, [...test.decisionTimeMs]);
  assertEquals([holder.comparison.commonDays, holder.comparison.laterRows], [40, test.length]);
  assertEquals(holder.comparison.gains.qlike, { mean: 0, low: 0, high: 0 }, "it forecasts what the candidate does");
  const alone = await incumbentsOf({ tracker, settings: SETTINGS }, candidate);
  assert(alone.holder.kind === "compared");
  assertEquals([alone.holder.comparison.commonDays, alone.holder.comparison.laterRows], [20, null]);
});

Deno.test("incumbentsOf() says why a version cannot be compared, and lets other errors out", async () => {
  const { tracker, candidate } = await scene([{ scored: part(0, 2), gain: 0.01 }]);
  const failing = (error: Error): ForecastWith => () => Promise.reject(error);
  const with_ = (error: Error) =>
    incumbentsOf({ tracker, settings: SETTINGS, forecastWith: failing(error) }, candidate);
  const locked = new DomainError("store-busy", "Cannot open the feature store");
  assertEquals((await with_(locked)).holder, { kind: "unknown", version: "1", reason: locked.message });
  const bug = await with_(new RangeError("bug")).then(() => undefined, (error: Error) => error.message);
  assertEquals(bug, "bug");
  const changed = { ...candidate.holder!, tags: [{ key: "evaluation.predictions.sha256", value: "0" }] };
  const { holder } = await incumbentsOf({ tracker, settings: SETTINGS }, { ...candidate, holder: changed });
  assert(holder.kind === "unknown" && holder.reason.includes("were changed after it was judged"));
  const none = await incumbentsOf({ tracker, settings: SETTINGS }, { ...candidate, holder: undefined });
  assertEquals(none, { holder: { kind: "none" }, best: { kind: "none" } });
  assertEquals(40 * DAY_MS, all.test.length * 15 * 60_000);
});

Deno.test("afterTraining() takes the minutes that the last training label ends before, or with", {
  permissions: "none",
}, () => {
  const minutes = (...at: number[]) => Float64Array.from(at, (minute) => minute * 60_000);
  const span = (start: number, end: number) => ({ startMs: start * 60_000, endMs: end * 60_000 });
  const times = minutes(99, 100, 113, 114, 115);
  // The last decision is of minute 99: its label of fifteen minutes ends with 114.
  assertEquals(afterTraining(times, { train: span(0, 100), validation: null }, 15), minutes(114, 115));
  assertEquals(afterTraining(times, { train: span(0, 80), validation: span(85, 100) }, 15), minutes(114, 115));
  assertEquals(afterTraining(times, { train: span(0, 100), validation: span(80, 90) }, 15), minutes(114, 115));
  assertEquals(afterTraining(times, { train: span(0, 100), validation: null }, 1), minutes(100, 113, 114, 115));
});
