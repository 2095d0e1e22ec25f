import { DAY_MS, sliceCandles } from "../../src/core/mod.ts";
import { MODEL_CONFIG_SCHEMA } from "../../src/config/model_config.ts";
import { isCalendarFeature, liveScoring } from "../../src/cli/monitor_scoring.ts";
import { liveYardstick, type YardstickDeps } from "../../src/cli/monitor_yardstick.ts";
import { defaultFeatureEngine } from "../../src/ml/mod.ts";
import type { ForecastSpec } from "../../src/ml/models/forecast_spec.ts";
import { SpecForecastModel } from "../../src/ml/models/spec_forecast_model.ts";
import { referenceHistograms } from "../../src/ml/models/reference_histograms.ts";
import { learntUntil } from "../../src/cli/registered_forecasts.ts";
import { type MonitorDeps, monitorForecasts, type MonitorOptions } from "../../src/monitoring/mod.ts";
import { harSpec, type HarSpecOptions } from "../api/model_fixture.ts";
import { MemoryFeed } from "../api/service_fixture.ts";
import { randomCandles } from "../ml/candles.ts";

/** First minute of the candles. */
export const START = Date.UTC(2023, 2, 1);
/** Days that the model is said to have learnt from. */
export const TRAIN_DAYS = 15;
/** First decision time that the model learnt nothing of: a label of 15 minutes ends with the training. */
export const LEARNT_UNTIL = START + TRAIN_DAYS * DAY_MS + 14 * 60_000;
/** First midnight of live forecasts. */
export const LIVE = START + (TRAIN_DAYS + 1) * DAY_MS;
/** Candles of the training, of the day after it and of seven live days. */
export const WALK = randomCandles((TRAIN_DAYS + 8) * 1440, { startMs: START });
/** Candles up to so many live days, and some minutes more. */
export const until = (liveDays: number, minutes = 0) =>
  sliceCandles(WALK, 0, (TRAIN_DAYS + 1 + liveDays) * 1440 + minutes);
/** How the program scores. */
export const SCORING = await liveScoring();

/** A HAR model that learnt from the first days of the candles. */
export function liveSpec(options: HarSpecOptions = {}): ForecastSpec {
  const train = { startMs: START, endMs: START + TRAIN_DAYS * DAY_MS };
  return { ...harSpec(options), trainingRanges: { train, validation: null } };
}

/** The model of {@linkcode liveSpec}. */
export const MODEL = new SpecForecastModel(liveSpec());

/** Features of all candles. */
export const FEATURES = defaultFeatureEngine().compute(WALK);
/** Their shapes in the training rows, but for what looks back further than these reach: of that, two weeks tell no shape. */
export const SHAPES = referenceHistograms(
  FEATURES,
  Int32Array.from({ length: (TRAIN_DAYS - 2) * 1440 }, (_, row) => row + 2 * 1440),
).filter(({ feature }) => !/_(7200|10080|31680)$/.test(feature));

/** The reading side of a store over candles in memory. */
export function storeOf(candles = WALK): NonNullable<MonitorDeps["store"]> {
  const feed = new MemoryFeed(candles);
  return {
    span: (series) => feed.read((store) => store.span(series)),
    loadCandles: (query) => feed.read((store) => store.loadCandles(query)),
  };
}

/** The program's own yardstick over candles in memory. */
export function yardstickOf(deps: Partial<YardstickDeps> = {}): MonitorDeps["yardstick"] {
  return liveYardstick({
    store: storeOf(),
    modelOf: () => Promise.resolve(MODEL),
    engineOf: () => Promise.resolve(defaultFeatureEngine()),
    split: MODEL_CONFIG_SCHEMA.parse({}).evaluation.split,
    pause: () => Promise.resolve(),
    ...deps,
  });
}

/** Monitoring as the program does it, over candles in memory, with some parts replaced. */
export function findings(
  directory: string,
  deps: Partial<MonitorDeps> = {},
  options: Partial<MonitorOptions> = {},
): ReturnType<typeof monitorForecasts> {
  const store = "store" in deps ? deps.store : storeOf();
  const { trainingRanges, horizonMinutes } = MODEL.spec;
  return monitorForecasts({
    store,
    scoring: SCORING,
    version: () =>
      Promise.resolve({
        learntUntilMs: learntUntil(trainingRanges, horizonMinutes),
        featureNames: FEATURES.names,
        shapes: SHAPES,
      }),
    yardstick: yardstickOf({ store }),
    holdings: () => Promise.resolve([]),
    limits: MODEL_CONFIG_SCHEMA.parse({}).gate,
    ...deps,
  }, { directory, isCalendar: isCalendarFeature, ...options });
}
