import { BLOCK_MINUTES } from "./block_sums.ts";
import { dropFront, type Growing, type MinuteSeries } from "./minute_series.ts";

/** Extremes of windows that end at given grid indices; ±Infinity where no minute is present. */
export interface WindowExtremes {
  /** Lowest low of each window. */
  readonly lowest: Float64Array;
  /** Highest high of each window. */
  readonly highest: Float64Array;
}

/** Lowest and highest value of windows, by whole hours and edges as in `BlockSums`. */
export class BlockExtremes implements Growing {
  readonly #low: LowestTable;
  /** Of negated highs, so that one loop does both. */
  readonly #high: LowestTable;

  /** Extremes of the first `length` minutes of lows and highs on a grid whose index 0 starts an hour. O(n). */
  constructor(low: MinuteSeries, high: MinuteSeries, length: number = low.values.length) {
    this.#low = new LowestTable(low, 1);
    this.#high = new LowestTable(high, -1);
    this.extend(0, length);
  }

  extend(from: number, to: number): void {
    this.#low.extend(from, to);
    this.#high.extend(from, to);
  }

  drop(minutes: number, length: number): void {
    this.#low.drop(minutes, length);
    this.#high.drop(minutes, length);
  }

  /** Extremes of the `minutes` (60 or more) that end at each of `ends`, exclusive grid indices. */
  windows(ends: Int32Array, minutes: number): WindowExtremes {
    if (minutes < BLOCK_MINUTES) {
      throw new RangeError(`Cannot take extremes of less than ${BLOCK_MINUTES} minutes: current value is ${minutes}`);
    }
    const highest = this.#high.windows(ends, minutes);
    for (let row = 0; row < highest.length; row++) highest[row] = -highest[row]!;
    return { lowest: this.#low.windows(ends, minutes), highest };
  }
}

/** Lowest `sign · value` of windows. */
class LowestTable implements Growing {
  readonly #series: MinuteSeries;
  readonly #sign: 1 | -1;
  /** Lowest from the start of the hour to this minute, inclusive. */
  readonly #forward: Float64Array;
  /** Lowest from this minute to the end of the hour; only finished hours have it, and need it. */
  readonly #backward: Float64Array;

  constructor(series: MinuteSeries, sign: 1 | -1) {
    this.#series = series;
    this.#sign = sign;
    this.#forward = new Float64Array(series.values.length);
    this.#backward = new Float64Array(series.values.length);
  }

  extend(from: number, to: number): void {
    const { values, present } = this.#series;
    const sign = this.#sign, forward = this.#forward, backward = this.#backward;
    for (let i = from; i < to; i++) {
      const minute = i % BLOCK_MINUTES;
      const value = present[i] === 1 ? sign * values[i]! : Infinity;
      forward[i] = lower(minute === 0 ? Infinity : forward[i - 1]!, value);
      if (minute !== BLOCK_MINUTES - 1) continue;
      let lowest = Infinity;
      for (let k = i; k > i - BLOCK_MINUTES; k--) {
        if (present[k] === 1) lowest = lower(lowest, sign * values[k]!);
        backward[k] = lowest;
      }
    }
  }

  drop(minutes: number, length: number): void {
    dropFront(this.#forward, minutes, length);
    dropFront(this.#backward, minutes, length);
  }

  windows(ends: Int32Array, minutes: number): Float64Array {
    const forward = this.#forward, backward = this.#backward;
    const out = new Float64Array(ends.length);
    let cachedFrom = -1, cachedTo = -1, cached = Infinity;
    for (let row = 0; row < ends.length; row++) {
      const end = ends[row]!, start = Math.max(0, end - minutes);
      const firstWhole = Math.ceil(start / BLOCK_MINUTES), afterWhole = Math.floor(end / BLOCK_MINUTES);
      if (firstWhole !== cachedFrom || afterWhole !== cachedTo) {
        cachedFrom = firstWhole;
        cachedTo = afterWhole;
        cached = Infinity;
        for (let block = firstWhole; block < afterWhole; block++) {
          cached = lower(cached, forward[block * BLOCK_MINUTES + BLOCK_MINUTES - 1]!);
        }
      }
      const head = start % BLOCK_MINUTES === 0 ? Infinity : backward[start]!;
      const tail = end % BLOCK_MINUTES === 0 ? Infinity : forward[end - 1]!;
      out[row] = lower(lower(head, cached), tail);
    }
    return out;
  }
}

function lower(a: number, b: number): number {
  return a < b ? a : b;
}
