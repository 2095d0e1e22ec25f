import { allocateCandles, type CandleColumns, sliceCandles } from "../../core/mod.ts";

/** Candles of a CSV file, and what its content told of its form. */
export interface ParsedKlines {
  /** All rows, in file order, times floored to milliseconds. */
  readonly columns: CandleColumns;
  /** Unit of the times in the file; undefined where it has no rows. */
  readonly timeUnit: "ms" | "us" | undefined;
  readonly hasHeader: boolean;
}

/** A line that is no kline; caught by the archive reader, which names the file. */
export class CsvError extends Error {
  /** Always the class name. */
  override readonly name: string = "CsvError";
  /** Line of the file, from 1. */
  readonly line: number;
  /** What is wrong with it. */
  readonly problem: string;

  /** Builds the error for a line. */
  constructor(line: number, problem: string) {
    super(`line ${line}: ${problem}`);
    this.line = line;
    this.problem = problem;
  }
}

/** Columns of the archive in order; the names that headers have used for each. */
const HEADER_NAMES: readonly (readonly string[])[] = [
  ["open_time"],
  ["open"],
  ["high"],
  ["low"],
  ["close"],
  ["volume"],
  ["close_time"],
  ["quote_volume", "quote_asset_volume"],
  ["count", "number_of_trades", "trades"],
  ["taker_buy_volume", "taker_buy_base_volume", "taker_buy_base_asset_volume"],
  ["taker_buy_quote_volume", "taker_buy_quote_asset_volume"],
  ["ignore"],
];
const TRADE_COUNT = 8;
const FIELDS = HEADER_NAMES.length;
const COMMA = 44, DOT = 46, ZERO = 48, NEWLINE = 10, RETURN = 13;
/** Largest integer up to which `digits / 10^fraction` is correctly rounded; longer numbers are read as text. */
const EXACT = 2 ** 53;
const POWERS = Float64Array.from({ length: 23 }, (_, k) => 10 ** k);
const NUMBER = /^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$/;
/** Epoch times above this are microseconds: as milliseconds it is the year 5138, as microseconds 1973. */
const MICROSECONDS_FROM = 1e14;
/** Epoch times below this are not milliseconds: 1973. */
const MILLISECONDS_FROM = 1e11;

/**
 * Reads the CSV of a kline archive: 12 columns, with or without a header, LF or CRLF, times in milliseconds or (spot
 * archives since 2025) microseconds, both told from the content. One loop over the bytes; no text is built but for
 * numbers too long for a double's integers.
 *
 * @throws {CsvError} on a missing or extra column, a value that is no number, mixed time units.
 */
export function parseKlineCsv(bytes: Uint8Array): ParsedKlines {
  const hasHeader = bytes.length > 0 && !isDigit(bytes[0]!) && bytes[0] !== 43 && bytes[0] !== 45;
  let at = hasHeader ? checkHeader(bytes) : 0;
  const capacity = countLines(bytes, at);
  const out = allocateCandles(capacity);
  const targets = [
    out.openTimeMs,
    out.open,
    out.high,
    out.low,
    out.close,
    out.volume,
    out.closeTimeMs,
    out.quoteVolume,
    out.tradeCount,
    out.takerBuyBaseVolume,
    out.takerBuyQuoteVolume,
    new Float64Array(capacity), // the ignored column still has to be a number
  ];
  let row = 0;
  let divisor = 0;
  for (let line = hasHeader ? 2 : 1; at < bytes.length; line++) {
    if (isBlankRest(bytes, at)) break;
    for (let field = 0; field < FIELDS; field++) {
      const start = at;
      let digits = 0, fraction = 0, dotAt = -1;
      let code = at < bytes.length ? bytes[at]! : NEWLINE;
      for (;;) {
        const digit = code - ZERO;
        if (digit >= 0 && digit <= 9) {
          digits = digits * 10 + digit;
          if (dotAt >= 0) fraction++;
        } else if (code === DOT && dotAt < 0) dotAt = at;
        else break;
        at++;
        code = at < bytes.length ? bytes[at]! : NEWLINE;
      }
      if (code === RETURN && (at + 1 >= bytes.length || bytes[at + 1] === NEWLINE)) code = NEWLINE;
      const isLast = field === FIELDS - 1;
      let value: number;
      if (at > start && (code === COMMA || code === NEWLINE) && digits < EXACT && fraction < POWERS.length) {
        value = fraction === 0 ? digits : digits / POWERS[fraction]!;
      } else {
        const end = fieldEnd(bytes, start);
        value = readSlow(bytes, start, end, line, field);
        at = end;
        code = at < bytes.length ? bytes[at]! : NEWLINE;
        if (code === RETURN) code = NEWLINE;
      }
      if (code === NEWLINE && !isLast) {
        throw new CsvError(line, `it has ${field + 1} columns instead of ${FIELDS}: '${lineText(bytes, start)}'`);
      }
      if (code === COMMA && isLast) {
        throw new CsvError(line, `it has more than ${FIELDS} columns: '${lineText(bytes, start)}'`);
      }
      if (field === TRADE_COUNT && (value | 0) !== value) {
        throw new CsvError(line, `its count is no 32-bit integer: ${value}`);
      }
      targets[field]![row] = value;
      at++; // the comma or the line end
    }
    if (at <= bytes.length && bytes[at - 1] === RETURN) at++;
    const openTime = out.openTimeMs[row]!;
    if (divisor === 0) divisor = unitOf(openTime, line);
    else if (divisor !== unitOf(openTime, line)) throw new CsvError(line, `its time unit differs: ${openTime}`);
    if (divisor !== 1) {
      out.openTimeMs[row] = Math.floor(openTime / divisor);
      out.closeTimeMs[row] = Math.floor(out.closeTimeMs[row]! / divisor);
    }
    row++;
  }
  return {
    columns: sliceCandles(out, 0, row),
    timeUnit: divisor === 0 ? undefined : divisor === 1 ? "ms" : "us",
    hasHeader,
  };
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= ZERO + 9;
}

function countLines(bytes: Uint8Array, from: number): number {
  let lines = 1;
  for (let at = bytes.indexOf(NEWLINE, from); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}

/** Only line ends until the end of the file. */
function isBlankRest(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== NEWLINE && bytes[at] !== RETURN) return false;
  for (let k = at; k < bytes.length; k++) if (bytes[k] !== NEWLINE && bytes[k] !== RETURN) return false;
  return true;
}

function checkHeader(bytes: Uint8Array): number {
  const lineEnd = bytes.indexOf(NEWLINE);
  const end = lineEnd < 0 ? bytes.length : lineEnd;
  const text = new TextDecoder().decode(bytes.subarray(0, end)).replace(/^\ufeff/, "").trim();
  const names = text.split(",").map((name) => name.trim().toLowerCase());
  HEADER_NAMES.forEach((known, field) => {
    if (!known.includes(names[field] ?? "")) {
      throw new CsvError(1, `its column ${field + 1} is '${names[field] ?? ""}' instead of '${known[0]}'`);
    }
  });
  if (names.length > FIELDS) throw new CsvError(1, `it has ${names.length} columns instead of ${FIELDS}`);
  return lineEnd < 0 ? bytes.length : lineEnd + 1;
}

function fieldEnd(bytes: Uint8Array, start: number): number {
  let end = start;
  while (end < bytes.length && bytes[end] !== COMMA && bytes[end] !== NEWLINE && bytes[end] !== RETURN) end++;
  return end;
}

function readSlow(bytes: Uint8Array, start: number, end: number, line: number, field: number): number {
  const text = new TextDecoder().decode(bytes.subarray(start, end));
  if (NUMBER.test(text)) return Number(text);
  throw new CsvError(line, `its ${HEADER_NAMES[field]![0]} is no number: '${text.slice(0, 40)}'`);
}

function lineText(bytes: Uint8Array, within: number): string {
  let start = within;
  while (start > 0 && bytes[start - 1] !== NEWLINE) start--;
  const lineEnd = bytes.indexOf(NEWLINE, within);
  return new TextDecoder().decode(bytes.subarray(start, lineEnd < 0 ? bytes.length : lineEnd)).trim().slice(0, 160);
}

function unitOf(openTime: number, line: number): number {
  if (openTime >= MICROSECONDS_FROM) return 1000;
  if (openTime >= MILLISECONDS_FROM) return 1;
  throw new CsvError(line, `its open time is neither milliseconds nor microseconds: ${openTime}`);
}
