import { BLOCK_MINUTES } from "./block_sums.ts";
import { dropFront, type Growing, type MinuteSeries } from "./minute_series.ts";

/** Extremes of windows that end at given grid indices; ±Infinity where no minute is present. */
export interface WindowExtremes {
  /** Lowest low of each window. */
  readonly lowest: Float64Array;
  /** Highest high of each window. */
  readonly highest: Float64Array;
}

/** How {@linkcode BlockExtremes} are kept. */
export interface BlockExtremesOptions {
  /** Keeps an extreme an hour instead of two a minute; a window then looks at up to 118 minutes more. @default false */
  readonly lean?: boolean;
}

/** Lowest and highest value of windows, by whole hours and edges as in `BlockSums`. */
export class BlockExtremes implements Growing {
  readonly #low: HourlyLowest;
  /** Of negated highs, so that one loop does both. */
  readonly #high: HourlyLowest;

  /** Extremes of the first `length` minutes of lows and highs on a grid whose index 0 starts an hour. O(n). */
  constructor(
    low: MinuteSeries,
    high: MinuteSeries,
    length: number = low.values.length,
    { lean = false }: BlockExtremesOptions = {},
  ) {
    const table = (series: MinuteSeries, sign: 1 | -1) =>
      lean ? new LeanLowest(series, sign) : new LowestTable(series, sign);
    this.#low = table(low, 1);
    this.#high = table(high, -1);
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
    const highest = lowestOf(this.#high, ends, minutes);
    for (let row = 0; row < highest.length; row++) highest[row] = -highest[row]!;
    return { lowest: lowestOf(this.#low, ends, minutes), highest };
  }
}

/** Lowest values of hours and of their parts; Infinity where no minute is present. */
interface HourlyLowest extends Growing {
  /** Of a finished hour. */
  whole(hour: number): number;
  /** From a minute to the end of its hour, which is finished. */
  head(start: number): number;
  /** From the start of an hour to a minute within it, exclusive. */
  tail(end: number): number;
}

function lowestOf(table: HourlyLowest, ends: Int32Array, minutes: number): Float64Array {
  const out = new Float64Array(ends.length);
  let cachedFrom = -1, cachedTo = -1, cached = Infinity;
  for (let row = 0; row < ends.length; row++) {
    const end = ends[row]!, start = Math.max(0, end - minutes);
    const firstWhole = Math.ceil(start / BLOCK_MINUTES), afterWhole = Math.floor(end / BLOCK_MINUTES);
    if (firstWhole !== cachedFrom || afterWhole !== cachedTo) {
      cachedFrom = firstWhole;
      cachedTo = afterWhole;
      cached = Infinity;
      for (let hour = firstWhole; hour < afterWhole; hour++) cached = lower(cached, table.whole(hour));
    }
    const head = start % BLOCK_MINUTES === 0 ? Infinity : table.head(start);
    const tail = end % BLOCK_MINUTES === 0 ? Infinity : table.tail(end);
    out[row] = lower(lower(head, cached), tail);
  }
  return out;
}

/** Lowest `sign · value`, looked up for each minute. */
class LowestTable implements HourlyLowest {
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

  whole(hour: number): number {
    return this.#forward[hour * BLOCK_MINUTES + BLOCK_MINUTES - 1]!;
  }

  head(start: number): number {
    return this.#backward[start]!;
  }

  tail(end: number): number {
    return this.#forward[end - 1]!;
  }
}

/** Lowest `sign · value`: kept for whole hours, looked for in parts of them. */
class LeanLowest implements HourlyLowest {
  readonly #series: MinuteSeries;
  readonly #sign: 1 | -1;
  readonly #hours: Float64Array;

  constructor(series: MinuteSeries, sign: 1 | -1) {
    this.#series = series;
    this.#sign = sign;
    this.#hours = new Float64Array(Math.floor(series.values.length / BLOCK_MINUTES));
  }

  extend(from: number, to: number): void {
    for (let hour = Math.floor(from / BLOCK_MINUTES); hour < Math.floor(to / BLOCK_MINUTES); hour++) {
      this.#hours[hour] = this.#lowest(hour * BLOCK_MINUTES, (hour + 1) * BLOCK_MINUTES);
    }
  }

  drop(minutes: number, length: number): void {
    dropFront(this.#hours, minutes / BLOCK_MINUTES, Math.floor(length / BLOCK_MINUTES));
  }

  whole(hour: number): number {
    return this.#hours[hour]!;
  }

  head(start: number): number {
    return this.#lowest(start, Math.ceil(start / BLOCK_MINUTES) * BLOCK_MINUTES);
  }

  tail(end: number): number {
    return this.#lowest(Math.floor(end / BLOCK_MINUTES) * BLOCK_MINUTES, end);
  }

  #lowest(start: number, end: number): number {
    const { values, present } = this.#series;
    let lowest = Infinity;
    for (let i = start; i < end; i++) if (present[i] === 1) lowest = lower(lowest, this.#sign * values[i]!);
    return lowest;
  }
}

function lower(a: number, b: number): number {
  return a < b ? a : b;
}
