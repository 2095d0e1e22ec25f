import type { Interval } from "./interval.ts";
import type { TimeRange } from "./time_range.ts";

/** What a time series of candles is of. */
export interface SeriesId {
  /** Exchange name in lower case, as ccxt has it: `binance`. */
  readonly exchange: string;
  /** Unified symbol: `BTC/USDT`. */
  readonly symbol: string;
  /** Candle length. */
  readonly interval: Interval;
}

/** Where a stored candle came from. */
export type CandleSource = "monthly" | "daily" | "rest" | "exchange";

/** One candle (Binance: kline), for pages and tests; bulk work uses {@linkcode CandleColumns}. */
export interface Candle {
  /** Start of the interval, epoch milliseconds UTC. */
  readonly openTimeMs: number;
  /** First trade's price. */
  readonly open: number;
  /** Highest price. */
  readonly high: number;
  /** Lowest price. */
  readonly low: number;
  /** Last trade's price. */
  readonly close: number;
  /** Base volume (BTC). */
  readonly volume: number;
  /** Last millisecond of the candle, as the exchange states it. */
  readonly closeTimeMs: number;
  /** Quote volume (USDT); NaN where the exchange does not say. */
  readonly quoteVolume: number;
  /** Trades; {@linkcode MISSING_COUNT} where the exchange does not say. */
  readonly tradeCount: number;
  /** Base volume bought by takers; NaN where unknown. */
  readonly takerBuyBaseVolume: number;
  /** Quote volume bought by takers; NaN where unknown. */
  readonly takerBuyQuoteVolume: number;
}

/** The integer that stands for "not known" in {@linkcode CandleColumns.tradeCount}: INT32_MIN. */
export const MISSING_COUNT: number = -2147483648;

/** Names of the value columns, in the order of the archive and of the day digest. */
export const CANDLE_FIELDS = [
  "openTimeMs",
  "open",
  "high",
  "low",
  "close",
  "volume",
  "closeTimeMs",
  "quoteVolume",
  "tradeCount",
  "takerBuyBaseVolume",
  "takerBuyQuoteVolume",
] as const;

/** Candles as columns of equal length, ascending by open time. Readers must not write into them. */
export interface CandleColumns {
  /** Number of candles. */
  readonly length: number;
  /** Start of each candle, epoch milliseconds UTC, ascending. */
  readonly openTimeMs: Float64Array;
  /** First trade's price. */
  readonly open: Float64Array;
  /** Highest price. */
  readonly high: Float64Array;
  /** Lowest price. */
  readonly low: Float64Array;
  /** Last trade's price. */
  readonly close: Float64Array;
  /** Base volume (BTC). */
  readonly volume: Float64Array;
  /** Last millisecond of each candle, as the exchange states it. */
  readonly closeTimeMs: Float64Array;
  /** Quote volume (USDT); NaN where unknown. */
  readonly quoteVolume: Float64Array;
  /** Number of trades; MISSING_COUNT where unknown. */
  readonly tradeCount: Int32Array;
  /** Base volume bought by takers; NaN where unknown. */
  readonly takerBuyBaseVolume: Float64Array;
  /** Quote volume bought by takers; NaN where unknown. */
  readonly takerBuyQuoteVolume: Float64Array;
}

/** Where columns are made. */
export interface AllocateOptions {
  /** Memory that Workers see without a copy. @default false */
  readonly shared?: boolean;
}

/** Uninitialised (zero) columns for `length` candles. */
export function allocateCandles(length: number, { shared = false }: AllocateOptions = {}): CandleColumns {
  const room = (bytes: number) => shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
  const doubles = () => new Float64Array(room(8 * length));
  return {
    length,
    openTimeMs: doubles(),
    open: doubles(),
    high: doubles(),
    low: doubles(),
    close: doubles(),
    volume: doubles(),
    closeTimeMs: doubles(),
    quoteVolume: doubles(),
    tradeCount: new Int32Array(room(4 * length)),
    takerBuyBaseVolume: doubles(),
    takerBuyQuoteVolume: doubles(),
  };
}

/** Rows `[start, end)` as views on the same memory. */
export function sliceCandles(columns: CandleColumns, start: number, end: number): CandleColumns {
  const from = Math.max(0, Math.min(start, columns.length));
  const to = Math.max(from, Math.min(end, columns.length));
  return {
    length: to - from,
    openTimeMs: columns.openTimeMs.subarray(from, to),
    open: columns.open.subarray(from, to),
    high: columns.high.subarray(from, to),
    low: columns.low.subarray(from, to),
    close: columns.close.subarray(from, to),
    volume: columns.volume.subarray(from, to),
    closeTimeMs: columns.closeTimeMs.subarray(from, to),
    quoteVolume: columns.quoteVolume.subarray(from, to),
    tradeCount: columns.tradeCount.subarray(from, to),
    takerBuyBaseVolume: columns.takerBuyBaseVolume.subarray(from, to),
    takerBuyQuoteVolume: columns.takerBuyQuoteVolume.subarray(from, to),
  };
}

/** One new set of columns with all parts in the order given. */
export function concatCandles(parts: readonly CandleColumns[]): CandleColumns {
  const all = allocateCandles(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    for (const field of CANDLE_FIELDS) all[field].set(part[field], offset);
    offset += part.length;
  }
  return all;
}

/** Row-wise candles as columns. */
export function candlesFromRows(rows: readonly Candle[]): CandleColumns {
  const columns = allocateCandles(rows.length);
  rows.forEach((row, i) => {
    for (const field of CANDLE_FIELDS) columns[field][i] = row[field];
  });
  return columns;
}

/** The candle at `index`. @throws {RangeError} outside the columns. */
export function candleAt(columns: CandleColumns, index: number): Candle {
  if (!Number.isInteger(index) || index < 0 || index >= columns.length) {
    throw new RangeError(
      `Cannot read a candle as the index must be in [0, ${columns.length}): current value is ${index}`,
    );
  }
  return Object.fromEntries(CANDLE_FIELDS.map((field) => [field, columns[field][index]!])) as unknown as Candle;
}

/** First index whose open time is not before `ms`; `length` where all are. O(log n). */
export function lowerBound(openTimeMs: ArrayLike<number>, ms: number): number {
  let low = 0;
  let high = openTimeMs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (openTimeMs[middle]! < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Which candles: those of a series that open in a range. */
export interface CandleQuery extends SeriesId {
  /** Open times asked for. */
  readonly range: TimeRange;
}

/** Why minutes are missing (design section 5). */
export type GapCause = "outage" | "not_listed" | "not_yet_published" | "fetch_failed" | "unknown";

/** A recorded span without candles. */
export interface Gap extends TimeRange {
  /** Missing minutes. */
  readonly minutes: number;
  /** Why the minutes are missing. */
  readonly cause: GapCause;
  /** What the cause rests on, in words. */
  readonly evidence: string;
  /** When the gap was first recorded. */
  readonly firstSeenAtMs: number;
  /** When data arrived after all, or undefined while open. */
  readonly closedAtMs?: number;
}
