import type { ForecastColumns } from "../forecast.ts";

/** What a loaded model says of itself. */
export interface ForecastModelInfo {
  readonly horizonMinutes: number;
  /** Feature names in the order of a row. */
  readonly featureNames: readonly string[];
  readonly featureSetDigest: string;
  /** Per feature, whether a missing value (NaN) is allowed. */
  readonly nullable: readonly boolean[];
  /** Model family: `mlp`, `har`, … */
  readonly family: string;
}

/** A fitted model that answers raw feature rows; plain arithmetic, no tfjs. */
export interface ForecastModel {
  readonly info: ForecastModelInfo;
  /**
   * Forecasts for `count` rows.
   *
   * @param rows raw features, row-major `[count, F]`; NaN only where `info.nullable` allows it.
   */
  predict(rows: Float32Array, count: number): ForecastColumns;
}
