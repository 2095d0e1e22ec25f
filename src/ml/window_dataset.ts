import {
  allocateForecasts,
  type FeatureMatrix,
  type ForecastColumns,
  type ForecastModelInfo,
  QUANTILE_LEVELS,
} from "../core/mod.ts";
import { type Dataset, pickLabels, pickValues } from "./dataset.ts";
import { windowFeatureEngine } from "./features/mod.ts";
import { concatRows, rotatingMinutes, type Split } from "./labels/mod.ts";
import type { SpecForecastModel } from "./models/spec_forecast_model.ts";

/** Rows of a dataset of the set `base` as rows of the set `window`: 240 columns more, so of as few rows as will do. */
export function windowDataset({ candles, grid, features, labels }: Dataset, rows: Int32Array): Dataset {
  const engine = windowFeatureEngine();
  const times = Float64Array.from(rows, (row) => features.decisionTimeMs[row]!);
  const known = new Map(features.names.map((name, j) => [name, pickValues(features.columns[j]!, rows)]));
  return {
    candles,
    grid,
    features: engine.computeAt(grid, times, known),
    labels: pickLabels(labels, rows),
    featureSetDigest: engine.digest,
    nullable: engine.nullable,
  };
}

/** Fewer training windows than this would be learnt in a handful of steps. */
const FEWEST_WINDOWS = 8192;

/**
 * Every n-th minute of the training and the validation span as windows, the phase rotating, as neighbouring ones are nearly the same: n is
 * `everyMinutes`, or less where that would leave few.
 */
export function thinnedWindows(
  dataset: Dataset,
  split: Split,
  everyMinutes: number,
): { readonly dataset: Dataset; readonly split: Split } {
  const every = Math.max(1, Math.min(everyMinutes, Math.floor(split.train.length / FEWEST_WINDOWS)));
  const { decisionTimeMs } = dataset.features;
  const thin = (rows: Int32Array) => rotatingMinutes(rows, decisionTimeMs, every);
  const train = thin(split.train), validation = thin(split.validation);
  const range = (start: number, end: number) => Int32Array.from({ length: end - start }, (_, i) => start + i);
  const count = train.length + validation.length;
  return {
    dataset: windowDataset(dataset, concatRows(train, validation)),
    split: {
      train: range(0, train.length),
      validation: range(train.length, count),
      trainingSpan: range(0, count),
      test: range(0, 0),
    },
  };
}

/** A dataset's rows in the features that a model reads. */
export function featuresFor(
  { featureSetDigest }: Pick<ForecastModelInfo, "featureSetDigest">,
  dataset: Dataset,
  rows: Int32Array,
): { readonly features: FeatureMatrix; readonly nullable: readonly boolean[]; readonly rows: Int32Array } {
  if (featureSetDigest === dataset.featureSetDigest) return { ...dataset, rows };
  if (featureSetDigest !== windowFeatureEngine().digest) {
    throw new RangeError(`Cannot compute the features of set ${featureSetDigest}: it is unknown here`);
  }
  return { ...windowDataset(dataset, rows), rows: Int32Array.from(rows, (_, i) => i) };
}

/** Rows whose windows are in memory at once. */
const CHUNK_ROWS = 4096;

/**
 * A model's forecasts for rows of a dataset of the set `base`; windows are computed some rows at a time.
 *
 * @param pause called between the parts; may throw to stop.
 */
export async function forecastRows(
  model: SpecForecastModel,
  dataset: Dataset,
  rows: Int32Array,
  pause: () => Promise<void>,
): Promise<ForecastColumns> {
  if (model.info.featureSetDigest === dataset.featureSetDigest) {
    return model.predictColumns(dataset.features.columns, rows);
  }
  const all = allocateForecasts(rows.length);
  for (let start = 0; start < rows.length; start += CHUNK_ROWS) {
    const part = featuresFor(model.info, dataset, rows.subarray(start, start + CHUNK_ROWS));
    const forecasts = model.predictColumns(part.features.columns, part.rows);
    all.probabilityUp.set(forecasts.probabilityUp, start);
    all.volatilityBps.set(forecasts.volatilityBps, start);
    all.quantilesBps.set(forecasts.quantilesBps, start * QUANTILE_LEVELS.length);
    await pause();
  }
  return all;
}
