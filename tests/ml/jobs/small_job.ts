import type { CandleColumns } from "../../../src/core/mod.ts";
import { buildDataset, type Dataset } from "../../../src/ml/dataset.ts";
import type { ExperimentSettings } from "../../../src/ml/experiment/mod.ts";
import { defaultFeatureEngine } from "../../../src/ml/features/mod.ts";
import { type FitJob, fitJobOf, type FitJobSource } from "../../../src/ml/jobs/fit_job.ts";
import { randomCandles } from "../candles.ts";
import { DAYS, SETTINGS as SMALL, START_MS } from "../experiment/small_settings.ts";

export { DAYS, START_MS };

/** The network, small enough for a job of a second or two. */
export const SETTINGS: ExperimentSettings = {
  ...SMALL,
  family: "mlp",
  mlp: { ...SMALL.mlp, hidden: [8], epochs: 2 },
};

const engine = defaultFeatureEngine();
let candles: CandleColumns | undefined;

/** A random walk over the range of {@linkcode SETTINGS}. */
export function smallCandles(): CandleColumns {
  return candles ??= randomCandles(DAYS * 1440, { seed: 21 });
}

/** Features and labels of candles. */
export function smallDataset(data: CandleColumns = smallCandles()): Dataset {
  return buildDataset(data, engine, { horizonMinutes: SETTINGS.horizonMinutes, sinceMs: START_MS });
}

/** A job on them; seconds at most. */
export function smallJob(settings: Partial<ExperimentSettings> = {}, source: Partial<FitJobSource> = {}): FitJob {
  return fitJobOf({
    dataset: { sha256: "c".repeat(64), featureSetDigest: engine.digest },
    code: { commit: null, lockSha256: null },
    settings: { ...SETTINGS, ...settings },
    ...source,
  });
}
