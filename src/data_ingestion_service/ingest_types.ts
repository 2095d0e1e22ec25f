import type {
  CallOptions,
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
import type { KnownOutage } from "./planning/outage_calendar.ts";

/** Where candles may come from: the archive for closed days and REST for the rest, or one of them alone. */
export type SourceChoice = "auto" | "archive" | "rest";

/** What to bring into the store. */
export interface IngestRequest {
  readonly series: SeriesId;
  /** First open time; without it the mirror's first file, or {@linkcode IngestSettings.defaultSinceMs}. */
  readonly sinceMs?: number;
  /** End of the range; without it the mirror's last file, or the exchange's now. */
  readonly untilMs?: number;
  readonly source: SourceChoice;
  /** Plan only: nothing is fetched but what the plan needs, and nothing is stored. */
  readonly dryRun?: boolean;
}

/** Settings of an ingest, from the configuration. */
export interface IngestSettings {
  /** Turns the clock's now into the start of the range where none was asked for. */
  defaultSinceMs(nowMs: number): number;
  /** Newest closed minutes that are asked for again. */
  readonly refreshMinutes: number;
  /** Whether archives correct what REST gave. */
  readonly archiveWins: boolean;
  /** How long past its close a candle counts as closed. */
  readonly closedMarginMs: number;
  /** Difference of the clocks that is warned about. */
  readonly clockWarnMs: number;
  /** Archive files at once, and tries of one. */
  readonly archiveParallel: number;
  readonly archiveAttempts: number;
  readonly priceTolerance: number;
  /** `symbol → openTimeMs → closeTimeMs` of real candles that close early. */
  readonly closeTimeExceptions: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly outages: readonly KnownOutage[];
  /** What the run's ledger row says it was asked for. */
  readonly describe: Readonly<Record<string, unknown>>;
}

/** What an ingest works with. */
export interface IngestDeps {
  readonly store: FeatureStore;
  /** Local mirror or archive hosts; none for `rest`. */
  readonly archive?: ArchiveSource;
  /** REST; none for a mirror alone. */
  readonly exchange?: Exchange;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly settings: IngestSettings;
}

/** What a plan works with: the store is only read. */
export type PlanDeps = Omit<IngestDeps, "store"> & { readonly store: FeatureReader };

/** Counts of archive files that a run asked for. */
export interface FileCounts {
  readonly verified: number;
  readonly unverified: number;
  /** Whole-file retries. */
  readonly refetched: number;
  readonly missing: number;
}

/** What a run did for one series. */
export interface IngestResult {
  /** Ledger row of the run. */
  readonly run: IngestRunRecord;
  readonly series: SeriesId;
  readonly range: TimeRange;
  readonly rows: {
    readonly expected: number;
    readonly present: number;
    readonly added: number;
    readonly revised: number;
  };
  /** Open gaps of the range. */
  readonly gaps: readonly Gap[];
  readonly files: FileCounts;
  readonly datasetDigest: string;
  readonly warnings: readonly Warning[];
  /** Why the run is not whole although what it has is committed. */
  readonly error?: DomainError;
}

/** What a run would do for one series. */
export interface IngestPlan {
  readonly series: SeriesId;
  readonly range: TimeRange;
  /** Spans without candles that are worth asking for. */
  readonly missing: readonly TimeRange[];
  /** Archive files that would be read. */
  readonly files: readonly ArchiveFile[];
  /** Spans that REST would be asked for, if the archive gives all that is planned. */
  readonly rest: readonly TimeRange[];
  /** Candles there already. */
  readonly present: number;
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
