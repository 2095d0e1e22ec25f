/** What is served is a refit that no row was scored with: its forecasts must be those of the recipe that was. */
import { assert, assertEquals } from "@std/assert";
import { DAY_MS, refitCheck, SILENT_PROGRESS } from "../../../src/core/mod.ts";
import { type ExperimentResult, type ExperimentSettings, runExperiment } from "../../../src/ml/experiment/mod.ts";
import { refitEvidence, refitSpread } from "../../../src/ml/evaluation/refit_spread.ts";
import { defaultFeatureEngine } from "../../../src/ml/features/mod.ts";
import { encodeModelFiles } from "../../../src/ml/models/model_files.ts";
import { SpecForecastModel } from "../../../src/ml/models/spec_forecast_model.ts";
import { trainInWorker } from "../../../src/ml/training/train_in_worker.ts";
import { randomCandles } from "../candles.ts";
import { DAYS, SETTINGS } from "./small_settings.ts";

const candles = randomCandles(DAYS * 1440, { seed: 21, driftBps: (i) => i % 1440 < 720 ? 0.7 : -0.7 });
const run = (settings: Partial<ExperimentSettings>, data = candles) =>
  runExperiment(data, { ...SETTINGS, split: { ...SETTINGS.split, kind: "walk-forward" }, ...settings }, {
    engine: defaultFeatureEngine(),
    train: trainInWorker,
    progress: SILENT_PROGRESS,
  });
const checkOf = (model: SpecForecastModel, { goldenRows, folds }: ExperimentResult) =>
  refitCheck(refitSpread(model, refitEvidence(goldenRows, folds)));

/** The model as if its labels had been upside down. */
function upsideDown({ spec, parts }: SpecForecastModel): SpecForecastModel {
  const { slope, intercept } = spec.calibration.logit;
  const calibration = { ...spec.calibration, logit: { slope: -slope, intercept: -intercept } };
  return new SpecForecastModel({ ...spec, calibration }, parts);
}

for (const family of ["linear", "mlp"] as const) {
  Deno.test(`the refit of ${family} lies within the spread of the last steps' models, and one that is upside down beyond`, async () => {
    const result = await run({ family }), healthy = checkOf(result.model, result);
    assertEquals(healthy, result.verdict.checks.map(({ reason: _, ...check }) => check)[2]);
    assert(healthy.passed && healthy.value! < 1, JSON.stringify(healthy));
    const planted = checkOf(upsideDown(result.model), result);
    assert(!planted.passed && planted.note!.endsWith("direction"), JSON.stringify(planted));
  });
}

Deno.test("a refit on labels of another horizon lies beyond the spread, in its volatility", async () => {
  const result = await run({ family: "har" }), other = await run({ family: "har", horizonMinutes: 60 });
  const planted = checkOf(other.model, result);
  assert(!planted.passed && planted.value! > 4 && planted.note!.endsWith("volatility"), JSON.stringify(planted));
});

for (const family of ["har", "linear", "mlp"] as const) {
  Deno.test(`the refit of ${family} has equal bytes where all candles after its training are changed`, async () => {
    const { range: { startMs, endMs } } = SETTINGS, range = { startMs, endMs: endMs - 3 * DAY_MS };
    const bytesOf = async (data: typeof candles) => {
      const { model, goldenRows } = await run({ family, range }, data);
      const identity = { modelId: "m-1", runId: "1", artifactUri: "x", createdAtMs: 1, metadata: {} };
      return [...encodeModelFiles(model, goldenRows, identity, () => "")];
    };
    const changed = { ...candles, close: candles.close.slice(), volume: candles.volume.slice() };
    const from = (DAYS - 3) * 1440;
    for (let i = from; i < changed.length; i++) changed.close[i] = changed.close[i]! * (1 + (i % 13) / 100);
    changed.volume.fill(7, from);
    const before = await bytesOf(candles);
    assertEquals(await bytesOf(changed), before);
    changed.close[from - 1000]! *= 1.05;
    assert(JSON.stringify(await bytesOf(changed)) !== JSON.stringify(before), "the test can fail");
  });
}
