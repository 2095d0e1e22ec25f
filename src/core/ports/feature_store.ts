import type { AllocateOptions, CandleColumns, CandleQuery, CandleSource, Gap, SeriesId } from "../candle.ts";
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
  /** Open times that the source was asked for as a second opinion: a stored candle in it that the batch lacks differs. */
  readonly covers?: TimeRange;
}

/** Whether what a source offers replaces a differing candle of the stored source. */
export type CandleWins = (stored: CandleSource, offered: CandleSource) => boolean;

/** What a write did. */
export interface WriteSummary {
  /** Rows that were not there before. */
  readonly added: number;
  /** Rows whose value changed; each changed column is a row of `candle_revisions`. */
  readonly revised: number;
  /** Rows that the source gave otherwise, or lacks, and that stayed; in `candle_revisions` too, each difference once. */
  readonly kept: number;
}

/** A value that two sources gave differently (table `candle_revisions`). */
export interface CandleRevision {
  /** The candle's open time, epoch milliseconds. */
  readonly openTimeMs: number;
  /** Column of `candles`; `open_time` where the second source does not have the candle at all. */
  readonly column: string;
  /** Value that was stored; null where unknown. */
  readonly oldValue: number | null;
  /** Value that was offered; null where unknown, or where the source lacks the candle. */
  readonly newValue: number | null;
  /** Where the stored value came from. */
  readonly oldSource: CandleSource;
  /** Where the offered value came from. */
  readonly newSource: CandleSource;
  /** Whether the offered value replaced the stored one. */
  readonly applied: boolean;
  /** When the difference was first seen. */
  readonly seenAtMs: number;
}

/** A stretch of stored candles from one source. */
export interface SourceSpan extends TimeRange {
  /** The source of all of them. */
  readonly source: CandleSource;
  /** Number of candles. */
  readonly rows: number;
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

/**
 * What a day of materialised features was computed from: while the day's candles still have this digest, its rows
 * are up to date (table `feature_days`).
 */
export interface FeatureDay {
  /** `YYYY-MM-DD` of the candles' open times. */
  readonly day: string;
  /** Candles of the day that the rows were computed from. */
  readonly rows: number;
  /** End of the last of these candles, epoch milliseconds. */
  readonly endMs: number;
  /** Day digest of these candles. */
  readonly sha256: string;
}

/** Which feature set a write is of. */
export interface FeatureSetRecord {
  /** Name, as in `features_<name>`. */
  readonly name: string;
  /** {@linkcode FeatureEngine.digest}. */
  readonly digest: string;
  /** Canonical JSON of the definitions. */
  readonly definition: string;
  /** Version of the program that computed the rows. */
  readonly codeVersion: string;
}

/** Options of {@linkcode FeatureStore.writeFeatures}. */
export interface WriteFeaturesOptions {
  /** Decision times whose rows are deleted first, so that a recomputed span is replaced. @default nothing */
  readonly replace?: TimeRange;
  /** Days that are up to date with this write. @default none */
  readonly days?: readonly FeatureDay[];
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

/** What happened after decision times; NaN where a candle from the one before it to the end of the horizon is missing. */
export interface Outcomes {
  /** Log return of the horizon in bps. */
  readonly returnBps: Float64Array;
  /** Sum of the horizon's squared one-candle log returns in bps². */
  readonly realizedVarianceBps2: Float64Array;
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
  loadCandles(query: CandleQuery, options?: AllocateOptions): Promise<CandleColumns>;
  /** The same in batches of at most 65,536 rows. */
  scan(query: CandleQuery): AsyncIterable<CandleColumns>;
  /**
   * Outcomes of decision times over so many candles, by SQL: a second opinion on labels, for a few thousand of them.
   *
   * @param decisionTimeMs multiples of the candle's length, in any order.
   */
  outcomes(series: SeriesId, decisionTimeMs: Float64Array, horizonCandles: number): Promise<Outcomes>;
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
  /** Stretches of stored candles from one source, ascending; a hole ends none, another source does. */
  sourceSpans(query: CandleQuery): Promise<readonly SourceSpan[]>;
  /** Differences between sources on candles of the range, by open time, column and when they were seen. */
  revisions(query: CandleQuery): Promise<readonly CandleRevision[]>;
  /** The newest ingest runs, newest first. */
  ingestRuns(limit: number): Promise<readonly IngestRunRecord[]>;
  /** Decision times `[start, end)` for which the materialised feature set of this digest has rows; undefined where there are none. */
  featureSpan(name: string, digest: string, series: SeriesId): Promise<TimeRange | undefined>;
  /** What each day of the materialised set of this digest was computed from, ascending; empty where there is none. */
  featureDays(name: string, digest: string, series: SeriesId): Promise<readonly FeatureDay[]>;
  /**
   * Materialised features whose decision time lies in the range, ascending.
   *
   * @throws {DomainError} `not-found`.
   */
  loadFeatures(name: string, query: CandleQuery, options?: AllocateOptions): Promise<FeatureMatrix>;
}

/** The whole store; one writer at a time. */
export interface FeatureStore extends FeatureReader {
  /**
   * Stores the batches of one transaction. Rows already there and equal are left; rows that differ are revised where
   * `wins` says so, else kept as they are. Either way the difference is recorded with both values.
   */
  writeCandles(
    series: SeriesId,
    batches: readonly CandleBatch[],
    options?: { readonly wins?: CandleWins },
  ): Promise<WriteSummary>;
  /** Ledger rows of files that gave no rows (missing, corrupt, mismatch). */
  recordFiles(series: SeriesId, files: readonly ArchiveFileRecord[]): Promise<void>;
  /** Makes the open gaps of `range` exactly `gaps`: new ones are added, those that data filled are closed. */
  replaceGaps(series: SeriesId, range: TimeRange, gaps: readonly Gap[], seenAtMs: number): Promise<void>;
  /** Inserts or updates an ingest run by id. */
  recordIngestRun(run: IngestRunRecord): Promise<void>;
  /** Appends rows to `features_<name>` (created on demand; dropped and begun anew where the digest changed). */
  writeFeatures(
    series: SeriesId,
    set: FeatureSetRecord,
    matrix: FeatureMatrix,
    options?: WriteFeaturesOptions,
  ): Promise<void>;
}
