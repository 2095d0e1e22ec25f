import { INTERVAL_MS, type RestPaging, type SeriesId, type TimeRange, totalMs } from "../../core/mod.ts";
import type { ArchiveFile } from "../archive/archive_layout.ts";

/** What a plan will cost, as far as it can be known before. */
export interface PlanEstimate {
  /** Archive files. */
  readonly files: number;
  /** About their size; two years of real minutes have 50 bytes a candle. */
  readonly bytes: number;
  /** REST requests for pages of candles. */
  readonly requests: number;
  /** Request weight of these. */
  readonly weight: number;
  /** About how long it takes: the weight allowed a minute, the round trip just seen, and the assumed link. */
  readonly seconds: number;
}

/** What the estimate goes by. */
export interface EstimateInput {
  readonly series: SeriesId;
  readonly files: readonly ArchiveFile[];
  /** Whether the files come over the network. */
  readonly isRemote: boolean;
  /** Spans that REST is asked for. */
  readonly rest: readonly TimeRange[];
  readonly paging: RestPaging | undefined;
  /** Allowed request weight a minute, where the exchange says it. */
  readonly weightPerMinute: number | undefined;
  /** Time that one request took. */
  readonly roundTripMs: number;
}

const BYTES_PER_CANDLE = 50;
/** A home connection of 30 Mbit/s. */
const ASSUMED_BYTES_PER_SECOND = 4_000_000;
/** Reading, proving and storing on a laptop; measured at several times this. */
const CANDLES_PER_SECOND = 300_000;

/** Requests, weight, bytes and time of a plan. Pure. */
export function estimatePlan(input: EstimateInput): PlanEstimate {
  const { files, rest, paging, weightPerMinute, roundTripMs } = input;
  const stepMs = INTERVAL_MS[input.series.interval];
  const fileCandles = totalMs(files.map(({ range }) => range)) / stepMs;
  const bytes = fileCandles * BYTES_PER_CANDLE;
  const pageMs = (paging?.pageCandles ?? Infinity) * stepMs;
  const requests = paging === undefined
    ? 0
    : rest.reduce((sum, { startMs, endMs }) => sum + Math.ceil((endMs - startMs) / pageMs), 0);
  const weight = requests * (paging?.pageWeight ?? 0);
  // The first minute's allowance is there at once, each further one a minute later.
  const waits = weightPerMinute === undefined ? 0 : Math.max(0, Math.ceil(weight / weightPerMinute) - 1);
  const rounds = Math.ceil(requests / (paging?.inFlight ?? 1));
  const restSeconds = Math.max(waits * 60, rounds * roundTripMs / 1000);
  const seconds = (input.isRemote ? bytes / ASSUMED_BYTES_PER_SECOND : 0) + fileCandles / CANDLES_PER_SECOND +
    restSeconds + totalMs(rest) / stepMs / CANDLES_PER_SECOND;
  return { files: files.length, bytes: Math.round(bytes), requests, weight, seconds: Math.round(seconds * 10) / 10 };
}
