/** Shape of a sample. Figures that the sample is too small or too flat for are NaN. */
export interface Moments {
  /** Finite values. */
  readonly count: number;
  readonly mean: number;
  /** Sample standard deviation (n − 1). */
  readonly sd: number;
  /** Third standardised moment of the population; NaN where all values are equal. */
  readonly skewness: number;
  /** Fourth standardised moment of the population less 3; NaN where all values are equal. */
  readonly excessKurtosis: number;
  readonly min: number;
  readonly max: number;
}

/** Moments of the finite values, in two passes so that a large mean costs no digits. */
export function moments(values: ArrayLike<number>): Moments {
  let count = 0, sum = 0, min = Infinity, max = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    count++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (count === 0) {
    return { count, mean: NaN, sd: NaN, skewness: NaN, excessKurtosis: NaN, min: NaN, max: NaN };
  }
  const mean = sum / count;
  let m2 = 0, m3 = 0, m4 = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    const d = value - mean, d2 = d * d;
    m2 += d2;
    m3 += d2 * d;
    m4 += d2 * d2;
  }
  // A flat sample leaves rounding dust in m2, whose ratios would be noise.
  const flat = min === max;
  return {
    count,
    mean: flat ? min : mean,
    sd: count < 2 ? NaN : flat ? 0 : Math.sqrt(m2 / (count - 1)),
    skewness: flat ? NaN : (m3 / count) / (m2 / count) ** 1.5,
    excessKurtosis: flat ? NaN : (m4 / count) / (m2 / count) ** 2 - 3,
    min,
    max,
  };
}
