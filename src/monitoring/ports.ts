import type { CandleColumns, FeatureReader, ForecastColumns } from "../core/mod.ts";

/** Rows whose outcome is known. */
export interface OutcomeRows {
  /** Number of rows. */
  readonly length: number;
  /** Minutes ahead. */
  readonly horizonMinutes: number;
  /** Decision times, epoch milliseconds, ascending. */
  readonly decisionTimeMs: Float64Array;
  /** Log return of the horizon in basis points. */
  readonly returnBps: Float32Array;
  /** Realised variance of the horizon in bps². */
  readonly realizedVarianceBps2: Float32Array;
}

/** How forecasts are scored: the code of `track`, handed in by the command line. */
export interface Scoring {
  /** Minutes of candles before a decision time that the baselines want. */
  readonly contextMinutes: number;
  /** What happened after each decision time; NaN where minutes are missing. */
  outcomes(
    candles: CandleColumns,
    decisionTimeMs: Float64Array,
    horizonMinutes: number,
  ): Pick<OutcomeRows, "returnBps" | "realizedVarianceBps2">;
  /**
   * Scores of the forecasts and of baselines on the same rows, under the names that a run logs them by: `qlike`,
   * `baseline_ewma_qlike`, `qlike_gain_ewma`, `coverage_90`; with `intervals` also `…_low` and `…_high`.
   */
  metrics(
    rows: OutcomeRows,
    forecasts: ForecastColumns,
    candles: CandleColumns,
    options: { readonly intervals: boolean },
  ): Readonly<Record<string, number>>;
}

/** Shape of a feature in the training rows (`referenceHistograms` of `forecast.json`). */
export interface FeatureReference {
  /** Feature. */
  readonly feature: string;
  /** Inner edges, ascending. */
  readonly edges: readonly number[];
  /** Rows in each bin, one more than edges. */
  readonly counts: readonly number[];
  /** Rows without a value. */
  readonly missing: number;
}

/** What a version knows of the features it was trained on. */
export interface FeatureReferences {
  /** Features of a row, in its order. */
  readonly featureNames: readonly string[];
  /** Shapes of some of them; one without a shape is not watched. */
  readonly shapes: readonly FeatureReference[];
}

/** What monitoring needs. */
export interface MonitorDeps {
  /** The candles; undefined where there is no store. */
  readonly store: Pick<FeatureReader, "span" | "loadCandles"> | undefined;
  /** How forecasts are scored. */
  readonly scoring: Scoring;
  /** Shapes of the features that a version was trained on; undefined where it tells none or is gone. */
  readonly references: (name: string, version: string) => Promise<FeatureReferences | undefined>;
}
