import { allocateCandles, type CandleColumns, DomainError, MISSING_COUNT } from "../../core/mod.ts";

/** Fields of a row of `/api/v3/klines`, without the last, which is not used. */
const FIELDS = 11;
const DECIMAL = /^\d+(\.\d+)?([eE][+-]?\d+)?$/;

/**
 * Rows of `/api/v3/klines` as columns, in the order given: times and trade count are integers, the rest decimals as
 * text. Numbers become numbers here and nowhere else.
 *
 * @throws {DomainError} `invariant-violated` naming row and field where an answer is something else.
 */
export function parseKlineRows(answer: unknown, source: string): CandleColumns {
  if (!Array.isArray(answer)) throw malformed(source, `it is no list: ${show(answer)}`);
  const columns = allocateCandles(answer.length);
  answer.forEach((row: unknown, i) => {
    if (!Array.isArray(row) || row.length < FIELDS) throw malformed(source, `row ${i + 1} is no kline: ${show(row)}`);
    const time = (field: number) => integer(row[field], source, i, field);
    const decimal = (field: number) => decimalOf(row[field], source, i, field);
    columns.openTimeMs[i] = time(0);
    columns.open[i] = decimal(1);
    columns.high[i] = decimal(2);
    columns.low[i] = decimal(3);
    columns.close[i] = decimal(4);
    columns.volume[i] = decimal(5);
    columns.closeTimeMs[i] = time(6);
    columns.quoteVolume[i] = decimal(7);
    const trades = time(8);
    if (trades > 0x7fffffff) throw malformed(source, `row ${i + 1} field 9 is too large: ${trades}`);
    columns.tradeCount[i] = trades;
    columns.takerBuyBaseVolume[i] = decimal(9);
    columns.takerBuyQuoteVolume[i] = decimal(10);
  });
  return columns;
}

/**
 * Rows `[time, open, high, low, close, volume]` of ccxt's unified call; what they lack is unknown. The close time is
 * the end of the interval, as the call does not say.
 *
 * @throws {DomainError} `invariant-violated`.
 */
export function parseUnifiedRows(answer: unknown, stepMs: number, source: string): CandleColumns {
  if (!Array.isArray(answer)) throw malformed(source, `it is no list: ${show(answer)}`);
  const columns = allocateCandles(answer.length);
  answer.forEach((row: unknown, i) => {
    if (!Array.isArray(row) || row.length < 6 || row.some((value) => typeof value !== "number")) {
      throw malformed(source, `row ${i + 1} is no candle: ${show(row)}`);
    }
    const [time, open, high, low, close, volume] = row as number[];
    columns.openTimeMs[i] = time!;
    columns.open[i] = open!;
    columns.high[i] = high!;
    columns.low[i] = low!;
    columns.close[i] = close!;
    columns.volume[i] = volume!;
    columns.closeTimeMs[i] = time! + stepMs - 1;
  });
  columns.quoteVolume.fill(NaN);
  columns.tradeCount.fill(MISSING_COUNT);
  columns.takerBuyBaseVolume.fill(NaN);
  columns.takerBuyQuoteVolume.fill(NaN);
  return columns;
}

function integer(value: unknown, source: string, row: number, field: number): number {
  const number = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number) && number >= 0) return number;
  throw malformed(source, `row ${row + 1} field ${field + 1} is no whole number: ${show(value)}`);
}

function decimalOf(value: unknown, source: string, row: number, field: number): number {
  if (typeof value === "string" && DECIMAL.test(value)) {
    const number = Number(value);
    if (Number.isFinite(number)) return number;
  } else if (typeof value === "number" && Number.isFinite(value)) return value;
  throw malformed(source, `row ${row + 1} field ${field + 1} is no number: ${show(value)}`);
}

function malformed(source: string, why: string): DomainError {
  return new DomainError("invariant-violated", `Cannot read the candles of '${source}' as ${why}`, {
    hint: "Nothing of the answer was stored; run again",
  });
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}
