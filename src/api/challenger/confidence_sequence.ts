/** A mean with bounds that hold at all times at once. */
export interface MeanBounds {
  /** Values so far. */
  readonly count: number;
  /** Their mean. */
  readonly mean: number;
  /** Lower bound; −Infinity while there are too few. */
  readonly low: number;
  /** Upper bound; Infinity while there are too few. */
  readonly high: number;
}

/** Values before the bounds say anything, as they rest on the central limit theorem. */
const MIN_VALUES = 12;
/** The number of values for which the bounds are made narrowest. */
const NARROWEST_AT = 48;

/**
 * Bounds of a mean that may be looked at after every value: the chance that any of them is ever wrong is `alpha`, where an
 * ordinary interval looked at again and again would soon be. Asymptotic confidence sequence of I. Waudby-Smith, D. Arbour,
 * R. Sinha, E. H. Kennedy and A. Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences" (2024),
 * theorem 2.2, with its ρ for `NARROWEST_AT` values.
 */
export class ConfidenceSequence {
  readonly #alpha: number;
  readonly #rho2: number;
  #count = 0;
  #mean = 0;
  #squares = 0;

  /** No value yet. */
  constructor(alpha: number) {
    this.#alpha = alpha;
    const log = -2 * Math.log(alpha);
    this.#rho2 = (log + Math.log(log + 1)) / NARROWEST_AT;
  }

  /** Takes a value. */
  add(value: number): void {
    this.#count++;
    const before = value - this.#mean;
    this.#mean += before / this.#count;
    this.#squares += before * (value - this.#mean);
  }

  /** The mean and its bounds now. */
  bounds(): MeanBounds {
    const count = this.#count, mean = count === 0 ? NaN : this.#mean;
    if (count < MIN_VALUES) return { count, mean, low: -Infinity, high: Infinity };
    const variance = this.#squares / count, scaled = count * this.#rho2 + 1;
    const half = Math.sqrt(
      variance * 2 * scaled / (count * count * this.#rho2) * Math.log(Math.sqrt(scaled) / this.#alpha),
    );
    return { count, mean, low: mean - half, high: mean + half };
  }
}
