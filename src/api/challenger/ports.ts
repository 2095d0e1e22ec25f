import type { ForecastColumns, ForecastModelInfo, ModelFiles } from "../../core/mod.ts";

/** A model that is tried: it runs apart from the one that answers, so that nothing it does can stop that one. */
export interface ChallengerModel extends Disposable {
  /** What it is. */
  readonly info: ForecastModelInfo;
  /**
   * Forecasts for `count` rows, row-major `[count, F]`. Rejects where it throws or is lost; may never settle, so whoever
   * asks bounds the time.
   */
  predict(rows: Float32Array, count: number): Promise<ForecastColumns>;
}

/** Proves and builds a challenger from its files. @throws {DomainError} `model-invalid`. */
export type LoadChallenger = (files: ModelFiles) => Promise<ChallengerModel>;
