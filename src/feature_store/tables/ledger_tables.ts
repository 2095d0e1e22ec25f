import {
  type ArchiveFileRecord,
  type CandleQuery,
  type CandleSource,
  type FileVerdict,
  type Gap,
  type GapCause,
  type IngestRunRecord,
  type SeriesId,
  type TimeRange,
} from "../../core/mod.ts";
import type { DuckDbSession } from "../duckdb_session.ts";
import { reconcileGaps } from "../gap_reconcile.ts";
import { appendRows, millis, number, OF_SERIES, optional, seriesValues, text } from "./rows.ts";

/** Files per `IN` list of a delete. */
const LOCATIONS_AT_ONCE = 500;

/** Inserts ledger rows of archive files, replacing those of the same location. */
export async function writeArchiveFiles(
  session: DuckDbSession,
  series: SeriesId,
  files: readonly ArchiveFileRecord[],
): Promise<void> {
  for (let start = 0; start < files.length; start += LOCATIONS_AT_ONCE) {
    const locations = files.slice(start, start + LOCATIONS_AT_ONCE).map(({ location }) => location);
    await session.run(
      `DELETE FROM archive_files WHERE ${OF_SERIES} AND location IN (${locations.map(() => "?").join(", ")})`,
      [...seriesValues(series), ...locations],
    );
  }
  const time = (ms: number | undefined) => ms === undefined ? null : session.timestamp(ms);
  await appendRows(
    session,
    "archive_files",
    files.map((file) => [
      ...seriesValues(series),
      file.location,
      file.kind,
      file.expectedSha256 ?? null,
      file.actualSha256 ?? null,
      file.verdict,
      BigInt(file.bytes),
      file.rows,
      time(file.firstOpenTimeMs),
      time(file.lastOpenTimeMs),
      file.timeUnit ?? null,
      file.hasHeader ?? null,
      session.timestamp(file.fetchedAtMs),
    ]),
  );
}

/** Ledger of archive files of a series, by location. */
export async function readArchiveFiles(session: DuckDbSession, series: SeriesId): Promise<ArchiveFileRecord[]> {
  const rows = await session.rows(
    `SELECT * FROM archive_files WHERE ${OF_SERIES} ORDER BY location`,
    seriesValues(series),
  );
  return rows.map((row) => ({
    location: text(row, "location"),
    kind: text(row, "kind") as ArchiveFileRecord["kind"],
    ...optional(row, "expected_sha256", "expectedSha256", text),
    ...optional(row, "actual_sha256", "actualSha256", text),
    verdict: text(row, "verdict") as FileVerdict,
    bytes: number(row, "bytes"),
    rows: number(row, "rows"),
    ...optional(row, "first_open_time", "firstOpenTimeMs", millis),
    ...optional(row, "last_open_time", "lastOpenTimeMs", millis),
    ...optional(row, "time_unit", "timeUnit", (from, column) => text(from, column) as "ms" | "us"),
    ...optional(row, "has_header", "hasHeader", (from, column) => from[column] === true),
    fetchedAtMs: millis(row, "fetched_at"),
  }));
}

/** Gaps that touch the range, by start; with `closed` also those that data has filled. */
export async function readGaps(
  session: DuckDbSession,
  series: SeriesId,
  range: TimeRange,
  closed: boolean,
): Promise<Gap[]> {
  const rows = await session.rows(
    `SELECT * FROM gaps WHERE ${OF_SERIES} AND start_time < ? AND end_time > ?
     ${closed ? "" : "AND closed_at IS NULL"} ORDER BY start_time, end_time`,
    [...seriesValues(series), session.timestamp(range.endMs), session.timestamp(range.startMs)],
  );
  return rows.map((row) => ({
    startMs: millis(row, "start_time"),
    endMs: millis(row, "end_time"),
    minutes: number(row, "minutes"),
    cause: text(row, "cause") as GapCause,
    evidence: text(row, "evidence"),
    firstSeenAtMs: millis(row, "first_seen_at"),
    ...optional(row, "closed_at", "closedAtMs", millis),
  }));
}

/** Makes the open gaps of the range the wanted ones; inside the transaction at hand. */
export async function replaceGaps(
  session: DuckDbSession,
  series: SeriesId,
  range: TimeRange,
  wanted: readonly Gap[],
  seenAtMs: number,
): Promise<void> {
  const { remove, add } = reconcileGaps(await readGaps(session, series, range, false), range, wanted, seenAtMs);
  for (const gap of remove) {
    await session.run(
      `DELETE FROM gaps WHERE ${OF_SERIES} AND start_time = ? AND end_time = ? AND closed_at IS NULL`,
      [...seriesValues(series), session.timestamp(gap.startMs), session.timestamp(gap.endMs)],
    );
  }
  await appendRows(
    session,
    "gaps",
    add.map((gap) => [
      ...seriesValues(series),
      session.timestamp(gap.startMs),
      session.timestamp(gap.endMs),
      gap.minutes,
      gap.cause,
      gap.evidence,
      session.timestamp(gap.firstSeenAtMs),
      gap.closedAtMs === undefined ? null : session.timestamp(gap.closedAtMs),
    ]),
  );
}

/** Inserts or replaces an ingest run; inside the transaction at hand. */
export async function writeIngestRun(session: DuckDbSession, run: IngestRunRecord): Promise<void> {
  await session.run("DELETE FROM ingest_runs WHERE id = ?", [run.id]);
  await session.run("INSERT INTO ingest_runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [
    run.id,
    session.timestamp(run.startedAtMs),
    run.endedAtMs === undefined ? null : session.timestamp(run.endedAtMs),
    run.status,
    JSON.stringify(run.settings),
    BigInt(run.rowsAdded),
    BigInt(run.rowsRevised),
    run.datasetDigest ?? null,
  ]);
}

/** The newest ingest runs, newest first. */
export async function readIngestRuns(session: DuckDbSession, limit: number): Promise<IngestRunRecord[]> {
  const rows = await session.rows("SELECT * FROM ingest_runs ORDER BY started_at DESC, id DESC LIMIT ?", [limit]);
  return rows.map((row) => ({
    id: text(row, "id"),
    startedAtMs: millis(row, "started_at"),
    ...optional(row, "ended_at", "endedAtMs", millis),
    status: text(row, "status") as IngestRunRecord["status"],
    settings: JSON.parse(text(row, "settings")) as Record<string, unknown>,
    rowsAdded: number(row, "rows_added"),
    rowsRevised: number(row, "rows_revised"),
    ...optional(row, "dataset_digest", "datasetDigest", text),
  }));
}

/** Stored rows per source in the range. */
export async function countSources(
  session: DuckDbSession,
  query: CandleQuery,
): Promise<Partial<Record<CandleSource, number>>> {
  const rows = await session.rows(
    `SELECT source, count(*) AS n FROM candles WHERE ${OF_SERIES} AND open_time >= ? AND open_time < ?
     GROUP BY source ORDER BY source`,
    [...seriesValues(query), session.timestamp(query.range.startMs), session.timestamp(query.range.endMs)],
  );
  return Object.fromEntries(rows.map((row) => [text(row, "source"), number(row, "n")]));
}
