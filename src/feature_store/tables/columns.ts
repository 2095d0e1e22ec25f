import type { DuckDBAppender, DuckDBDataChunk, DuckDBType } from "@duckdb/node-api";
import { type CandleColumns, type CandleSource, MISSING_COUNT, type SeriesId } from "../../core/mod.ts";
import type { DuckDbSession } from "../duckdb_session.ts";

/** Rows of a DuckDB vector. */
export const VECTOR_ROWS = 2048;
const TWO_32 = 4294967296;

/** The parts of a DuckDB vector used here; its typings hide the memory that the fast path is about. */
interface RawVector<T> {
  readonly items: T;
  readonly validity: { readonly data: BigUint64Array | null };
  setItem(index: number, value: unknown): void;
  flush(): void;
}

/** Column names of `candles` after the series, in table order, by our field. */
export const CANDLE_COLUMNS = {
  openTimeMs: "open_time",
  open: "open",
  high: "high",
  low: "low",
  close: "close",
  volume: "volume",
  closeTimeMs: "close_time",
  quoteVolume: "quote_volume",
  tradeCount: "trade_count",
  takerBuyBaseVolume: "taker_buy_base_volume",
  takerBuyQuoteVolume: "taker_buy_quote_volume",
} as const;

const DOUBLES = ["open", "high", "low", "close", "volume"] as const;

/** A vector of a chunk, by its memory. */
export function rawVector<T>(chunk: DuckDBDataChunk, column: number): RawVector<T> {
  return chunk.getColumnVector(column) as unknown as RawVector<T>;
}

/** Writes epoch milliseconds as the int64 microseconds of TIMESTAMP; halves avoid a BigInt per row. */
export function setTimestamps(items: BigInt64Array, ms: Float64Array, start: number, count: number): void {
  const halves = new Int32Array(items.buffer, items.byteOffset, count * 2);
  for (let i = 0; i < count; i++) {
    const micros = ms[start + i]! * 1000;
    const high = Math.floor(micros / TWO_32);
    halves[2 * i] = (micros - high * TWO_32) | 0;
    halves[2 * i + 1] = high;
  }
}

/** The reverse of {@linkcode setTimestamps}; microseconds below a millisecond are dropped. */
export function getTimestamps(items: BigInt64Array, count: number, into: Float64Array, offset: number): void {
  const halves = new Int32Array(items.buffer, items.byteOffset, count * 2);
  for (let i = 0; i < count; i++) {
    into[offset + i] = Math.floor((halves[2 * i + 1]! * TWO_32 + (halves[2 * i]! >>> 0)) / 1000);
  }
}

/** Copies doubles or floats out of a vector, NULL as NaN. */
export function getFloats(
  vector: RawVector<Float64Array | Float32Array>,
  count: number,
  into: Float64Array | Float32Array,
  offset: number,
): void {
  into.set(vector.items.subarray(0, count), offset);
  eachNull(vector, count, (i) => into[offset + i] = NaN);
}

/** Copies doubles or floats into a vector and flushes it, NaN as NULL. */
export function setFloats(
  vector: RawVector<Float64Array | Float32Array>,
  values: Float64Array | Float32Array,
  start: number,
  count: number,
): void {
  vector.items.set(values.subarray(start, start + count));
  const nulls = new NullBits(vector);
  for (let i = 0; i < count; i++) {
    const value = values[start + i]!;
    if (value !== value) nulls.add(i);
  }
  vector.flush();
}

/** Marks rows of a vector as NULL; begins with none. Bits by 32, as a BigInt per row would cost more than the rest. */
class NullBits {
  readonly #vector: RawVector<unknown>;
  #words: Uint32Array | undefined;

  constructor(vector: RawVector<unknown>) {
    this.#vector = vector;
    vector.validity.data?.fill(0xffffffffffffffffn);
  }

  add(index: number): void {
    if (this.#words === undefined) {
      this.#vector.setItem(index, null); // makes the mask where there was none
      const { buffer, byteOffset, byteLength } = this.#vector.validity.data!;
      this.#words = new Uint32Array(buffer, byteOffset, byteLength / 4);
    }
    this.#words[index >>> 5]! &= ~(1 << (index & 31));
  }
}

function eachNull(vector: RawVector<unknown>, count: number, found: (index: number) => void): void {
  const { data } = vector.validity;
  if (data === null) return;
  for (let word = 0; word * 64 < count; word++) {
    const bits = data[word]!;
    if (bits === 0xffffffffffffffffn) continue;
    const end = Math.min(64, count - word * 64);
    for (let bit = 0; bit < end; bit++) {
      if ((bits >> BigInt(bit) & 1n) === 0n) found(word * 64 + bit);
    }
  }
}

/** Puts whole columns into a table by DuckDB's appender, vector by vector. */
export class ChunkAppender implements Disposable {
  readonly #appender: DuckDBAppender;
  readonly #chunk: DuckDBDataChunk;

  private constructor(appender: DuckDBAppender, chunk: DuckDBDataChunk) {
    this.#appender = appender;
    this.#chunk = chunk;
  }

  /**
   * `types` are the table's columns in order; `constants` are texts for columns that are the same in every row. These
   * are written into the chunk once: its memory keeps them while the other columns change.
   */
  static async create(
    session: DuckDbSession,
    table: string,
    types: readonly DuckDBType[],
    constants: Readonly<Record<number, string>>,
  ): Promise<ChunkAppender> {
    const appender = await session.guard(() => session.connection.createAppender(table));
    const chunk = session.api.DuckDBDataChunk.create(types, VECTOR_ROWS);
    for (const [column, text] of Object.entries(constants)) {
      chunk.setColumnValues(Number(column), new Array<string>(VECTOR_ROWS).fill(text));
    }
    return new ChunkAppender(appender, chunk);
  }

  /** Appends `rows` rows; `fill` writes rows `[start, start + count)` of the varying columns into the chunk. */
  append(rows: number, fill: (chunk: DuckDBDataChunk, start: number, count: number) => void): void {
    for (let start = 0; start < rows; start += VECTOR_ROWS) {
      const count = Math.min(VECTOR_ROWS, rows - start);
      if (this.#chunk.rowCount !== count) this.#chunk.rowCount = count;
      fill(this.#chunk, start, count);
      this.#appender.appendDataChunk(this.#chunk);
    }
  }

  /** Hands the rest over to the table, inside the transaction at hand. */
  [Symbol.dispose](): void {
    this.#appender.closeSync();
  }
}

/** An appender for rows of `candles`, or of a table of the same columns. */
export function createCandleAppender(
  session: DuckDbSession,
  table: string,
  series: SeriesId,
  source: CandleSource,
): Promise<ChunkAppender> {
  const { VARCHAR, TIMESTAMP, DOUBLE, INTEGER } = session.api;
  const types = [VARCHAR, VARCHAR, VARCHAR, TIMESTAMP, DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE, TIMESTAMP, DOUBLE];
  return ChunkAppender.create(session, table, [...types, INTEGER, DOUBLE, DOUBLE, VARCHAR], {
    0: series.exchange,
    1: series.symbol,
    2: series.interval,
    14: source,
  });
}

/** Appends candles through {@linkcode createCandleAppender}. */
export function appendCandles(appender: ChunkAppender, columns: CandleColumns): void {
  appender.append(columns.length, (chunk, start, count) => {
    const times = (column: number, values: Float64Array) => {
      const vector = rawVector<BigInt64Array>(chunk, column);
      setTimestamps(vector.items, values, start, count);
      vector.flush();
    };
    times(3, columns.openTimeMs);
    DOUBLES.forEach((field, k) => {
      const vector = rawVector<Float64Array>(chunk, 4 + k);
      vector.items.set(columns[field].subarray(start, start + count));
      vector.flush();
    });
    times(9, columns.closeTimeMs);
    setFloats(rawVector(chunk, 10), columns.quoteVolume, start, count);
    setCounts(rawVector(chunk, 11), columns.tradeCount, start, count);
    setFloats(rawVector(chunk, 12), columns.takerBuyBaseVolume, start, count);
    setFloats(rawVector(chunk, 13), columns.takerBuyQuoteVolume, start, count);
  });
}

function setCounts(vector: RawVector<Int32Array>, values: Int32Array, start: number, count: number): void {
  vector.items.set(values.subarray(start, start + count));
  const nulls = new NullBits(vector);
  for (let i = 0; i < count; i++) if (values[start + i] === MISSING_COUNT) nulls.add(i);
  vector.flush();
}

/** The columns that {@linkcode readCandles} expects, in its order. */
export const CANDLE_SELECT = Object.values(CANDLE_COLUMNS).join(", ");

/** Copies a chunk of {@linkcode CANDLE_SELECT} to `offset` of `into`; returns the number of rows. */
export function readCandles(chunk: DuckDBDataChunk, into: CandleColumns, offset: number): number {
  const count = chunk.rowCount;
  getTimestamps(rawVector<BigInt64Array>(chunk, 0).items, count, into.openTimeMs, offset);
  DOUBLES.forEach((field, k) => {
    into[field].set(rawVector<Float64Array>(chunk, 1 + k).items.subarray(0, count), offset);
  });
  getTimestamps(rawVector<BigInt64Array>(chunk, 6).items, count, into.closeTimeMs, offset);
  getFloats(rawVector(chunk, 7), count, into.quoteVolume, offset);
  const counts = rawVector<Int32Array>(chunk, 8);
  into.tradeCount.set(counts.items.subarray(0, count), offset);
  eachNull(counts, count, (i) => into.tradeCount[offset + i] = MISSING_COUNT);
  getFloats(rawVector(chunk, 9), count, into.takerBuyBaseVolume, offset);
  getFloats(rawVector(chunk, 10), count, into.takerBuyQuoteVolume, offset);
  return count;
}
