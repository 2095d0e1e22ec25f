import type {
  CallOptions,
  CandleRevision,
  CandleSource,
  Clock,
  DomainError,
  Exchange,
  FeatureReader,
  FeatureStore,
  Gap,
  GapCause,
  IngestRunRecord,
  Progress,
  SeriesId,
  TimeRange,
  Warning,
} from "../core/mod.ts";
import type { ArchiveSource } from "./archive/archive_source.ts";
import type { ArchiveFile } from "./archive/archive_layout.ts";
import type { RowTally } from "./commit_buffer.ts";
import type { PlanEstimate } from "./planning/estimate.ts";
import type { KnownOutage } from "./planning/outage_calendar.ts";

/** Where candles may come from: the archive for closed days and REST for the rest, or one of them alone. */
export type SourceChoice = "auto" | "archive" | "rest";

/** What to bring into the store. */
export interface IngestRequest {
  /** Exchange, symbol and interval. */
  readonly series: SeriesId;
  /** First open time; without it the mirror's first file, or {@linkcode IngestSettings.defaultSinceMs}. */
  readonly sinceMs?: number;
  /** End of the range; without it the mirror's last file, or the exchange's now. */
  readonly untilMs?: number;
  /** Start as so long before the exchange's now, in place of `sinceMs`. */
  readonly sinceAgoMs?: number;
  /** End as so long before the exchange's now, in place of `untilMs`. */
  readonly untilAgoMs?: number;
  /** Where its candles may come from. */
  readonly source: SourceChoice;
  /** Read stored candles again from a second source and settle differences. @default false */
  readonly verify?: boolean;
  /** The run that this one goes on with: its row of the ledger is kept up to date in place of a new one. */
  readonly continues?: IngestRunRecord;
  /** Plan only: nothing is fetched but what the plan needs, and nothing is stored. */
  readonly dryRun?: boolean;
}

/** Settings of an ingest, from the configuration. */
export interface IngestSettings {
  /** Turns the clock's now into the start of the range where none was asked for. */
  defaultSinceMs(nowMs: number): number;
  /** Newest closed minutes that are asked for again. */
  readonly refreshMinutes: number;
  /** Sources from the most to the least believed where they differ on a candle. */
  readonly precedence: readonly CandleSource[];
  /** How long past its close a candle counts as closed. */
  readonly closedMarginMs: number;
  /** Difference of the clocks that is warned about. */
  readonly clockWarnMs: number;
  /** Archive files at once. */
  readonly archiveParallel: number;
  /** Tries of one archive file. */
  readonly archiveAttempts: number;
  /** How far `quoteVolume / volume` may lie outside `[low, high]`, relative. */
  readonly priceTolerance: number;
  /** `symbol → openTimeMs → closeTimeMs` of real candles that close early. */
  readonly closeTimeExceptions: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** `symbol interval → open times` of known real rows that break a rule on values and are stored all the same. */
  readonly admitted: ReadonlyMap<string, ReadonlySet<number>>;
  /** Calendar of known outages of the exchange. */
  readonly outages: readonly KnownOutage[];
  /** What the run's ledger row says it was asked for. */
  readonly describe: Readonly<Record<string, unknown>>;
}

/** What an ingest works with. */
export interface IngestDeps {
  /** Where the candles go; open for writing. */
  readonly store: FeatureStore;
  /** Local mirror or archive hosts; none for `rest`. */
  readonly archive?: ArchiveSource;
  /** REST; none for a mirror alone. */
  readonly exchange?: Exchange;
  /** The local clock. */
  readonly clock: Clock;
  /** Told of files and candles. */
  readonly progress: Progress;
  /** How things are done. */
  readonly settings: IngestSettings;
}

/** What a plan works with: the store is only read. */
export type PlanDeps = Omit<IngestDeps, "store"> & { readonly store: FeatureReader };

/** Counts of archive files that a run asked for. */
export interface FileCounts {
  /** Files whose published checksum fits. */
  readonly verified: number;
  /** Files without a published checksum; their zip CRC fits. */
  readonly unverified: number;
  /** Whole-file retries. */
  readonly refetched: number;
  /** Files that the source does not have. */
  readonly missing: number;
  /** Files that could not be asked for: no answer, or one that is none. */
  readonly unreached: number;
  /** Files that failed a proof: nothing of them is stored. */
  readonly rejected: number;
  /** Files that an earlier run had downloaded: only their checksum was asked for. */
  readonly cached: number;
}

/** What came of reading stored candles again from a second source. */
export interface VerifyResult {
  /** Candles that the second sources gave. */
  readonly compared: number;
  /** Candles by where the stored one came from and where it was read again. */
  readonly pairs: readonly { readonly stored: CandleSource; readonly second: CandleSource; readonly candles: number }[];
  /** Candles that were not stored before. */
  readonly added: number;
  /** Candles whose stored value was replaced. */
  readonly revised: number;
  /** Candles that differ, or that the second source lacks, and that stayed. */
  readonly kept: number;
  /** Stretches that no source could be asked about again. */
  readonly unread: readonly (TimeRange & { readonly stored: CandleSource })[];
  /** The first differences of the range: those seen now, and those that stand from earlier readings. */
  readonly differences: readonly CandleRevision[];
  /** What a user should know. */
  readonly warnings: readonly Warning[];
}

/** What a run did for one series. */
export interface IngestResult {
  /** Ledger row of the run. */
  readonly run: IngestRunRecord;
  /** Exchange, symbol and interval. */
  readonly series: SeriesId;
  /** Open times of the run, on the grid. */
  readonly range: TimeRange;
  /** Counts of candles. */
  readonly rows: {
    /** Candles that the range would hold without gaps. */
    readonly expected: number;
    /** Candles of the range in the store after the run. */
    readonly present: number;
    /** Candles that the run brought. */
    readonly added: number;
    /** Candles that the run changed. */
    readonly revised: number;
  };
  /** Open gaps of the range. */
  readonly gaps: readonly Gap[];
  /** Archive files by outcome. */
  readonly files: FileCounts;
  /** What reading again from a second source found, where it was asked for. */
  readonly verify?: VerifyResult;
  /** Digest of the range, 64 hex digits. */
  readonly datasetDigest: string;
  /** What a user should know although it stopped nothing. */
  readonly warnings: readonly Warning[];
  /** Why the run is not whole although what it has is committed. */
  readonly error?: DomainError;
}

/** What a run would do for one series. */
export interface IngestPlan {
  /** Exchange, symbol and interval. */
  readonly series: SeriesId;
  /** Open times of the run, on the grid. */
  readonly range: TimeRange;
  /** Spans without candles that are worth asking for. */
  readonly missing: readonly TimeRange[];
  /** Archive files that would be read. */
  readonly files: readonly ArchiveFile[];
  /** Files of days that a mirror was found not to have. */
  readonly absent: readonly ArchiveFile[];
  /** Spans that REST would be asked for, if the archive gives all that is planned. */
  readonly rest: readonly TimeRange[];
  /** Candles there already. */
  readonly present: number;
  /** What would be read again from a second source, where that is asked for. */
  readonly verify?: { readonly files: readonly ArchiveFile[]; readonly rest: readonly TimeRange[] };
  /** What the plan will cost. */
  readonly estimate: PlanEstimate;
  /** What a person should know of it: a clock that differs, an exchange that does not answer. */
  readonly warnings: readonly Warning[];
}

/** A span without candles and why. */
export interface ExplainedSpan extends TimeRange {
  readonly cause: GapCause;
  readonly evidence: string;
}

/** Options of a stage. */
export interface StageOptions extends CallOptions {
  /** Rows committed by the run; a stage adds to it. */
  readonly tally: RowTally;
}
