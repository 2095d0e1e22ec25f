import { type CandleColumns, MINUTE_MS, MISSING_COUNT } from "../../core/mod.ts";
import { BlockExtremes } from "./block_extremes.ts";
import { BLOCK_MINUTES, BlockSums, type WindowSums } from "./block_sums.ts";
import { candleField, type Fill, logOfField, oneMinuteReturns, signedVolume, squared } from "./derived_series.ts";
import { LeanSums } from "./lean_sums.ts";
import { dropFront, type Growing, GrowingSeries, type MinuteSeries } from "./minute_series.ts";

export { BPS } from "./derived_series.ts";

/** Columns of candles that features read. */
export type GridField =
  | "open"
  | "high"
  | "low"
  | "close"
  | "volume"
  | "quoteVolume"
  | "tradeCount"
  | "takerBuyBaseVolume";

const GRID_FIELDS: readonly GridField[] = [
  "open",
  "high",
  "low",
  "close",
  "volume",
  "quoteVolume",
  "tradeCount",
  "takerBuyBaseVolume",
];

/** Options of {@linkcode MinuteGrid}. */
export interface MinuteGridOptions {
  /** Room in minutes for candles appended later. @default that of the candles given, and none can be appended */
  readonly capacityMinutes?: number;
  /** Keeps less a minute, and adds up more a row: the same bits, for rows that are asked for one at a time. @default false */
  readonly lean?: boolean;
}

/**
 * Candles laid on a gapless grid of UTC minutes that starts on a whole hour, so that sums over hours fall on the
 * same blocks wherever the data begins. Derived series are computed when first asked for, and grow with the grid.
 */
export class MinuteGrid {
  /** 1 where a candle exists. */
  readonly present: Uint8Array;
  /** Minutes that fit. */
  readonly capacity: number;
  readonly #columns: CandleColumns;
  readonly #fields = new Map<GridField, Float64Array>();
  readonly #cache = new Map<string, Growing>();
  /** What the latest decision rows share; forgotten with them, and when the grid changes. */
  readonly #shared = new Map<string, unknown>();
  readonly #isLean: boolean;
  #sharedBy: Int32Array | undefined;
  #startMinute = 0;
  #length = 0;

  /** Lays ascending candles of one minute each on the grid. O(span in minutes). */
  constructor(columns: CandleColumns, options: MinuteGridOptions = {}) {
    this.#columns = columns;
    this.#isLean = options.lean ?? false;
    if (columns.length > 0) this.#startMinute = wholeHour(minuteOf(columns, 0));
    this.capacity = options.capacityMinutes ??
      (columns.length === 0 ? 0 : minuteOf(columns, columns.length - 1) + 1 - this.#startMinute);
    this.present = new Uint8Array(this.capacity);
    // What is appended later is not kept, so its columns are laid as it comes.
    if (options.capacityMinutes !== undefined) {
      for (const name of GRID_FIELDS) this.#fields.set(name, new Float64Array(this.capacity));
    }
    this.append(columns);
  }

  /** Minutes since the epoch of index 0; a multiple of 60. */
  get startMinute(): number {
    return this.#startMinute;
  }

  /** Minutes on the grid. */
  get length(): number {
    return this.#length;
  }

  /** Close by minute; 0 where there is no candle. */
  get close(): Float64Array {
    return this.field("close");
  }

  /** A column by minute; 0 where there is no candle, NaN where the exchange does not say. */
  field(name: GridField): Float64Array {
    let values = this.#fields.get(name);
    if (values === undefined) {
      this.#fields.set(name, values = new Float64Array(this.capacity));
      this.#lay(this.#columns, name, values);
    }
    return values;
  }

  /** Grid index of the minute that opens at `ms`; may lie outside the grid. */
  indexAt(ms: number): number {
    return Math.floor(ms / MINUTE_MS) - this.#startMinute;
  }

  /**
   * Lays ascending candles behind those that are there; minutes from the first of them on are forgotten before.
   *
   * @throws {RangeError} if they do not fit, or begin before the grid.
   */
  append(columns: CandleColumns): void {
    if (columns.length === 0) return;
    if (this.#length === 0) this.#startMinute = wholeHour(minuteOf(columns, 0));
    const first = minuteOf(columns, 0) - this.#startMinute;
    const to = minuteOf(columns, columns.length - 1) + 1 - this.#startMinute;
    if (first < 0 || to > this.capacity) {
      throw new RangeError(
        `Cannot lay candles on the grid as they take its minutes ${first} to ${to} of ${this.capacity}`,
      );
    }
    this.#forgetRows();
    const from = Math.min(first, this.#length);
    this.present.fill(0, from, to);
    for (let i = 0; i < columns.length; i++) this.present[minuteOf(columns, i) - this.#startMinute] = 1;
    for (const [name, values] of this.#fields) {
      values.fill(0, from, to);
      this.#lay(columns, name, values);
    }
    for (const growing of this.#cache.values()) growing.extend(from, to);
    this.#length = to;
  }

  /** Forgets the oldest `minutes`, a multiple of 60; indices move down by as many. */
  drop(minutes: number): void {
    this.#forgetRows();
    const count = Math.min(minutes, Math.ceil(this.#length / BLOCK_MINUTES) * BLOCK_MINUTES);
    dropFront(this.present, count, this.#length);
    for (const values of this.#fields.values()) dropFront(values, count, this.#length);
    for (const growing of this.#cache.values()) growing.drop(count, this.#length);
    this.#startMinute += count;
    this.#length = Math.max(0, this.#length - count);
  }

  /** A derived series, computed once a grid and name. */
  series(name: string, define: (grid: MinuteGrid) => Fill): MinuteSeries {
    return this.#once(`series ${name}`, () => {
      const series = new GrowingSeries(this.capacity, define(this));
      series.extend(0, this.#length);
      return series;
    });
  }

  /** Sums of a derived series; see {@linkcode MinuteGrid.series}. */
  sums(name: string, define: (grid: MinuteGrid) => Fill): WindowSums {
    return this.#once(`sums ${name}`, () => {
      const series = this.series(name, define);
      return this.#isLean ? new LeanSums(series, this.#length) : new BlockSums(series, this.#length);
    });
  }

  /** Something that several features of the same rows need, made once while these rows are asked for. */
  perRows<T>(ends: Int32Array, name: string, make: () => T): T {
    if (this.#sharedBy !== ends) this.#forgetRows();
    this.#sharedBy = ends;
    if (!this.#shared.has(name)) this.#shared.set(name, make());
    return this.#shared.get(name) as T;
  }

  /** One-minute log returns in bps; missing where this close or the one before is. */
  returns(): MinuteSeries {
    return this.series("return", oneMinuteReturns);
  }

  /** Sums of one-minute returns. */
  returnSums(): WindowSums {
    return this.sums("return", oneMinuteReturns);
  }

  /** Sums of squared one-minute returns, in bps². */
  squaredReturnSums(): WindowSums {
    return this.sums("squared return", (grid) => squared(grid.returns()));
  }

  /** Sums of base volume. */
  volumeSums(): WindowSums {
    return this.sums("volume", (grid) => candleField(grid, "volume"));
  }

  /** Sums of taker buys less taker sells, in base volume. */
  signedVolumeSums(): WindowSums {
    return this.sums("signed volume", signedVolume);
  }

  /** ln(1 + volume) of each minute. */
  logVolumes(): MinuteSeries {
    return this.series("log volume", (grid) => logOfField(grid, "volume"));
  }

  /** Sums of ln(1 + volume) and of its square. */
  logVolumeSums(): LogSums {
    return this.#logSums("log volume", "volume");
  }

  /** Sums of ln(1 + trade count) and of its square. */
  logTradeCountSums(): LogSums {
    return this.#logSums("log trade count", "tradeCount");
  }

  /** Lowest lows and highest highs. */
  extremes(): BlockExtremes {
    return this.#once("extremes", () => {
      // A candle has both, so that the columns need no copies with masks of their own.
      const { present } = this, low = { values: this.field("low"), present };
      return new BlockExtremes(low, { values: this.field("high"), present }, this.#length, { lean: this.#isLean });
    });
  }

  #logSums(name: string, field: GridField): LogSums {
    const logs = (grid: MinuteGrid) => logOfField(grid, field);
    const squares = () => this.sums(`squared ${name}`, (grid) => squared(grid.series(name, logs)));
    return {
      sums: this.sums(name, logs),
      get squares() { // windows take means alone, and two years of squares are 30 MB
        return squares();
      },
    };
  }

  #forgetRows(): void {
    this.#sharedBy = undefined;
    this.#shared.clear();
  }

  #lay(columns: CandleColumns, name: GridField, into: Float64Array): void {
    const from = columns[name], start = this.#startMinute;
    for (let i = 0; i < columns.length; i++) {
      into[minuteOf(columns, i) - start] = from[i] === MISSING_COUNT ? NaN : from[i]!;
    }
  }

  #once<T extends Growing>(key: string, make: () => T): T {
    // Made before it is added, so that what it rests on grows first.
    if (!this.#cache.has(key)) this.#cache.set(key, make());
    return this.#cache.get(key) as T;
  }
}

function minuteOf(columns: CandleColumns, i: number): number {
  return Math.floor(columns.openTimeMs[i]! / MINUTE_MS);
}

function wholeHour(minute: number): number {
  return Math.floor(minute / BLOCK_MINUTES) * BLOCK_MINUTES;
}

/** Sums of a logarithm and of its square, for means and standard deviations. */
export interface LogSums {
  /** Of the logarithm. */
  readonly sums: WindowSums;
  /** Of its square. */
  readonly squares: WindowSums;
}
