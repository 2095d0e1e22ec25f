import {
  CANDLE_FIELDS,
  type CandleBatch,
  type CandleColumns,
  type CandleQuery,
  type CandleSource,
  DAY_MS,
  type DayDigest,
  lowerBound,
  type SeriesId,
  sliceCandles,
  startOfDay,
  type TimeRange,
  toIsoDay,
  type WriteSummary,
} from "../../core/mod.ts";
import {
  appendCandles,
  CANDLE_COLUMNS,
  CANDLE_SELECT,
  type ChunkAppender,
  createCandleAppender,
  readCandles,
  roomFor,
} from "./columns.ts";
import { compareCandles } from "../compare_candles.ts";
import { digestDays } from "../day_digest.ts";
import type { DuckDbSession } from "../duckdb_session.ts";
import { appendRows, number, OF_SERIES, seriesValues, text } from "./rows.ts";

const IN_RANGE = `${OF_SERIES} AND open_time >= ? AND open_time < ?`;

/** Number of candles of a query. */
export async function countCandles(session: DuckDbSession, query: CandleQuery): Promise<number> {
  const [row] = await session.rows(`SELECT count(*) AS n FROM candles WHERE ${IN_RANGE}`, queryValues(session, query));
  return number(row!, "n");
}

/** All candles of a query, ascending; through the session's own connection, so that a transaction sees its rows. */
export async function loadCandles(session: DuckDbSession, query: CandleQuery): Promise<CandleColumns> {
  const columns = roomFor(await countCandles(session, query));
  let offset = 0;
  const result = await session.guard(() =>
    session.connection.stream(selectSql(), [...queryValues(session, query)] as never)
  );
  for (;;) {
    const chunk = await session.guard(() => result.fetchChunk());
    if (chunk === null || chunk.rowCount === 0) break;
    offset += readCandles(chunk, columns, offset);
  }
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
    const result = await session.guard(() => connection.stream(selectSql(), [...queryValues(session, query)] as never));
    let room = roomFor(batchRows);
    let filled = 0;
    for (;;) {
      const chunk = await session.guard(() => result.fetchChunk());
      if (chunk === null || chunk.rowCount === 0) break;
      if (filled + chunk.rowCount > batchRows) {
        yield sliceCandles(room, 0, filled);
        room = roomFor(batchRows);
        filled = 0;
      }
      filled += readCandles(chunk, room, filled);
    }
    if (filled > 0) yield sliceCandles(room, 0, filled);
  } finally {
    connection.closeSync();
  }
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

/** Writes batches inside the transaction at hand and keeps `day_digests` true; the caller commits. */
export async function writeCandles(
  session: DuckDbSession,
  series: SeriesId,
  batches: readonly CandleBatch[],
  options: { readonly revise: boolean; readonly nowMs: number },
): Promise<WriteSummary> {
  const filled = batches.filter(({ columns }) => columns.length > 0);
  if (filled.length === 0) return { added: 0, revised: 0 };
  const span = spanOf(filled);
  const known = new Set((await storedDayDigests(session, series, span)).map(({ day }) => day));
  const writer = new BatchWriter(session, series, known, options);
  try {
    for (const batch of filled) await writer.write(batch);
  } finally {
    writer.closeAppender();
  }
  await writer.writeDigests();
  return { added: writer.added, revised: writer.revised };
}

class BatchWriter {
  added = 0;
  revised = 0;
  readonly #session: DuckDbSession;
  readonly #series: SeriesId;
  readonly #known: ReadonlySet<string>;
  readonly #options: { readonly revise: boolean; readonly nowMs: number };
  /** Days written to, with their digest where the batch at hand was the whole day. */
  readonly #days = new Map<string, DayDigest | undefined>();
  #appender: { readonly source: CandleSource; readonly appender: ChunkAppender } | undefined;

  constructor(
    session: DuckDbSession,
    series: SeriesId,
    known: ReadonlySet<string>,
    options: { readonly revise: boolean; readonly nowMs: number },
  ) {
    this.#session = session;
    this.#series = series;
    this.#known = known;
    this.#options = options;
  }

  async write(batch: CandleBatch): Promise<void> {
    const { columns, source } = batch;
    requireAscending(columns);
    const digests = digestDays(columns);
    if (digests.some(({ day }) => this.#known.has(day) || this.#days.has(day))) {
      await this.#merge(columns, source);
      for (const { day } of digests) this.#days.set(day, undefined);
      return;
    }
    // No stored row can share a day with these, so none can share a minute.
    appendCandles(await this.#appenderFor(source), columns);
    this.added += columns.length;
    for (const digest of digests) this.#days.set(digest.day, digest);
  }

  closeAppender(): void {
    this.#appender?.appender[Symbol.dispose]();
    this.#appender = undefined;
  }

  async writeDigests(): Promise<void> {
    const digests: DayDigest[] = [];
    for (const [day, digest] of this.#days) {
      if (digest !== undefined) digests.push(digest);
      else {
        const startMs = Date.parse(day);
        const range = { startMs, endMs: startMs + DAY_MS };
        digests.push(...digestDays(await loadCandles(this.#session, { ...this.#series, range })));
      }
    }
    const days = digests.filter(({ day }) => this.#known.has(day)).map(({ day }) => day);
    if (days.length > 0) {
      await this.#session.run(
        `DELETE FROM day_digests WHERE ${OF_SERIES} AND "day" IN (${days.map(() => "?::DATE").join(", ")})`,
        [...seriesValues(this.#series), ...days],
      );
    }
    const { DuckDBDateValue } = this.#session.api;
    await appendRows(
      this.#session,
      "day_digests",
      digests.map(({ day, rows, sha256 }) => [
        ...seriesValues(this.#series),
        new DuckDBDateValue(Date.parse(day) / DAY_MS),
        rows,
        sha256,
      ]),
    );
  }

  async #merge(columns: CandleColumns, source: CandleSource): Promise<void> {
    this.closeAppender(); // rows of this transaction become visible
    const range = { startMs: columns.openTimeMs[0]!, endMs: columns.openTimeMs[columns.length - 1]! + 1 };
    const stored = await loadCandles(this.#session, { ...this.#series, range });
    const { fresh, changed } = compareCandles(stored, columns);
    if (fresh.length > 0) appendCandles(await this.#appenderFor(source), fresh);
    this.added += fresh.length;
    if (!this.#options.revise || changed.length === 0) return;
    this.closeAppender();
    await this.#recordRevisions(stored, changed, source);
    await this.#overwrite(changed, source);
    this.revised += changed.length;
  }

  async #recordRevisions(stored: CandleColumns, changed: CandleColumns, source: CandleSource): Promise<void> {
    const sources = await this.#sourcesAt(changed);
    const seenAt = this.#session.timestamp(this.#options.nowMs);
    const rows = [];
    for (let i = 0; i < changed.length; i++) {
      const openTimeMs = changed.openTimeMs[i]!;
      const at = lowerBound(stored.openTimeMs, openTimeMs);
      for (const field of CANDLE_FIELDS) {
        const before = stored[field][at]!, after = changed[field][i]!;
        if (Object.is(before, after)) continue;
        rows.push([
          ...seriesValues(this.#series),
          this.#session.timestamp(openTimeMs),
          CANDLE_COLUMNS[field],
          Number.isNaN(before) ? null : before,
          Number.isNaN(after) ? null : after,
          sources.get(openTimeMs) ?? source,
          source,
          seenAt,
        ]);
      }
    }
    await appendRows(this.#session, "candle_revisions", rows);
  }

  async #sourcesAt(columns: CandleColumns): Promise<Map<number, string>> {
    const range = { startMs: columns.openTimeMs[0]!, endMs: columns.openTimeMs[columns.length - 1]! + 1 };
    const rows = await this.#session.rows(
      `SELECT epoch_ms(open_time) AS ms, source FROM candles WHERE ${IN_RANGE}`,
      queryValues(this.#session, { ...this.#series, range }),
    );
    return new Map(rows.map((row) => [number(row, "ms"), text(row, "source")]));
  }

  async #overwrite(changed: CandleColumns, source: CandleSource): Promise<void> {
    await this.#session.run("CREATE OR REPLACE TEMP TABLE revised_candles AS FROM candles LIMIT 0");
    {
      using appender = await createCandleAppender(this.#session, "revised_candles", this.#series, source);
      appendCandles(appender, changed);
    }
    const columns = [...Object.values(CANDLE_COLUMNS), "source"].filter((name) => name !== "open_time");
    await this.#session.run(
      `UPDATE candles SET ${columns.map((name) => `${name} = r.${name}`).join(", ")} FROM revised_candles r
       WHERE candles.exchange = r.exchange AND candles.symbol = r.symbol AND candles."interval" = r."interval"
         AND candles.open_time = r.open_time`,
    );
    await this.#session.run("DROP TABLE revised_candles");
  }

  async #appenderFor(source: CandleSource): Promise<ChunkAppender> {
    if (this.#appender?.source !== source) {
      this.closeAppender();
      const appender = await createCandleAppender(this.#session, "candles", this.#series, source);
      this.#appender = { source, appender };
    }
    return this.#appender!.appender;
  }
}

function selectSql(): string {
  return `SELECT ${CANDLE_SELECT} FROM candles WHERE ${IN_RANGE} ORDER BY open_time`;
}

function queryValues(session: DuckDbSession, query: CandleQuery) {
  const { startMs, endMs } = query.range;
  return [...seriesValues(query), session.timestamp(startMs), session.timestamp(endMs)];
}

function spanOf(batches: readonly CandleBatch[]): TimeRange {
  let startMs = Infinity, endMs = -Infinity;
  for (const { columns } of batches) {
    startMs = Math.min(startMs, columns.openTimeMs[0]!);
    endMs = Math.max(endMs, columns.openTimeMs[columns.length - 1]! + 1);
  }
  return { startMs, endMs };
}

function requireAscending({ openTimeMs, length }: CandleColumns): void {
  for (let i = 1; i < length; i++) {
    if (!(openTimeMs[i]! > openTimeMs[i - 1]!)) {
      throw new RangeError(
        `Cannot write candles as their open times must ascend: row ${i} opens at ${openTimeMs[i]} after ${
          openTimeMs[i - 1]
        }`,
      );
    }
  }
}
