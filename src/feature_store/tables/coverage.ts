import {
  DAY_MS,
  intersectRanges,
  INTERVAL_MS,
  mergeRanges,
  rangesFromGrid,
  type SeriesId,
  type TimeRange,
} from "../../core/mod.ts";
import { storedDayDigests } from "./candle_table.ts";
import type { DuckDbSession } from "../duckdb_session.ts";
import { number, OF_SERIES, seriesValues } from "./rows.ts";

const EVER: TimeRange = { startMs: 0, endMs: Date.UTC(2200, 0, 1) };

/**
 * Merged spans that have candles. Whole days are known from their row count; only days with holes have their open
 * times read, so that two years cost milliseconds.
 */
export async function coverageOf(
  session: DuckDbSession,
  series: SeriesId,
  range: TimeRange = EVER,
): Promise<TimeRange[]> {
  const stepMs = INTERVAL_MS[series.interval];
  const spans: TimeRange[] = [];
  const partial: number[] = [];
  for (const { day, rows } of await storedDayDigests(session, series, range)) {
    const startMs = Date.parse(day);
    if (rows === DAY_MS / stepMs) spans.push({ startMs, endMs: startMs + DAY_MS });
    else partial.push(startMs);
  }
  for (const startMs of partial) {
    const rows = await session.rows(
      `SELECT epoch_ms(open_time) AS ms FROM candles WHERE ${OF_SERIES} AND open_time >= ? AND open_time < ?
       ORDER BY open_time`,
      [...seriesValues(series), session.timestamp(startMs), session.timestamp(startMs + DAY_MS)],
    );
    spans.push(...rangesFromGrid(rows.map((row) => number(row, "ms")), stepMs));
  }
  return mergeRanges(spans.map((span) => intersectRanges(span, range)));
}
