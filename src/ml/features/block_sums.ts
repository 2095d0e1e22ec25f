import { dropFront, type Growing, type MinuteSeries } from "./minute_series.ts";

/** Length of a block of sums; blocks are aligned to UTC hours. */
export const BLOCK_MINUTES = 60;

/** Sums and counts of windows that end at given grid indices. */
export interface WindowTotals {
  /** Sum over the minutes present in each window. */
  readonly sums: Float64Array;
  /** Minutes present in each window. */
  readonly counts: Int32Array;
}

/** Sums of windows of a series, whose rounding depends on UTC minutes alone. */
export interface WindowSums extends Growing {
  /**
   * Totals of the `minutes` that end at each of `ends` (exclusive grid indices, ascending for speed). Minutes before
   * the grid count as missing.
   */
  windows(ends: Int32Array, minutes: number): WindowTotals;
}

/**
 * Window sums whose rounding depends on UTC minutes alone: the sum of a window is (its part of the first hour, added
 * up backwards) + (the whole hours, added up forwards) + (its part of the last hour, added up forwards); a window
 * inside one hour is added up forwards. So a bulk run, a warm service and a store that begins later agree to the bit,
 * which running sums and prefix sums over all data do not.
 */
export class BlockSums implements WindowSums {
  readonly #series: MinuteSeries;
  /** Forward sum from the start of the hour to this minute, inclusive. */
  readonly #forward: Float64Array;
  /** Backward sum from the end of the hour to this minute, inclusive; only finished hours have it, and need it. */
  readonly #backward: Float64Array;
  /** Minutes present before index i. */
  readonly #presentBefore: Int32Array;

  /** Sums of the first `length` minutes of a series on a grid whose index 0 starts an hour. O(n). */
  constructor(series: MinuteSeries, length: number = series.values.length) {
    const capacity = series.values.length;
    this.#series = series;
    this.#forward = new Float64Array(capacity);
    this.#backward = new Float64Array(capacity);
    this.#presentBefore = new Int32Array(capacity + 1);
    this.extend(0, length);
  }

  extend(from: number, to: number): void {
    const { values, present } = this.#series;
    const forward = this.#forward, backward = this.#backward, presentBefore = this.#presentBefore;
    for (let i = from; i < to; i++) {
      const minute = i % BLOCK_MINUTES;
      forward[i] = (minute === 0 ? 0 : forward[i - 1]!) + values[i]!;
      presentBefore[i + 1] = presentBefore[i]! + present[i]!;
      if (minute !== BLOCK_MINUTES - 1) continue;
      let sum = 0;
      for (let k = i; k > i - BLOCK_MINUTES; k--) backward[k] = sum += values[k]!;
    }
  }

  drop(minutes: number, length: number): void {
    dropFront(this.#forward, minutes, length);
    dropFront(this.#backward, minutes, length);
    dropFront(this.#presentBefore, minutes, length + 1);
  }

  /** Costs about one addition a row, as whole hours are summed once an hour. */
  windows(ends: Int32Array, minutes: number): WindowTotals {
    const sums = new Float64Array(ends.length), counts = new Int32Array(ends.length);
    const { values } = this.#series, forward = this.#forward, backward = this.#backward;
    const presentBefore = this.#presentBefore;
    let cachedFrom = -1, cachedTo = -1, cachedSum = 0;
    for (let row = 0; row < ends.length; row++) {
      const end = ends[row]!, start = Math.max(0, end - minutes);
      counts[row] = presentBefore[end]! - presentBefore[start]!;
      const firstWhole = Math.ceil(start / BLOCK_MINUTES), afterWhole = Math.floor(end / BLOCK_MINUTES);
      if (firstWhole > afterWhole) { // inside one hour, touching neither of its ends
        let sum = 0;
        for (let i = start; i < end; i++) sum += values[i]!;
        sums[row] = sum;
        continue;
      }
      if (firstWhole !== cachedFrom || afterWhole !== cachedTo) {
        cachedFrom = firstWhole;
        cachedTo = afterWhole;
        cachedSum = 0;
        for (let block = firstWhole; block < afterWhole; block++) {
          cachedSum += forward[block * BLOCK_MINUTES + BLOCK_MINUTES - 1]!;
        }
      }
      const head = start % BLOCK_MINUTES === 0 ? 0 : backward[start]!;
      const tail = end % BLOCK_MINUTES === 0 ? 0 : forward[end - 1]!;
      sums[row] = head + cachedSum + tail;
    }
    return { sums, counts };
  }
}
