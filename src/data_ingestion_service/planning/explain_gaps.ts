import { DAY_MS, type Gap, type GapCause, mergeRanges, MINUTE_MS, type TimeRange, toIso } from "../../core/mod.ts";
import type { ExplainedSpan } from "../ingest_types.ts";
import type { KnownOutage } from "./outage_calendar.ts";

/** A span that a source was asked for, and what it said. */
export interface AskedSpan extends TimeRange {
  /** Source in words: a file or a host. */
  readonly by: string;
  /** Why it gave nothing; undefined where it answered, and simply has no candles there. */
  readonly failure?: string;
}

/** What is known about the minutes that are missing. */
export interface GapEvidence {
  /** Archive files read or tried, over all runs. */
  readonly archive: readonly AskedSpan[];
  /** REST requests of this run. */
  readonly rest: readonly AskedSpan[];
  /** Spans proven to be without trades, or with, by the exchange's trade ids. */
  readonly trades: readonly (TimeRange & { readonly none: boolean; readonly evidence: string })[];
  readonly outages: readonly KnownOutage[];
  /** Whether the archive is one that goes on publishing; a mirror is as it is. */
  readonly archivePublishes: boolean;
  /** First candle of the series on the exchange, where it said so. */
  readonly listedAtMs?: number;
  /** The exchange's or, failing that, the local now. */
  readonly nowMs: number;
}

/** How long an archive may take to publish a day. */
const PUBLISH_DELAY_MS = 2 * DAY_MS;

/**
 * Splits missing spans so that each part has one cause and what it rests on. Every missing minute lies in exactly one
 * part. Pure; causes as in design section 5.
 */
export function explainGaps(missing: readonly TimeRange[], evidence: GapEvidence): ExplainedSpan[] {
  const spans: ExplainedSpan[] = [];
  for (const range of mergeRanges(missing)) {
    for (const part of splitAt(range, cutsWithin(range, evidence))) {
      const explained = { ...part, ...explain(part, evidence) };
      const last = spans.at(-1);
      if (
        last !== undefined && last.endMs === part.startMs && last.cause === explained.cause &&
        last.evidence === explained.evidence
      ) {
        spans[spans.length - 1] = { ...last, endMs: part.endMs };
      } else spans.push(explained);
    }
  }
  return spans;
}

/** Explained spans as rows of the ledger. */
export function toGaps(spans: readonly ExplainedSpan[], seenAtMs: number): Gap[] {
  return spans.map(({ startMs, endMs, cause, evidence }) => ({
    startMs,
    endMs,
    minutes: (endMs - startMs) / MINUTE_MS,
    cause,
    evidence,
    firstSeenAtMs: seenAtMs,
  }));
}

function explain(part: TimeRange, evidence: GapEvidence): { cause: GapCause; evidence: string } {
  const { listedAtMs, nowMs } = evidence;
  if (listedAtMs !== undefined && part.endMs <= listedAtMs) {
    return { cause: "not_listed", evidence: `the exchange's first candle opens at ${toIso(listedAtMs)}` };
  }
  const trades = evidence.trades.find((span) => covers(span, part));
  if (trades?.none === true) return { cause: "outage", evidence: trades.evidence };
  const archive = evidence.archive.filter((span) => covers(span, part));
  const rest = evidence.rest.filter((span) => covers(span, part));
  const archiveSilent = archive.find(({ failure }) => failure === undefined);
  const restSilent = rest.find(({ failure }) => failure === undefined);
  if (trades !== undefined) return { cause: "unknown", evidence: trades.evidence };
  if (archiveSilent !== undefined && restSilent !== undefined) {
    return { cause: "outage", evidence: `neither ${archiveSilent.by} nor ${restSilent.by} has candles there` };
  }
  const silent = archiveSilent ?? restSilent;
  if (silent !== undefined) {
    const known = evidence.outages.find((outage) => covers(outage, part));
    if (known !== undefined) {
      return { cause: "outage", evidence: `${silent.by} has no candles there; calendar: ${known.evidence}` };
    }
    return { cause: "unknown", evidence: `${silent.by} has no candles there; no second source was asked` };
  }
  const failed = rest.at(-1) ?? archive.at(-1);
  const awaited = evidence.archivePublishes && part.endMs > nowMs - PUBLISH_DELAY_MS;
  if (awaited && rest.length === 0 && archive.every(({ failure }) => failure === NOT_THERE)) {
    return { cause: "not_yet_published", evidence: "the archive does not have this day yet; REST was not asked" };
  }
  if (failed?.failure === NOT_THERE) {
    return { cause: "fetch_failed", evidence: "the archive does not have the files of these days" };
  }
  if (failed !== undefined) return { cause: "fetch_failed", evidence: `${failed.by}: ${failed.failure}` };
  return { cause: "fetch_failed", evidence: "no source was reached for this span" };
}

/** Why an archive gave nothing: it does not have the file. */
export const NOT_THERE = "the file is not there";

function covers(span: TimeRange, part: TimeRange): boolean {
  return span.startMs <= part.startMs && span.endMs >= part.endMs;
}

function cutsWithin(range: TimeRange, evidence: GapEvidence): number[] {
  const spans = [...evidence.archive, ...evidence.rest, ...evidence.trades, ...evidence.outages];
  const cuts = [...spans.flatMap(({ startMs, endMs }) => [startMs, endMs]), evidence.nowMs - PUBLISH_DELAY_MS];
  if (evidence.listedAtMs !== undefined) cuts.push(evidence.listedAtMs);
  return cuts.map((ms) => Math.floor(ms / MINUTE_MS) * MINUTE_MS).filter((ms) =>
    ms > range.startMs && ms < range.endMs
  );
}

function splitAt(range: TimeRange, cuts: readonly number[]): TimeRange[] {
  const edges = [range.startMs, ...[...new Set(cuts)].sort((a, b) => a - b), range.endMs];
  return edges.slice(1).map((endMs, i) => ({ startMs: edges[i]!, endMs }));
}
