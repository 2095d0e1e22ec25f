import type { CandleColumns, ForecastColumns } from "../../core/mod.ts";

/** What happened after some decision times, one entry a row. */
export interface Outcomes {
  /** Minutes ahead. */
  readonly horizonMinutes: number;
  /** Decision times, epoch milliseconds, ascending. */
  readonly decisionTimeMs: Float64Array;
  /** Log return of the horizon in basis points; NaN where minutes are missing. */
  readonly returnBps: Float32Array;
  /** Realised variance of the horizon in bps²; NaN where minutes are missing. */
  readonly realizedVarianceBps2: Float32Array;
}

/** Losses of forecasts, one entry a row (evaluation section 5). */
export interface Losses {
  /** −ln of the probability given to what happened; NaN at a tie. */
  readonly logLoss: Float64Array;
  /** QLIKE of the variance. */
  readonly qlike: Float64Array;
  /** 1 where the return lay between the 5 % and the 95 % quantile, bounds included, else 0. */
  readonly covered90: Float64Array;
}

/** Labels and losses of `track`, handed in by the command line. */
export interface MinuteScoring {
  /** What happened after each decision time. */
  outcomes(candles: CandleColumns, decisionTimeMs: Float64Array, horizonMinutes: number): Outcomes;
  /** Losses of forecasts whose outcomes are all known. */
  losses(outcomes: Outcomes, forecasts: ForecastColumns): Losses;
}
