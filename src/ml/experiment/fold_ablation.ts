import { type ForecastColumns, QUANTILE_LEVELS } from "../../core/mod.ts";
import type { Dataset } from "../dataset.ts";
import type { FoldAblation, ThinnedLosses } from "../evaluation/ablation.ts";
import { dailyLosses } from "../evaluation/daily_losses.ts";
import { coveredRows, rowLosses } from "../evaluation/scores.ts";
import { type Forecasts, type TestRows, testRowsOf } from "../evaluation/test_rows.ts";
import { type AblatedPart, ablations } from "../models/ablations.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { featuresFor } from "../window_dataset.ts";

/** Every seventh row meets each minute of the hour and of the day in turn, and costs a fraction of a fold's scores. */
const EVERY = 7;
/** More rows tell no more of a fold, and cost memory where they are windows. */
const MOST_ROWS = 10_000;

/**
 * Scores a fold's model with each of its parts switched off, on rows spread over its test rows.
 *
 * @param forecasts of the whole model on all of `rows`.
 */
export function ablateFold(
  model: SpecForecastModel,
  dataset: Dataset,
  rows: Int32Array,
  forecasts: ForecastColumns,
): FoldAblation<AblatedPart> {
  const count = Math.min(MOST_ROWS, Math.ceil(rows.length / EVERY));
  const places = Int32Array.from({ length: count }, (_, i) => Math.floor(i * rows.length / count));
  const picked = places.map((place) => rows[place]!), test = testRowsOf(dataset, picked), variants = ablations(model);
  const read = variants.size === 0 ? undefined : featuresFor(model.info, dataset, picked);
  return {
    rows: count,
    whole: lossesOf(test, forecastsAt(forecasts, places)),
    without: Object.fromEntries(
      [...variants].map(([part, variant]) =>
        [part, lossesOf(test, variant.predictColumns(read!.features.columns, read!.rows))] as const
      ),
    ),
  };
}

function lossesOf(test: TestRows, forecasts: Required<Forecasts>): ThinnedLosses {
  const covered = coveredRows(test, forecasts.quantilesBps, 0.05, 0.95);
  return {
    daily: dailyLosses(test, rowLosses(test, forecasts)),
    covered: covered.reduce((sum, value) => sum + value, 0),
  };
}

function forecastsAt(
  { probabilityUp, volatilityBps, quantilesBps }: ForecastColumns,
  places: Int32Array,
): Required<Forecasts> {
  const levels = QUANTILE_LEVELS.length, quantiles = new Float32Array(places.length * levels);
  places.forEach((place, i) => quantiles.set(quantilesBps.subarray(place * levels, (place + 1) * levels), i * levels));
  return {
    probabilityUp: Float32Array.from(places, (place) => probabilityUp[place]!),
    volatilityBps: Float32Array.from(places, (place) => volatilityBps[place]!),
    quantilesBps: quantiles,
  };
}
