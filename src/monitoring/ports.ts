import type { CandleColumns, FeatureReader, ForecastColumns, GateLimits, SeriesId } from "../core/mod.ts";

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

/** What a baseline says of rows; an output that it does not claim is absent. */
export interface BaselineAnswers {
  /** P(up). */
  readonly probabilityUp?: Float32Array;
  /** Forecast volatility, basis points. */
  readonly volatilityBps?: Float32Array;
  /** Row-major `[N, 9]`. */
  readonly quantilesBps?: Float32Array;
}

/** Answers by baseline, all of the same rows. */
export type Baselines = Readonly<Record<string, BaselineAnswers>>;

/** How forecasts are scored: the code of `track`, handed in by the command line. */
export interface Scoring {
  /** Minutes of candles before a decision time that tell whether it is scored. */
  readonly contextMinutes: number;
  /** What happened after each decision time; NaN where the row is not one that is scored (evaluation section 1). */
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
    baselines: Baselines,
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

/** What the registry knows of a version. */
export interface KnownVersion {
  /** First decision time that it learnt nothing of, labels included; epoch milliseconds. */
  readonly learntUntilMs: number;
  /** Features of a row, in its order. */
  readonly featureNames: readonly string[];
  /** Shapes of some of them in the training rows. */
  readonly shapes: readonly FeatureReference[];
}

/** Rows that a version learnt from, computed again from the store's candles. */
export interface TrainingRows {
  /** Decision times, ascending. */
  readonly decisionTimeMs: Float64Array;
  /** Names of the features that are known. */
  readonly featureNames: readonly string[];
  /** Value of a feature, by its place among the names, at a row. */
  featureAt(feature: number, row: number): number;
  /** What the version forecasts for some rows. */
  forecasts(rows: Int32Array): Promise<ForecastColumns>;
}

/** Asks for what a version is measured by. */
export interface YardstickQuery {
  /** Registered model. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Whose candles. */
  readonly series: SeriesId;
  /** Minutes ahead. */
  readonly horizonMinutes: number;
  /** Decision times that are scored, ascending; may be none. */
  readonly decisionTimeMs: Float64Array;
}

/** What a version is measured by. */
export interface Yardstick {
  /** Answers of baselines for the decision times asked for; none where they cannot be fitted. */
  readonly baselines: Baselines;
  /** Rows that it learnt from; undefined where the model or the candles are gone. */
  readonly training: TrainingRows | undefined;
  /** Why something is absent, a sentence each. */
  readonly lacking: readonly string[];
}

/** A span in which a version held an alias. */
export interface AliasHolding {
  /** Alias. */
  readonly alias: string;
  /** Version that held it. */
  readonly version: string;
  /** Since when, epoch milliseconds; −Infinity where that is not known. */
  readonly fromMs: number;
  /** Until when; Infinity while it holds it. */
  readonly untilMs: number;
}

/** What monitoring needs. */
export interface MonitorDeps {
  /** The candles; undefined where there is no store. */
  readonly store: Pick<FeatureReader, "span" | "loadCandles"> | undefined;
  /** How forecasts are scored. */
  readonly scoring: Scoring;
  /** What the registry knows of a version; undefined where it is gone. */
  readonly version: (name: string, version: string) => Promise<KnownVersion | undefined>;
  /** What a version is measured by. */
  readonly yardstick: (query: YardstickQuery) => Promise<Yardstick>;
  /** Who held the aliases of a registered model, oldest first; none where it is gone. */
  readonly holdings: (name: string) => Promise<readonly AliasHolding[]>;
  /** Margins of the gate: what was let through by them raises no alarm. */
  readonly limits: Pick<GateLimits, "margins" | "coverage90">;
}
