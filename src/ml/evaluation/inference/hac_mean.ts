/** A mean whose error knows that neighbouring values depend on each other. */
export interface HacMean {
  readonly mean: number;
  readonly standardError: number;
  /** mean / standardError; NaN where the values do not vary. */
  readonly statistic: number;
  /** Autocovariances that the error counts. */
  readonly lags: number;
  /** Values. */
  readonly length: number;
}

/** ⌊4 (n/100)^(2/9)⌋, the rule of Newey & West (1994) for Bartlett weights: 5 for 550 days. */
export function neweyWestLags(length: number): number {
  return Math.min(Math.max(0, length - 1), Math.floor(4 * (length / 100) ** (2 / 9)));
}

/**
 * Mean with the error of Newey & West (1987): Bartlett weights, no correction for the number of values.
 *
 * @param lags @default {@linkcode neweyWestLags}
 */
export function hacMean(values: Float64Array, lags: number = neweyWestLags(values.length)): HacMean {
  const length = values.length, mean = values.reduce((sum, value) => sum + value, 0) / length;
  let variance = 0;
  for (let lag = 0; lag <= lags; lag++) {
    let covariance = 0;
    for (let i = lag; i < length; i++) covariance += (values[i]! - mean) * (values[i - lag]! - mean);
    variance += (lag === 0 ? 1 : 2 * (1 - lag / (lags + 1))) * covariance / length;
  }
  const standardError = Math.sqrt(variance / length);
  return { mean, standardError, statistic: standardError > 0 ? mean / standardError : NaN, lags, length };
}
