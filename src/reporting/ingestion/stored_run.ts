import {
  type CandleQuery,
  DomainError,
  type FeatureReader,
  type IngestRunRecord,
  INTERVAL_MS,
  isInterval,
  parseInstant,
  type SeriesId,
} from "../../core/mod.ts";
import { filesOfRange } from "./ledger.ts";
import type { IngestReportRun } from "./run.ts";

/** How many of the newest runs are looked through for an id. */
const RUNS = 10_000;

/** An ingest as the store remembers it, and the series and range that it asked for. */
export interface StoredIngest {
  /** What the ingest did, as far as it is known now. */
  readonly run: IngestReportRun;
  /** Series and range that it asked for. */
  readonly query: CandleQuery;
}

/**
 * Finds an ingest run by its id or the beginning of it, or the newest one, and puts together from the store what its
 * report tells: rows, gaps and files are those of now; request counts and warnings are not kept.
 *
 * @throws {DomainError} `not-found` where there is no such run; `input-invalid` where several begin like that, or where
 *   the run does not say what it was of.
 */
export async function storedIngest(reader: FeatureReader, id?: string): Promise<StoredIngest> {
  const records = await reader.ingestRuns(RUNS);
  const record = id === undefined ? records[0] : findById(records, id);
  if (record === undefined) {
    throw new DomainError(
      "not-found",
      id === undefined ? "The feature store has no ingest run yet" : `Cannot find the ingest run '${id}'`,
      { hint: newestHint(records) },
    );
  }
  const query = await queryOf(record, reader);
  const files = filesOfRange(await reader.archiveFiles(query), query.range);
  const filesOf = (verdict: string) => files.filter((file) => file.verdict === verdict).length;
  const present = await reader.countCandles(query);
  return {
    query,
    run: {
      id: record.id,
      startedAtMs: record.startedAtMs,
      ...(record.endedAtMs === undefined ? {} : { seconds: (record.endedAtMs - record.startedAtMs) / 1000 }),
      status: record.status,
      rows: {
        expected: Math.round((query.range.endMs - query.range.startMs) / INTERVAL_MS[query.interval]),
        present,
        added: record.rowsAdded,
        revised: record.rowsRevised,
      },
      gaps: await reader.gaps(query, query.range),
      files: {
        verified: filesOf("verified"),
        unverified: filesOf("unverified"),
        missing: filesOf("missing"),
      },
      datasetDigest: await reader.datasetDigest(query),
      warnings: [],
      settings: record.settings,
    },
  };
}

function findById(records: readonly IngestRunRecord[], id: string): IngestRunRecord | undefined {
  const exact = records.find((record) => record.id === id);
  if (exact !== undefined || id === "") return exact;
  const alike = records.filter((record) => record.id.startsWith(id));
  if (alike.length > 1) {
    throw new DomainError(
      "input-invalid",
      `Cannot tell which ingest run is meant as ${alike.length} ids begin with '${id}'`,
      { hint: `Write more of it, such as ${alike[0]!.id}` },
    );
  }
  return alike[0];
}

function newestHint(records: readonly IngestRunRecord[]): string {
  return records.length === 0
    ? "Bring candles in with: task ingest"
    : `The newest runs are ${records.slice(0, 3).map(({ id }) => id).join(", ")}`;
}

async function queryOf(record: IngestRunRecord, reader: FeatureReader): Promise<CandleQuery> {
  const series = seriesOf(record.settings) ?? await onlySeries(record, reader);
  const { since, until } = record.settings;
  if (typeof since !== "string" || typeof until !== "string") throw unclear(record, "its range");
  return { ...series, range: { startMs: parseInstant(since, "since"), endMs: parseInstant(until, "until") } };
}

function seriesOf({ exchange, symbol, interval }: Readonly<Record<string, unknown>>): SeriesId | undefined {
  if (typeof exchange !== "string" || typeof symbol !== "string" || typeof interval !== "string") return undefined;
  return isInterval(interval) ? { exchange, symbol, interval } : undefined;
}

async function onlySeries(record: IngestRunRecord, reader: FeatureReader): Promise<SeriesId> {
  const [first, ...others] = await reader.series();
  if (first === undefined || others.length > 0) throw unclear(record, "its series");
  return first;
}

function unclear(record: IngestRunRecord, what: string): DomainError {
  return new DomainError("input-invalid", `Cannot report on ingest run '${record.id}' as it does not say ${what}`, {
    hint: "Run the ingest again: it writes a report of its own",
  });
}
