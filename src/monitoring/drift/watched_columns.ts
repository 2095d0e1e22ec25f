import { type ForecastColumns, QUANTILE_LEVELS } from "../../core/mod.ts";
import type { KnownVersion, TrainingRows } from "../ports.ts";
import type { PredictedRows } from "../prediction_sample.ts";
import { forecastColumns, type LoggedForecast } from "../read_log.ts";
import type { DriftColumn } from "./drift_bands.ts";

/** What of live rows is compared with the training rows. */
export interface WatchedRows {
  /** Time of each row, ascending, epoch milliseconds. */
  readonly timeMs: Float64Array;
  /** Columns by row of the live rows, and of the training rows once the version's forecasts for them are known. */
  columns(forecastOf: (row: number) => readonly [ForecastColumns, number]): readonly WatchedColumn[];
}

/** What is compared: what a version was given at live minutes, what it forecast for them, what it answered to given rows. */
export type DriftKind = "feature" | "forecast" | "prediction";

/** A column with its name. */
export interface WatchedColumn extends DriftColumn {
  readonly kind: DriftKind;
  readonly feature: string;
}

/** What is watched of forecasts. */
const ANSWERS: readonly (readonly [name: string, at: (columns: ForecastColumns, row: number) => number])[] = [
  ["probability_up", ({ probabilityUp }, row) => probabilityUp[row]!],
  ["volatility_bps", ({ volatilityBps }, row) => volatilityBps[row]!],
  ["width_90_bps", ({ quantilesBps }, row) => {
    const at = row * QUANTILE_LEVELS.length;
    return quantilesBps[at + 7]! - quantilesBps[at + 1]!;
  }],
];

/** Features and forecasts of live decision times. */
export function watchedForecasts(
  live: readonly LoggedForecast[],
  { featureNames }: KnownVersion,
  training: TrainingRows,
  isCalendar: (feature: string) => boolean,
): WatchedRows {
  const features = training.featureNames.flatMap((feature, place): WatchedColumn[] => {
    const column = featureNames.indexOf(feature);
    if (column < 0 || isCalendar(feature)) return [];
    return [{
      kind: "feature",
      feature,
      live: (row) => live[row]!.features[column] ?? NaN,
      training: (row) => training.featureAt(place, row),
    }];
  });
  const given = forecastColumns(live);
  return {
    timeMs: Float64Array.from(live, ({ decisionTimeMs }) => decisionTimeMs),
    columns: (forecastOf) => [...features, ...answerColumns("forecast", given, forecastOf)],
  };
}

/** Answers to rows that clients brought. */
export function watchedPredictions({ timeMs, answers }: PredictedRows): WatchedRows {
  return { timeMs, columns: (forecastOf) => answerColumns("prediction", answers, forecastOf) };
}

function answerColumns(
  kind: DriftKind,
  given: ForecastColumns,
  forecastOf: (row: number) => readonly [ForecastColumns, number],
): WatchedColumn[] {
  return ANSWERS.map(([feature, at]) => ({
    kind,
    feature,
    live: (row) => at(given, row),
    training: (row) => at(...forecastOf(row)),
  }));
}
