import type { CandleQuery, Gap, Warning } from "../../core/mod.ts";

/**
 * What an ingest did, as far as its report tells it. The command builds it from its result; a report rendered
 * again builds it from the store, where request counts are not kept.
 */
export interface IngestReportRun {
  /** Id in table `ingest_runs`. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
  /** Wall time, or undefined where not known. */
  readonly seconds?: number;
  /** `finished`, `failed` or `interrupted`. */
  readonly status: string;
  /** Counts of candles. */
  readonly rows: {
    /** Candles that the asked range has room for. */
    readonly expected: number;
    /** Stored candles of the asked range after the run. */
    readonly present: number;
    /** New in this run. */
    readonly added: number;
    /** Changed in this run. */
    readonly revised: number;
  };
  /** Recorded gaps of the asked range with cause and evidence. */
  readonly gaps: readonly Gap[];
  /** Archive files by outcome. */
  readonly files: {
    readonly verified: number;
    readonly unverified: number;
    /** Whole-file retries, or undefined where not known. */
    readonly refetched?: number;
    readonly missing: number;
  };
  /** What was asked of the exchange, or undefined where not known. */
  readonly requests?: { readonly count: number; readonly weight: number; readonly retries: number };
  /** Digest of the asked range, 64 hex digits. */
  readonly datasetDigest: string;
  /** What the user was warned of. */
  readonly warnings: readonly Warning[];
  /** Settings of the run as stored: exchange, symbol, interval, since, until, source, … */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** One series of an ingest. */
export interface ReportedSeries {
  /** The series and the asked range. */
  readonly query: CandleQuery;
  /** What the ingest did. */
  readonly run: IngestReportRun;
}
