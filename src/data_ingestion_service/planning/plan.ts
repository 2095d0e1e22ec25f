import {
  type ArchiveFileRecord,
  DAY_MS,
  type Gap,
  intersectRanges,
  INTERVAL_MS,
  isEmptyRange,
  mergeRanges,
  type SeriesId,
  subtractRanges,
  type TimeRange,
  totalMs,
} from "../../core/mod.ts";
import { type ArchiveFile, dailyFile, monthlyFile, monthOf } from "../archive/archive_layout.ts";

/** Causes after which nobody is asked again: nothing will come. */
const FINAL_CAUSES: ReadonlySet<string> = new Set(["outage", "not_listed"]);

/** What of the range has no candles and no final reason for it. */
export function missingRanges(
  range: TimeRange,
  covered: readonly TimeRange[],
  gaps: readonly Gap[],
): TimeRange[] {
  const settled = gaps.filter((gap) => gap.closedAtMs === undefined && FINAL_CAUSES.has(gap.cause));
  return subtractRanges([range], [...covered, ...settled]);
}

/** What {@linkcode planFiles} decides by. */
export interface FilePlanInput {
  readonly series: SeriesId;
  readonly missing: readonly TimeRange[];
  /** Files that are there, where the source can list them. */
  readonly listed: readonly ArchiveFile[] | undefined;
  /** Ledger of files asked for earlier. */
  readonly known: readonly ArchiveFileRecord[];
  readonly nowMs: number;
}

/**
 * Archive files worth reading, oldest first, each minute by one file at most. A file that gave its rows is never read
 * again. Listed files are taken as they are; where nothing is listed, a month that is published and missing as a whole
 * is one file, other closed days are one each.
 */
export function planFiles(input: FilePlanInput): ArchiveFile[] {
  const { series, missing, listed, nowMs } = input;
  const done = new Set(
    input.known.filter(({ verdict }) => verdict === "verified" || verdict === "unverified").map(({ location }) =>
      baseName(location)
    ),
  );
  const candidates = listed ?? [...publishedMonths(series, missing, nowMs), ...closedDays(series, missing, nowMs)];
  const files: ArchiveFile[] = [];
  let open = mergeRanges(missing);
  for (const file of candidates) {
    if (done.has(file.name) || !open.some((range) => !isEmptyRange(intersectRanges(range, file.range)))) continue;
    files.push(file);
    open = subtractRanges(open, [file.range]);
  }
  return files.sort((a, b) => a.range.startMs - b.range.startMs);
}

/** Days of the missing ranges that a listed source has no file for: asked for all the same, so that the ledger says so. */
export function absentDays(
  series: SeriesId,
  missing: readonly TimeRange[],
  listed: readonly ArchiveFile[],
  nowMs: number,
): ArchiveFile[] {
  return [...closedDays(series, subtractRanges(missing, listed.map(({ range }) => range)), nowMs)];
}

/** The daily files in place of a monthly one that could not be had. */
export function daysOf(series: SeriesId, month: ArchiveFile): ArchiveFile[] {
  const files: ArchiveFile[] = [];
  for (let ms = month.range.startMs; ms < month.range.endMs; ms += DAY_MS) files.push(dailyFile(series, ms));
  return files;
}

/** The span from the first to the last listed file, or undefined where there is none. */
export function listedSpan(files: readonly ArchiveFile[]): TimeRange | undefined {
  if (files.length === 0) return undefined;
  return {
    startMs: Math.min(...files.map(({ range }) => range.startMs)),
    endMs: Math.max(...files.map(({ range }) => range.endMs)),
  };
}

/** The newest `minutes` of the range, on the grid, where a run asks again. Empty where the range ends earlier. */
export function refreshRange(series: SeriesId, range: TimeRange, closedEndMs: number, minutes: number): TimeRange {
  const stepMs = INTERVAL_MS[series.interval];
  const endMs = Math.floor(closedEndMs / stepMs) * stepMs;
  return intersectRanges({ startMs: endMs - Math.max(minutes * 60_000, minutes > 0 ? stepMs : 0), endMs }, range);
}

/** When a month's file is published: the first Monday of the next month, and a day for the upload. */
export function monthPublishedMs(month: TimeRange): number {
  const weekday = new Date(month.endMs).getUTCDay();
  return month.endMs + ((8 - weekday) % 7) * DAY_MS + DAY_MS;
}

function* publishedMonths(series: SeriesId, missing: readonly TimeRange[], nowMs: number): Generator<ArchiveFile> {
  const seen = new Set<number>();
  for (const range of missing) {
    for (let month = monthOf(range.startMs); month.startMs < range.endMs; month = monthOf(month.endMs)) {
      if (seen.has(month.startMs)) continue;
      seen.add(month.startMs);
      const absent = totalMs(missing.map((part) => intersectRanges(part, month)));
      if (absent === month.endMs - month.startMs && monthPublishedMs(month) <= nowMs) {
        yield monthlyFile(series, month.startMs);
      }
    }
  }
}

function* closedDays(series: SeriesId, missing: readonly TimeRange[], nowMs: number): Generator<ArchiveFile> {
  let last = -Infinity;
  for (const range of missing) {
    for (let ms = Math.floor(range.startMs / DAY_MS) * DAY_MS; ms < range.endMs; ms += DAY_MS) {
      if (ms > last && ms + DAY_MS <= nowMs) {
        yield dailyFile(series, ms);
        last = ms;
      }
    }
  }
}

/** Last part of a path or address. */
export function baseName(location: string): string {
  return location.slice(location.lastIndexOf("/") + 1);
}
