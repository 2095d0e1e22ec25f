import { MODEL_CONFIG_SCHEMA } from "../../../src/config/model_config.ts";
import { DAY_MS, timeRange } from "../../../src/core/mod.ts";
import { type ExperimentSettings, quickSettings } from "../../../src/ml/experiment/mod.ts";

const DEFAULTS = MODEL_CONFIG_SCHEMA.parse({});

/** First decision time of {@linkcode SETTINGS}, and the days from there. */
export const START_MS = Date.UTC(2023, 2, 1), DAYS = 34;

/** Settings with which every family is fitted and scored in seconds. */
export const SETTINGS: ExperimentSettings = quickSettings({
  series: { exchange: "binance", symbol: "BTC/USDT", interval: "1m" },
  family: "har",
  horizonMinutes: 15,
  seed: 1,
  range: timeRange(START_MS, START_MS + DAYS * DAY_MS),
  quick: false,
  mlp: {
    hidden: [16],
    epochs: 3,
    batchSize: 1024,
    learningRate: 0.002,
    patience: 3,
    rowStride: 3,
    correctionBound: 1,
    lossWeights: { direction: 1, volatility: 1, quantiles: 1 },
  },
  gbdt: { ...DEFAULTS.gbdt, trees: 60, patience: 10 },
  linear: DEFAULTS.linear,
  sequence: {
    units: 6,
    hidden: [8],
    epochs: 2,
    batchSize: 512,
    learningRate: 0.002,
    patience: 2,
    everyMinutes: 15,
    correctionBound: 1,
    lossWeights: { direction: 1, volatility: 1, quantiles: 1 },
  },
  split: {
    kind: "chronological",
    trainDays: 180,
    stepDays: 30,
    folds: null,
    testShare: 0.25,
    validationShare: 0.2,
    embargoMinutes: 0,
  },
  blockDays: 5,
  resamples: 200,
  minimumDays: 30,
  verdict: {
    primary: "qlike",
    margins: { qlike: 0.01, logLoss: 0.0005, pinballShare: 0.01 },
    coverage90: [0.85, 0.95],
    minimumBlocks: 10,
  },
});
