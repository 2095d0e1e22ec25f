import {
  allocateCandles,
  type AllocateOptions,
  type CandleColumns,
  type CandleQuery,
  type CandleSource,
  DAY_MS,
  type DayDigest,
  INTERVAL_MS,
  type SeriesId,
  sliceCandles,
  type SourceSpan,
  startOfDay,
  type TimeRange,
  toIsoDay,
} from "../../core/mod.ts";
import { chunksOf } from "./chunks.ts";
import { CANDLE_SELECT, readCandles } from "./columns.ts";
import type { DuckDbSession } from "../duckdb_session.ts";
import { millis, number, OF_SERIES, seriesValues, text } from "./rows.ts";

/** `WHERE` terms that pick the candles of a query; bind {@linkcode queryValues}. */
export const IN_RANGE = `${OF_SERIES} AND open_time >= ? AND open_time < ?`;

/** Number of candles of a query. */
export async function countCandles(session: DuckDbSession, query: CandleQuery): Promise<number> {
  const [row] = await session.rows(`SELECT count(*) AS n FROM candles WHERE ${IN_RANGE}`, queryValues(session, query));
  return number(row!, "n");
}

/** All candles of a query, ascending; through the session's own connection, so that a transaction sees its rows. */
export async function loadCandles(
  session: DuckDbSession,
  query: CandleQuery,
  options: AllocateOptions = {},
): Promise<CandleColumns> {
  const count = await countCandles(session, query), columns = allocateCandles(count, options);
  let offset = 0;
  const result = await session.guard(() =>
    session.connection.stream(selectSql(), [...queryValues(session, query)] as never)
  );
  for await (const chunk of chunksOf(session, result, count)) offset += readCandles(chunk, columns, offset);
  return columns;
}

/** The candles of a query in batches of at most `batchRows`, on a connection of its own. */
export async function* scanCandles(
  session: DuckDbSession,
  query: CandleQuery,
  batchRows: number,
): AsyncGenerator<CandleColumns> {
  const connection = await session.connect();
  try {
    const count = await countCandles(session, query);
    const result = await session.guard(() => connection.stream(selectSql(), [...queryValues(session, query)] as never));
    let room = allocateCandles(batchRows);
    let filled = 0;
    for await (const chunk of chunksOf(session, result, count)) {
      if (filled + chunk.rowCount > batchRows) {
        yield sliceCandles(room, 0, filled);
        room = allocateCandles(batchRows);
        filled = 0;
      }
      filled += readCandles(chunk, room, filled);
    }
    if (filled > 0) yield sliceCandles(room, 0, filled);
  } finally {
    connection.closeSync();
  }
}

/** Stretches of candles of a query from one source, ascending. */
export async function readSourceSpans(session: DuckDbSession, query: CandleQuery): Promise<SourceSpan[]> {
  const rows = await session.rows(
    `SELECT source, min(open_time) AS first, max(open_time) AS last, count(*) AS n FROM (
       SELECT source, open_time,
              row_number() OVER (ORDER BY open_time) - row_number() OVER (PARTITION BY source ORDER BY open_time) AS island
       FROM candles WHERE ${IN_RANGE})
     GROUP BY source, island ORDER BY first`,
    queryValues(session, query),
  );
  return rows.map((row) => ({
    source: text(row, "source") as CandleSource,
    startMs: millis(row, "first"),
    endMs: millis(row, "last") + INTERVAL_MS[query.interval],
    rows: number(row, "n"),
  }));
}

/** Digests of whole stored days in a range of days. */
export async function storedDayDigests(
  session: DuckDbSession,
  series: SeriesId,
  range: TimeRange,
): Promise<DayDigest[]> {
  const rows = await session.rows(
    `SELECT "day"::VARCHAR AS day_text, rows, sha256 FROM day_digests
     WHERE ${OF_SERIES} AND "day" >= ?::DATE AND "day" < ?::DATE ORDER BY "day"`,
    [...seriesValues(series), toIsoDay(startOfDay(range.startMs)), toIsoDay(range.endMs + DAY_MS - 1)],
  );
  return rows.map((row) => ({ day: text(row, "day_text"), rows: number(row, "rows"), sha256: text(row, "sha256") }));
}

function selectSql(): string {
  return `SELECT ${CANDLE_SELECT} FROM candles WHERE ${IN_RANGE} ORDER BY open_time`;
}

/** Values of {@linkcode IN_RANGE}. */
export function queryValues(session: DuckDbSession, query: CandleQuery) {
  const { startMs, endMs } = query.range;
  return [...seriesValues(query), session.timestamp(startMs), session.timestamp(endMs)];
}
