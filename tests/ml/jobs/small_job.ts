import { MODEL_CONFIG_SCHEMA } from "../../../src/config/model_config.ts";
import { type CandleColumns, DAY_MS, timeRange } from "../../../src/core/mod.ts";
import { buildDataset, type Dataset } from "../../../src/ml/dataset.ts";
import { type ExperimentSettings, quickSettings } from "../../../src/ml/experiment/mod.ts";
import { defaultFeatureEngine } from "../../../src/ml/features/mod.ts";
import { type FitJob, fitJobOf, type FitJobSource } from "../../../src/ml/jobs/fit_job.ts";
import { randomCandles } from "../candles.ts";

export const START_MS = Date.UTC(2023, 2, 1), DAYS = 34;
const engine = defaultFeatureEngine(), DEFAULTS = MODEL_CONFIG_SCHEMA.parse({});

export const SETTINGS: ExperimentSettings = quickSettings({
  series: { exchange: "binance", symbol: "BTC/USDT", interval: "1m" },
  family: "mlp",
  horizonMinutes: 15,
  seed: 1,
  range: timeRange(START_MS, START_MS + DAYS * DAY_MS),
  quick: false,
  mlp: {
    hidden: [8],
    epochs: 2,
    batchSize: 1024,
    learningRate: 0.002,
    patience: 3,
    rowStride: 3,
    correctionBound: 1,
    lossWeights: { direction: 1, volatility: 1, quantiles: 1 },
  },
  gbdt: { ...DEFAULTS.gbdt, trees: 60, patience: 10 },
  linear: DEFAULTS.linear,
  split: { kind: "chronological", testShare: 0.25, validationShare: 0.2 },
  blockDays: 5,
  resamples: 200,
  minimumDays: 30,
  verdict: {
    margins: { qlike: 0.01, logLoss: 0.0005, pinballShare: 0.01 },
    coverage90: [0.85, 0.95],
    minimumBlocks: 10,
  },
});

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
