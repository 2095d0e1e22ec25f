import type { CandleColumns, CandleQuery, CandleSource, Gap, SeriesId } from "../candle.ts";
import type { TimeRange } from "../time_range.ts";
import type { FeatureMatrix } from "./feature_engine.ts";

/** What became of an archive file. */
export type FileVerdict = "verified" | "unverified" | "mismatch" | "corrupt" | "missing";

/** Ledger row of an archive file (table `archive_files`). */
export interface ArchiveFileRecord {
  /** URL or path of the file. */
  readonly location: string;
  /** Whether the file holds a day or a month. */
  readonly kind: "daily" | "monthly";
  /** Published checksum, where there is one. */
  readonly expectedSha256?: string;
  /** sha256 of the bytes read. */
  readonly actualSha256?: string;
  /** What the checks said. */
  readonly verdict: FileVerdict;
  /** Size of the file. */
  readonly bytes: number;
  /** Candles in it. */
  readonly rows: number;
  /** Open time of its first candle. */
  readonly firstOpenTimeMs?: number;
  /** Open time of its last candle. */
  readonly lastOpenTimeMs?: number;
  /** Unit of its times, told from the content. */
  readonly timeUnit?: "ms" | "us";
  /** Whether its CSV has a header line. */
  readonly hasHeader?: boolean;
  /** When it was read. */
  readonly fetchedAtMs: number;
}

/** Candles of one source file or page, to be stored whole or not at all. */
export interface CandleBatch {
  /** Where the candles came from. */
  readonly source: CandleSource;
  /** The candles. */
  readonly columns: CandleColumns;
  /** Ledger row of the file, where the batch came from one. */
  readonly file?: ArchiveFileRecord;
}

/** What a write did. */
export interface WriteSummary {
  /** Rows that were not there before. */
  readonly added: number;
  /** Rows whose value changed; each changed column is a row of `candle_revisions`. */
  readonly revised: number;
}

/** sha256 of a UTC day's candles in canonical bytes (design section 5). */
export interface DayDigest {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  /** Candles in it. */
  readonly rows: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

/** A finished or running ingest (table `ingest_runs`). */
export interface IngestRunRecord {
  /** Id of the run. */
  readonly id: string;
  /** When it began. */
  readonly startedAtMs: number;
  /** When it ended; unset while running. */
  readonly endedAtMs?: number;
  /** State. */
  readonly status: "running" | "finished" | "failed" | "interrupted";
  /** What was asked for. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** New rows. */
  readonly rowsAdded: number;
  /** Rows whose values changed. */
  readonly rowsRevised: number;
  /** Digest of that dataset. */
  readonly datasetDigest?: string;
}

/** Reading side of the store; most code gets this one. */
export interface FeatureReader extends AsyncDisposable {
  /** Series that have candles. */
  series(): Promise<readonly SeriesId[]>;
  /** First open time and end of the last candle of a series, or undefined where it has none. */
  span(series: SeriesId): Promise<TimeRange | undefined>;
  /** Number of stored candles in the range. */
  countCandles(query: CandleQuery): Promise<number>;
  /** Merged spans that have candles, within `range` where given. */
  coverage(series: SeriesId, range?: TimeRange): Promise<readonly TimeRange[]>;
  /** All candles of the range as one set of columns, ascending. */
  loadCandles(query: CandleQuery): Promise<CandleColumns>;
  /** The same in batches of at most 65,536 rows. */
  scan(query: CandleQuery): AsyncIterable<CandleColumns>;
  /** Recorded gaps that touch the range, open ones only by default. */
  gaps(series: SeriesId, range: TimeRange, options?: { readonly closed?: boolean }): Promise<readonly Gap[]>;
  /** Digests of the days of the range that have rows; a partly covered day hashes its rows in range. */
  dayDigests(query: CandleQuery): Promise<readonly DayDigest[]>;
  /** sha256 over (`YYYY-MM-DD`, 32 bytes) of the range's days in order, as 64 hex digits. */
  datasetDigest(query: CandleQuery): Promise<string>;
  /** Ledger of archive files. */
  archiveFiles(series: SeriesId): Promise<readonly ArchiveFileRecord[]>;
  /** Count of stored rows per source in the range. */
  sourceCounts(query: CandleQuery): Promise<Readonly<Partial<Record<CandleSource, number>>>>;
  /** The newest ingest runs, newest first. */
  ingestRuns(limit: number): Promise<readonly IngestRunRecord[]>;
  /** Decision times `[start, end)` for which the materialised feature set of this digest has rows; undefined where there are none. */
  featureSpan(name: string, digest: string, series: SeriesId): Promise<TimeRange | undefined>;
  /** Materialised features whose decision time lies in the range, ascending. @throws {DomainError} `not-found`. */
  loadFeatures(name: string, query: CandleQuery): Promise<FeatureMatrix>;
}

/** The whole store; one writer at a time. */
export interface FeatureStore extends FeatureReader {
  /**
   * Stores the batches of one transaction. Rows already there and equal are left; rows that differ are
   * revised where `revise` holds, else kept as they are (the caller decides who wins).
   */
  writeCandles(
    series: SeriesId,
    batches: readonly CandleBatch[],
    options?: { readonly revise?: boolean },
  ): Promise<WriteSummary>;
  /** Ledger row of a file that gave no rows (missing, corrupt, mismatch). */
  recordFile(series: SeriesId, file: ArchiveFileRecord): Promise<void>;
  /** Makes the open gaps of `range` exactly `gaps`: new ones are added, those that data filled are closed. */
  replaceGaps(series: SeriesId, range: TimeRange, gaps: readonly Gap[], seenAtMs: number): Promise<void>;
  /** Inserts or updates an ingest run by id. */
  recordIngestRun(run: IngestRunRecord): Promise<void>;
  /** Appends rows to `features_<name>` (created on demand; dropped and begun anew where the digest changed). */
  writeFeatures(
    series: SeriesId,
    set: { readonly name: string; readonly digest: string; readonly definition: string; readonly codeVersion: string },
    matrix: FeatureMatrix,
  ): Promise<void>;
}
