/** Length of a block of sums; blocks are aligned to UTC hours. */
export const BLOCK_MINUTES = 60;

/** Sums and counts of windows that end at given grid indices. */
export interface WindowTotals {
  /** Sum over the minutes present in each window. */
  readonly sums: Float64Array;
  /** Minutes present in each window. */
  readonly counts: Int32Array;
}

/**
 * Window sums whose rounding depends on UTC minutes alone: the sum of a window is (its part of the first hour, added
 * up backwards) + (the whole hours, added up forwards) + (its part of the last hour, added up forwards); a window
 * inside one hour is added up forwards. So a bulk run, a warm service and a store that begins later agree to the bit,
 * which running sums and prefix sums over all data do not.
 */
export class BlockSums {
  readonly #values: Float64Array;
  /** Forward sum from the start of the hour to this minute, inclusive. */
  readonly #forward: Float64Array;
  /** Backward sum from the end of the hour to this minute, inclusive. */
  readonly #backward: Float64Array;
  /** Minutes present before index i. */
  readonly #presentBefore: Int32Array;

  /** Prepares a series on a grid whose index 0 starts an hour. O(n). */
  constructor(series: { readonly values: Float64Array; readonly present: Uint8Array }) {
    const { values, present } = series;
    const length = values.length;
    this.#values = values;
    this.#forward = new Float64Array(length);
    this.#backward = new Float64Array(length);
    this.#presentBefore = new Int32Array(length + 1);
    for (let i = 0; i < length; i++) {
      this.#forward[i] = (i % BLOCK_MINUTES === 0 ? 0 : this.#forward[i - 1]!) + values[i]!;
      this.#presentBefore[i + 1] = this.#presentBefore[i]! + present[i]!;
    }
    for (let i = length - 1; i >= 0; i--) {
      const lastOfBlock = i % BLOCK_MINUTES === BLOCK_MINUTES - 1 || i === length - 1;
      this.#backward[i] = (lastOfBlock ? 0 : this.#backward[i + 1]!) + values[i]!;
    }
  }

  /**
   * Totals of the `minutes` that end at each of `ends` (exclusive grid indices, ascending for speed). Minutes before
   * the grid count as missing. Costs about one addition a row, as whole hours are summed once an hour.
   */
  windows(ends: Int32Array, minutes: number): WindowTotals {
    const sums = new Float64Array(ends.length), counts = new Int32Array(ends.length);
    let cachedFrom = -1, cachedTo = -1, cachedSum = 0;
    for (let row = 0; row < ends.length; row++) {
      const end = ends[row]!, start = Math.max(0, end - minutes);
      counts[row] = this.#presentBefore[end]! - this.#presentBefore[start]!;
      const firstWhole = Math.ceil(start / BLOCK_MINUTES), afterWhole = Math.floor(end / BLOCK_MINUTES);
      if (firstWhole > afterWhole) { // inside one hour, touching neither of its ends
        let sum = 0;
        for (let i = start; i < end; i++) sum += this.#values[i]!;
        sums[row] = sum;
        continue;
      }
      if (firstWhole !== cachedFrom || afterWhole !== cachedTo) {
        [cachedFrom, cachedTo, cachedSum] = [firstWhole, afterWhole, 0];
        for (let block = firstWhole; block < afterWhole; block++) {
          cachedSum += this.#forward[block * BLOCK_MINUTES + BLOCK_MINUTES - 1]!;
        }
      }
      const head = start % BLOCK_MINUTES === 0 ? 0 : this.#backward[start]!;
      const tail = end % BLOCK_MINUTES === 0 ? 0 : this.#forward[end - 1]!;
      sums[row] = head + cachedSum + tail;
    }
    return { sums, counts };
  }
}
