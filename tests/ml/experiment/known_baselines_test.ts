import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DomainError, SILENT_PROGRESS } from "../../../src/core/mod.ts";
import { readKnownBaselines } from "../../../src/ml/evaluation/known_baselines.ts";
import { encodeBaselines } from "../../../src/ml/evaluation/prediction_files.ts";
import { baselinesKey } from "../../../src/ml/experiment/baselines_key.ts";
import { type ExperimentSettings, runExperiment, type RunExperimentDeps } from "../../../src/ml/experiment/mod.ts";
import { defaultFeatureEngine } from "../../../src/ml/features/mod.ts";
import { ModelWorkers } from "../../../src/ml/jobs/model_workers.ts";
import { trainInWorker } from "../../../src/ml/training/train_in_worker.ts";
import { randomCandles } from "../candles.ts";
import { sampleFolds } from "../evaluation/sample_folds.ts";
import { DAYS, SETTINGS } from "./small_settings.ts";

const candles = randomCandles(DAYS * 1440, { seed: 21 }), FILE = "evaluation/baselines.parquet";
const walk: ExperimentSettings = { ...SETTINGS, split: { ...SETTINGS.split, kind: "walk-forward" } };
const run = (deps: Partial<RunExperimentDeps> = {}, settings: Partial<ExperimentSettings> = {}) =>
  runExperiment(candles, { ...walk, ...settings }, {
    engine: defaultFeatureEngine(),
    train: trainInWorker,
    progress: SILENT_PROGRESS,
    ...deps,
  });

Deno.test("a run that takes its baselines from an earlier one has the same evaluation and files, byte for byte", async () => {
  const fitted = await run(), file = fitted.files.get(FILE)!;
  for (const deps of [{}, { openWorkers: () => new ModelWorkers({ workers: 2 }) }]) {
    let asked = 0;
    const known = await readKnownBaselines(file);
    const taken = await run({
      ...deps,
      knownBaselines: (fold, test) => {
        asked++;
        return known(fold, test);
      },
    });
    assertEquals(asked, fitted.folds.length);
    assertEquals(taken.evaluation, fitted.evaluation);
    assertEquals([...taken.files], [...fitted.files]);
  }
});

Deno.test("a run of another family takes them too", async () => {
  const fitted = await run(), other = await run({}, { family: "climatology" });
  assertEquals(other.files.get(FILE), fitted.files.get(FILE));
});

Deno.test("readKnownBaselines() refuses rows of another run, and a file that does not say whose rows are whose", async () => {
  const fitted = await run({}, { family: "climatology" }), known = await readKnownBaselines(fitted.files.get(FILE)!);
  const rows = {
    length: 1,
    horizonMinutes: 15,
    decisionTimeMs: Float64Array.of(0),
    returnBps: Float32Array.of(0),
    realizedVarianceBps2: Float32Array.of(1),
  };
  assertThrows(() => known(0, rows), DomainError, "the rows of its step 1 are others");
  assertThrows(() => known(99, rows), DomainError, "it lacks step 100");
  const older = encodeBaselines(sampleFolds({ days: 2, folds: 2, everyMinutes: 15 }));
  for (const [bytes, message] of [[older, "which rows are of which step"], [older.slice(9), "Cannot take"]] as const) {
    const error = await assertRejects(() => readKnownBaselines(bytes), DomainError, message);
    assertEquals(error.code, "model-invalid");
  }
});

Deno.test("baselinesKey() is of the data, the horizon and the folds, and of nothing that baselines do not read", {
  permissions: "none",
}, () => {
  const data = { datasetSha256: "ab".repeat(32), featureSetDigest: "cd".repeat(32) };
  const key = (settings: Partial<ExperimentSettings> = {}, of = data) => baselinesKey({ ...walk, ...settings }, of);
  const same: Partial<ExperimentSettings>[] = [
    { family: "linear", seed: 9, blockDays: 1, resamples: 7 },
    { split: { ...walk.split, validationShare: 0.3 } },
  ];
  for (const settings of same) assertEquals(key(settings), key());
  const { split, range } = walk;
  const others = [
    key({ horizonMinutes: 60 }),
    key({ split: { ...split, folds: 2 } }),
    key({ split: { ...split, stepDays: split.stepDays + 1 } }),
    key({ split: { ...split, embargoMinutes: 60 } }),
    key({ split: { ...split, kind: "chronological" } }),
    key({ range: { ...range, endMs: range.endMs - 60_000 } }),
    key({}, { ...data, datasetSha256: "00".repeat(32) }),
    key({}, { ...data, featureSetDigest: "00".repeat(32) }),
  ];
  assertEquals(new Set([key(), ...others]).size, others.length + 1);
  assert(/^[0-9a-f]{64}$/.test(key()));
});
