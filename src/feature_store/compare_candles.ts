import { allocateCandles, CANDLE_FIELDS, type CandleColumns, type TimeRange } from "../core/mod.ts";

/** Candles that are new beside stored ones, and those that differ from them. */
export interface CandleComparison {
  /** Rows of `incoming` whose open time is not stored, ascending. */
  readonly fresh: CandleColumns;
  /** Rows of `incoming` that are stored with another value, ascending. */
  readonly changed: CandleColumns;
}

/** Splits ascending `incoming` by ascending `stored`; equal rows are dropped. NaN equals NaN. O(n). */
export function compareCandles(stored: CandleColumns, incoming: CandleColumns): CandleComparison {
  const fresh: number[] = [];
  const changed: number[] = [];
  for (let i = 0, j = 0; i < incoming.length; i++) {
    while (j < stored.length && stored.openTimeMs[j]! < incoming.openTimeMs[i]!) j++;
    if (j >= stored.length || stored.openTimeMs[j] !== incoming.openTimeMs[i]) fresh.push(i);
    else if (CANDLE_FIELDS.some((field) => !Object.is(stored[field][j], incoming[field][i]))) changed.push(i);
  }
  return { fresh: pickCandles(incoming, fresh), changed: pickCandles(incoming, changed) };
}

/** Stored open times within `covers` that ascending `incoming` does not have. O(n). */
export function absentTimes(stored: CandleColumns, incoming: CandleColumns, covers: TimeRange): number[] {
  const absent: number[] = [];
  for (let i = 0, j = 0; i < stored.length; i++) {
    const ms = stored.openTimeMs[i]!;
    if (ms < covers.startMs || ms >= covers.endMs) continue;
    while (j < incoming.length && incoming.openTimeMs[j]! < ms) j++;
    if (j >= incoming.length || incoming.openTimeMs[j] !== ms) absent.push(ms);
  }
  return absent;
}

/** Copies of the rows at `indexes`, in that order. */
export function pickCandles(columns: CandleColumns, indexes: readonly number[]): CandleColumns {
  if (indexes.length === columns.length) return columns;
  const picked = allocateCandles(indexes.length);
  for (const field of CANDLE_FIELDS) {
    const from = columns[field], to = picked[field];
    for (let i = 0; i < indexes.length; i++) to[i] = from[indexes[i]!]!;
  }
  return picked;
}
