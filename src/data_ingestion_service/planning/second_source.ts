import {
  type CandleSource,
  DAY_MS,
  intersectRanges,
  isEmptyRange,
  mergeRanges,
  type SeriesId,
  type SourceSpan,
  subtractRanges,
  type TimeRange,
} from "../../core/mod.ts";
import { type ArchiveFile, type ArchiveKind, dailyFile, monthlyFile, monthOf } from "../archive/archive_layout.ts";
import { monthPublishedMs } from "./plan.ts";

/** Sources that can be asked a second time. */
export type SecondSource = ArchiveKind | "rest";

/** Stored candles of one source that are to be read again. */
export interface Reread extends TimeRange {
  /** Where they came from. */
  readonly stored: CandleSource;
}

/**
 * Whom to ask about candles of a source, best first: another source before the same once more, which still finds a file
 * that was replaced since.
 */
const SECOND: Readonly<Record<CandleSource, readonly SecondSource[]>> = {
  daily: ["monthly", "rest", "daily"],
  monthly: ["daily", "rest", "monthly"],
  rest: ["daily", "monthly", "rest"],
  exchange: ["rest"],
};

/** The `attempt`-th source (from 0) to ask about candles of `stored`, or undefined after the last. */
export function secondSource(stored: CandleSource, attempt: number): SecondSource | undefined {
  return SECOND[stored][attempt];
}

/** How many sources there are to ask about any candle. */
export const MOST_ATTEMPTS: number = Math.max(...Object.values(SECOND).map(({ length }) => length));

/** Stored stretches as rereads; holes inside them are read again too. */
export function rereadsOf(spans: readonly SourceSpan[]): Reread[] {
  return spans.map(({ startMs, endMs, source }) => ({ startMs, endMs, stored: source }));
}

/** An archive file with the stretches that it is to be compared with. */
export interface FileReread {
  readonly file: ArchiveFile;
  readonly ranges: readonly TimeRange[];
}

/**
 * Files of a kind that hold the ranges, oldest first: those listed, or where nothing is listed, those that should be
 * published by now.
 */
export function filesHolding(
  series: SeriesId,
  kind: ArchiveKind,
  ranges: readonly TimeRange[],
  source: { readonly listed: readonly ArchiveFile[] | undefined; readonly nowMs: number },
): FileReread[] {
  const { listed, nowMs } = source;
  const files = listed === undefined
    ? published(series, kind, ranges, nowMs)
    : listed.filter((file) => file.kind === kind);
  return files.map((file) => ({ file, ranges: partsOf(ranges, file.range) })).filter((each) => each.ranges.length > 0);
}

/** The parts of the ranges within `within`, merged. */
export function partsOf(ranges: readonly TimeRange[], within: TimeRange): TimeRange[] {
  return mergeRanges(ranges.map((range) => intersectRanges(range, within)).filter((part) => !isEmptyRange(part)));
}

/** What is left of the rereads after `done`. */
export function remaining(rereads: readonly Reread[], done: readonly TimeRange[]): Reread[] {
  return rereads.flatMap(({ stored, ...range }) => subtractRanges([range], done).map((part) => ({ ...part, stored })));
}

/** Whom the first choices of a second reading lead to, if all that should be there is there. */
export function planRereads(
  series: SeriesId,
  rereads: readonly Reread[],
  sources: {
    readonly hasArchive: boolean;
    readonly hasRest: boolean;
    readonly listed: readonly ArchiveFile[] | undefined;
    readonly nowMs: number;
  },
): { readonly files: readonly ArchiveFile[]; readonly rest: readonly TimeRange[] } {
  const files: ArchiveFile[] = [], rest: TimeRange[] = [];
  let open = rereads;
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    for (const second of ["daily", "monthly", "rest"] as const) {
      const asked = open.filter(({ stored }) => secondSource(stored, attempt) === second);
      let done: readonly TimeRange[] = [];
      if (second === "rest") {
        if (sources.hasRest) rest.push(...done = mergeRanges(asked));
      } else if (sources.hasArchive) {
        const found = filesHolding(series, second, mergeRanges(asked), sources);
        files.push(...found.map(({ file }) => file));
        done = found.flatMap(({ ranges }) => ranges);
      }
      open = open.flatMap((reread) => asked.includes(reread) ? remaining([reread], done) : [reread]);
    }
  }
  return { files, rest: mergeRanges(rest) };
}

function published(
  series: SeriesId,
  kind: ArchiveKind,
  ranges: readonly TimeRange[],
  nowMs: number,
): ArchiveFile[] {
  const files = new Map<string, ArchiveFile>();
  for (const { startMs, endMs } of ranges) {
    if (kind === "daily") {
      for (let ms = Math.floor(startMs / DAY_MS) * DAY_MS; ms < endMs; ms += DAY_MS) {
        if (ms + DAY_MS <= nowMs) files.set(String(ms), dailyFile(series, ms));
      }
    } else {
      for (let month = monthOf(startMs); month.startMs < endMs; month = monthOf(month.endMs)) {
        if (monthPublishedMs(month) <= nowMs) files.set(String(month.startMs), monthlyFile(series, month.startMs));
      }
    }
  }
  return [...files.values()].sort((a, b) => a.range.startMs - b.range.startMs);
}
