import {
  allocateForecasts,
  type CandleColumns,
  DomainError,
  type FeatureEngine,
  lowerBound,
  MINUTE_MS,
  type ModelVersion,
  type SeriesId,
  type TimeRange,
  type Tracker,
} from "../core/mod.ts";
import type { ModelConfig } from "../config/model_config.ts";
import type { CommandContext } from "./command.ts";
import type { ForecastWith } from "./incumbent.ts";
import type { TrainingRanges } from "../ml/models/forecast_spec.ts";
import type { SpecForecastModel } from "../ml/models/spec_forecast_model.ts";
import { featureEngineOf, openFeatureStore } from "./runtime.ts";

/**
 * Forecasts by a version's registered model from the candles of the feature store, for decision times that its training,
 * labels included, ends before. Minutes of which the store has no features are left out; nothing is read where none is
 * late enough.
 */
export function registeredForecasts(
  context: CommandContext,
  { tracker, config }: { readonly tracker: Tracker; readonly config: ModelConfig },
): ForecastWith {
  return async (version, decisionTimeMs) => {
    const model = await registeredModel(tracker, version);
    const { horizonMinutes } = model.info;
    const wanted = afterTraining(decisionTimeMs, model.spec.trainingRanges, horizonMinutes);
    if (wanted.length === 0) {
      return { horizonMinutes, decisionTimeMs: wanted, forecasts: allocateForecasts(0) };
    }
    const { buildDataset } = await import("../ml/dataset.ts");
    const { forecastRows } = await import("../ml/window_dataset.ts");
    const engine = await datasetEngine(model.info.featureSetDigest);
    const series: SeriesId = { exchange: config.exchange, symbol: config.symbol, interval: "1m" };
    const range = { startMs: wanted[0]! - engine.lookbackMinutes * MINUTE_MS, endMs: wanted.at(-1)! };
    const candles = await loadCandles(context, series, range);
    const dataset = buildDataset(candles, engine, { horizonMinutes, sinceMs: wanted[0]! });
    const known = dataset.features.decisionTimeMs;
    const rows = Int32Array.from(wanted, (ms) => {
      const row = lowerBound(known, ms);
      return known[row] === ms ? row : -1;
    }).filter((row) => row >= 0);
    const breathe = () => Promise.resolve(context.signal.throwIfAborted());
    return {
      horizonMinutes,
      decisionTimeMs: Float64Array.from(rows, (row) => known[row]!),
      forecasts: await forecastRows(model, dataset, rows, breathe),
    };
  };
}

/** First decision time that every label of the training ends before, or with. */
export function learntUntil({ train, validation }: TrainingRanges, horizonMinutes: number): number {
  return Math.max(train.endMs, validation?.endMs ?? -Infinity) + (horizonMinutes - 1) * MINUTE_MS;
}

/** Decision times from {@linkcode learntUntil} on. */
export function afterTraining(
  decisionTimeMs: Float64Array,
  ranges: TrainingRanges,
  horizonMinutes: number,
): Float64Array {
  const fromMs = learntUntil(ranges, horizonMinutes);
  return decisionTimeMs.filter((ms) => ms >= fromMs);
}

/** Lets go of the store at once, so that an ingest can go on meanwhile. */
async function loadCandles(context: CommandContext, series: SeriesId, range: TimeRange): Promise<CandleColumns> {
  await using store = await openFeatureStore(context, { mode: "read" });
  return await store.loadCandles({ ...series, range });
}

/** The model that a version points at, proven. @throws {DomainError} `model-invalid` where its run's model is another. */
async function registeredModel(tracker: Tracker, version: ModelVersion): Promise<SpecForecastModel> {
  const { loadSpecForecastModel } = await import("../ml/models/load_forecast_model.ts");
  const { proveRunModel } = await import("../MLOps/promotion/mod.ts");
  let model: SpecForecastModel | undefined;
  const { logged } = await proveRunModel(tracker, await tracker.getRun(version.runId), (files) => {
    model = loadSpecForecastModel(files);
    return Promise.resolve(model);
  });
  if (model !== undefined && version.source === `models:/${logged.modelId}`) return model;
  throw new DomainError(
    "model-invalid",
    `Cannot forecast with version ${version.version} as its files are those of '${version.source}', not of its run's model '${logged.modelId}'`,
  );
}

/** The set whose rows a model's features come from: windows follow from the default one. */
export async function datasetEngine(digest: string): Promise<FeatureEngine> {
  const { defaultFeatureEngine, windowFeatureEngine } = await import("../ml/features/mod.ts");
  return digest === windowFeatureEngine().digest ? defaultFeatureEngine() : await featureEngineOf(digest);
}
