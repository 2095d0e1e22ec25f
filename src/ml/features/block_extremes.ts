import { BLOCK_MINUTES } from "./block_sums.ts";

/** Extremes of windows that end at given grid indices; ±Infinity where no minute is present. */
export interface WindowExtremes {
  /** Lowest low of each window. */
  readonly lowest: Float64Array;
  /** Highest high of each window. */
  readonly highest: Float64Array;
}

/** Lowest and highest value of windows, by whole hours and edges as in `BlockSums`. */
export class BlockExtremes {
  readonly #length: number;
  readonly #low: ExtremeTable;
  readonly #high: ExtremeTable;

  /** Prepares lows and highs on a grid whose index 0 starts an hour. O(n). */
  constructor(low: Float64Array, high: Float64Array, present: Uint8Array) {
    this.#length = present.length;
    this.#low = extremeTable(low, present, Infinity, Math.min);
    this.#high = extremeTable(high, present, -Infinity, Math.max);
  }

  /** Extremes of the `minutes` (60 or more) that end at each of `ends`, exclusive grid indices. */
  windows(ends: Int32Array, minutes: number): WindowExtremes {
    if (minutes < BLOCK_MINUTES) {
      throw new RangeError(`Cannot take extremes of less than ${BLOCK_MINUTES} minutes: current value is ${minutes}`);
    }
    return {
      lowest: this.#scan(this.#low, ends, minutes, Math.min),
      highest: this.#scan(this.#high, ends, minutes, Math.max),
    };
  }

  #scan(table: ExtremeTable, ends: Int32Array, minutes: number, pick: (a: number, b: number) => number): Float64Array {
    const out = new Float64Array(ends.length);
    let cachedFrom = -1, cachedTo = -1, cached = table.none;
    for (let row = 0; row < ends.length; row++) {
      const end = Math.min(ends[row]!, this.#length), start = Math.max(0, end - minutes);
      const firstWhole = Math.ceil(start / BLOCK_MINUTES), afterWhole = Math.floor(end / BLOCK_MINUTES);
      if (firstWhole !== cachedFrom || afterWhole !== cachedTo) {
        [cachedFrom, cachedTo, cached] = [firstWhole, afterWhole, table.none];
        for (let block = firstWhole; block < afterWhole; block++) {
          cached = pick(cached, table.forward[block * BLOCK_MINUTES + BLOCK_MINUTES - 1]!);
        }
      }
      const head = start % BLOCK_MINUTES === 0 ? table.none : table.backward[start]!;
      const tail = end % BLOCK_MINUTES === 0 ? table.none : table.forward[end - 1]!;
      out[row] = pick(pick(head, cached), tail);
    }
    return out;
  }
}

interface ExtremeTable {
  readonly none: number;
  readonly forward: Float64Array;
  readonly backward: Float64Array;
}

function extremeTable(
  values: Float64Array,
  present: Uint8Array,
  none: number,
  pick: (a: number, b: number) => number,
): ExtremeTable {
  const length = values.length;
  const forward = new Float64Array(length), backward = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const value = present[i] === 1 ? values[i]! : none;
    forward[i] = i % BLOCK_MINUTES === 0 ? value : pick(forward[i - 1]!, value);
  }
  for (let i = length - 1; i >= 0; i--) {
    const value = present[i] === 1 ? values[i]! : none;
    const lastOfBlock = i % BLOCK_MINUTES === BLOCK_MINUTES - 1 || i === length - 1;
    backward[i] = lastOfBlock ? value : pick(backward[i + 1]!, value);
  }
  return { none, forward, backward };
}
