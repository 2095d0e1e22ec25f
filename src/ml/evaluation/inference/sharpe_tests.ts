import { normalCdf, normalQuantile } from "./distributions.ts";

/** What the tests read of a series of profits; nothing is annualised. */
export interface SharpeSample {
  /** Mean over standard deviation of one period. */
  readonly sharpe: number;
  readonly periods: number;
  /** 0 for a normal distribution. */
  readonly skewness: number;
  /** 3 for a normal distribution. */
  readonly kurtosis: number;
}

/** Sharpe ratio and shape of profits; NaN where they do not vary. */
export function sharpeSample(profits: Float64Array): SharpeSample {
  const periods = profits.length, mean = profits.reduce((sum, value) => sum + value, 0) / periods;
  let second = 0, third = 0, fourth = 0;
  for (const value of profits) {
    const apart = value - mean;
    second += apart ** 2;
    third += apart ** 3;
    fourth += apart ** 4;
  }
  const deviation = Math.sqrt(second / periods);
  return {
    sharpe: mean / Math.sqrt(second / (periods - 1)),
    periods,
    skewness: third / periods / deviation ** 3,
    kurtosis: fourth / periods / deviation ** 4,
  };
}

/** Probability that the true Sharpe ratio is above `benchmark`, given the shape of the profits (Bailey & López de Prado 2012). */
export function probabilisticSharpe({ sharpe, periods, skewness, kurtosis }: SharpeSample, benchmark = 0): number {
  const spread = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe ** 2;
  return normalCdf((sharpe - benchmark) * Math.sqrt((periods - 1) / spread));
}

/** What was tried before a strategy was chosen. */
export interface Trials {
  /** Everything ever tried, whether or not it came to a result. */
  readonly count: number;
  /** Variance of the trials' Sharpe ratios, of one period as the sample's. */
  readonly sharpeVariance: number;
}

const EULER_MASCHERONI = 0.5772156649015329;

/** The largest Sharpe ratio to be expected of this many trials where none has any skill. */
export function expectedLargestSharpe({ count, sharpeVariance }: Trials): number {
  const first = normalQuantile(1 - 1 / count), second = normalQuantile(1 - 1 / (count * Math.E));
  return Math.sqrt(sharpeVariance) * ((1 - EULER_MASCHERONI) * first + EULER_MASCHERONI * second);
}

/**
 * Probability that the true Sharpe ratio is above what the best of so many trials shows by luck (Bailey & López de Prado
 * 2014); null below two trials, and where their variance is not known.
 */
export function deflatedSharpe(sample: SharpeSample, trials: Trials): number | null {
  if (!(trials.count >= 2) || !Number.isFinite(trials.sharpeVariance)) return null;
  return probabilisticSharpe(sample, expectedLargestSharpe(trials));
}
