import type { ForecastColumns } from "../forecast.ts";

/** What a loaded model says of itself. */
export interface ForecastModelInfo {
  /** Minutes ahead that it forecasts. */
  readonly horizonMinutes: number;
  /** Feature names in the order of a row. */
  readonly featureNames: readonly string[];
  /** Digest of the feature set it was trained on. */
  readonly featureSetDigest: string;
  /** Per feature, whether a missing value (NaN) is allowed. */
  readonly nullable: readonly boolean[];
  /** Model family: `mlp`, `har`, … */
  readonly family: string;
  /** Per feature, its range in the training rows. */
  readonly featureRanges: FeatureRanges;
}

/** Ranges of features, one entry a feature; NaN where the model does not tell. */
export interface FeatureRanges {
  /** Least values. */
  readonly min: Float32Array;
  /** Greatest values. */
  readonly max: Float32Array;
}

/** A fitted model that answers raw feature rows; plain arithmetic, no tfjs. */
export interface ForecastModel {
  /** What it is. */
  readonly info: ForecastModelInfo;
  /**
   * Forecasts for `count` rows.
   *
   * @param rows raw features, row-major `[count, F]`; NaN only where `info.nullable` allows it.
   */
  predict(rows: Float32Array, count: number): ForecastColumns;
}

/** Files of a logged model by path relative to its directory (`forecast.json`, `weights.bin`, …). */
export type ModelFiles = ReadonlyMap<string, Uint8Array>;

/**
 * Builds a model from its files after proving them: every sha256 of `forecast.json`'s `files` fits and the golden
 * rows give the golden outputs. The loader decides by `forecast.json` which family it is.
 *
 * @throws {DomainError} `model-invalid` naming the file or row that does not fit.
 */
export type LoadForecastModel = (files: ModelFiles) => Promise<ForecastModel>;
