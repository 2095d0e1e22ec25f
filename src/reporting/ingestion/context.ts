import {
  type ArchiveFileRecord,
  type CandleColumns,
  type CandleQuery,
  type CandleSource,
  DAY_MS,
  INTERVAL_MS,
  MINUTE_MS,
  rangesFromGrid,
  subtractRanges,
  type TimeRange,
} from "../../core/mod.ts";
import type { Section } from "../model.ts";
import { bucketCandles, type Buckets, bucketStep } from "../stats/buckets.ts";
import { rollingReturnsBps } from "../stats/returns.ts";
import type { IngestReportRun } from "./run.ts";

/** What all sections of an ingestion report start from; each is computed once. */
export interface IngestionContext {
  readonly query: CandleQuery;
  readonly run: IngestReportRun;
  readonly columns: CandleColumns;
  /** Candles by UTC day. */
  readonly days: Buckets;
  /** Candles by a step that suits a chart of the range. */
  readonly chart: Buckets;
  /** Length of a candle. */
  readonly stepMs: number;
  /** Minutes of a candle. */
  readonly stepMinutes: number;
  /** Log returns of one candle in basis points, NaN across gaps. */
  readonly returnsBps: Float64Array;
  /** Spans of the range without candles, by the candles themselves. */
  readonly missing: readonly TimeRange[];
  /** Ledger rows of files that touch the range. */
  readonly files: readonly ArchiveFileRecord[];
  readonly sourceCounts: Readonly<Partial<Record<CandleSource, number>>>;
  /** `BTC` and `USDT` of `BTC/USDT`. */
  readonly base: string;
  readonly quote: string;
}

/** A section and the numbers behind it. */
export interface SectionResult {
  readonly section: Section;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Points of a chart over the whole range at most. */
const CHART_POINTS = 420;

/** Computes what the sections share. */
export function ingestionContext(
  parts: Pick<IngestionContext, "query" | "run" | "columns" | "files" | "sourceCounts">,
): IngestionContext {
  const { query, columns } = parts;
  const [base = query.symbol, quote = ""] = query.symbol.split("/");
  const stepMs = INTERVAL_MS[query.interval];
  const present = rangesFromGrid(columns.openTimeMs, stepMs);
  return {
    ...parts,
    days: bucketCandles(columns, DAY_MS),
    chart: bucketCandles(columns, Math.max(stepMs, bucketStep(query.range, CHART_POINTS))),
    stepMs,
    stepMinutes: stepMs / MINUTE_MS,
    returnsBps: rollingReturnsBps(columns, 1, stepMs),
    missing: subtractRanges([query.range], present),
    base,
    quote,
  };
}
