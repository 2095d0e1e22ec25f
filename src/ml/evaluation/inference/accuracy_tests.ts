import { normalCdf, studentCdf } from "./distributions.ts";
import { hacMean, neweyWestLags } from "./hac_mean.ts";

/** A test of whether one forecast is better than another. */
export interface AccuracyTest {
  /** Mean of what is tested; above 0 speaks for the second forecast. */
  readonly mean: number;
  readonly statistic: number;
  readonly pValue: number;
  /** Autocovariances that the error counts. */
  readonly lags: number;
}

/**
 * Diebold & Mariano (1995) with the small-sample correction of Harvey, Leybourne & Newbold (1997), two-sided against
 * Student's t. The error is Newey & West's; the correction takes its number of lags, as if forecasts were of lags + 1 steps.
 * With training windows of fixed length it is the unconditional test of Giacomini & White (2006), which holds for nested
 * models too.
 *
 * @param differences loss of the first forecast less that of the second, day by day.
 */
export function dieboldMariano(differences: Float64Array, lags = neweyWestLags(differences.length)): AccuracyTest {
  const { mean, statistic: plain, length } = hacMean(differences, lags), steps = lags + 1;
  const correction = (length + 1 - 2 * steps + steps * (steps - 1) / length) / length;
  const statistic = plain * Math.sqrt(correction);
  return { mean, statistic, pValue: 2 * studentCdf(-Math.abs(statistic), length - 1), lags };
}

/** Forecasts of one target by a model and by a larger one that contains it. */
export interface NestedForecasts {
  readonly target: ArrayLike<number>;
  readonly smaller: ArrayLike<number>;
  readonly larger: ArrayLike<number>;
}

/**
 * Row's part of Clark & West (2007): squared error of the smaller model less that of the larger, to which is added what the
 * larger loses by estimating what the smaller sets to 0, (smaller − larger)².
 */
export function clarkWestAt({ target, smaller, larger }: NestedForecasts, row: number): number {
  return (target[row]! - smaller[row]!) ** 2 - (target[row]! - larger[row]!) ** 2 + (smaller[row]! - larger[row]!) ** 2;
}

/**
 * Clark & West (2007), one-sided: whether the larger of two nested models has something of its own to say. For squared
 * error alone; a small p-value does not mean that its forecasts are the better ones.
 *
 * @param adjusted {@linkcode clarkWestAt} day by day.
 */
export function clarkWest(adjusted: Float64Array, lags = neweyWestLags(adjusted.length)): AccuracyTest {
  const { mean, statistic } = hacMean(adjusted, lags);
  return { mean, statistic, pValue: normalCdf(-statistic), lags };
}

/** Standard errors between 0 and a true effect that a two-sided 5 % test finds in four of five samples: 1.96 + .84. */
const DETECTABLE_ERRORS = 2.8;

/** Smallest true effect that would be found in four of five samples like this one, from its standard error. */
export function minimumDetectableEffect(standardError: number): number {
  return DETECTABLE_ERRORS * standardError;
}
