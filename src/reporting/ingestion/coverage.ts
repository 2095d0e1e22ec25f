import { DAY_MS, type GapCause, MINUTE_MS, subtractRanges, type TimeRange, toIsoDay, totalMs } from "../../core/mod.ts";
import {
  CALENDAR_YEARS,
  calendarChart,
  type CalendarClass,
  type CalendarDay,
  calendarHeight,
  coverageChart,
} from "../charts/calendar_chart.ts";
import { PALETTE } from "../charts/theme.ts";
import type { Block, TableBlock } from "../model.ts";
import { formatCoverage, formatMinute, formatMinutes, formatNumber, NO_VALUE, plural } from "../numbers.ts";
import type { IngestionContext, SectionResult } from "./context.ts";
import { findOddities } from "./oddities.ts";

const SHOWN_GAPS = 40;
const MIN_CALENDAR_DAYS = 8;

const CAUSES: Readonly<Record<GapCause, string>> = {
  outage: "outage",
  not_listed: "not listed yet",
  not_yet_published: "not published yet",
  fetch_failed: "fetch failed",
  unknown: "unknown",
};

const CLASSES: readonly CalendarClass[] = [
  { name: "complete", color: PALETTE.accentLight },
  { name: "1 to 9 min missing", color: "#f0c98d" },
  { name: "10 to 119", color: PALETTE.orange },
  { name: "120 or more", color: PALETTE.bad },
  { name: "no candle", color: PALETTE.ink },
];

/** Which minutes are there, which are not and why, and which rows look odd. */
export function coverageSection(context: IngestionContext): SectionResult {
  const { query, run, missing, columns, stepMs } = context;
  const months = monthlyCoverage(query.range, missing);
  const days = dailyMissing(query.range, missing);
  const unrecorded = subtractRanges(missing, run.gaps);
  const blocks: Block[] = [];
  if (missing.length === 0 && months.length > 0) {
    blocks.push({ kind: "callout", tone: "good", text: "No minute of the range is missing." });
  }
  if (unrecorded.length > 0) {
    blocks.push({
      kind: "callout",
      tone: "warning",
      text: `Missing without a recorded gap: ${formatMinutes(totalMs(unrecorded) / MINUTE_MS)} in ${
        plural(unrecorded.length, "span")
      }, the first from ${formatMinute(unrecorded[0]!.startMs)} UTC.`,
    });
  }
  if (months.length > 0) {
    blocks.push({
      kind: "chart",
      caption: "Minutes present by month, of those in the range; labels say what is missing",
      spec: coverageChart(months.map(({ startMs, expected, missing }) => ({
        startMs,
        share: (expected - missing) / expected,
        missing: missing === 0 ? "" : `−${formatNumber(missing)}`,
      }))),
      height: 130,
    });
  }
  const gaps = gapTable(context);
  if (gaps !== undefined) blocks.push(gaps);
  blocks.push(...calendarBlocks(days), oddityTable(context));
  return {
    section: {
      id: "coverage",
      title: "Coverage and gaps",
      lead: "Every minute of the range is either stored or listed here with the cause of its absence.",
      blocks,
    },
    data: {
      months: months.map(({ startMs, ...rest }) => ({ month: toIsoDay(startMs).slice(0, 7), ...rest })),
      missingRanges: missing,
      unrecordedMinutes: totalMs(unrecorded) / MINUTE_MS,
      oddities: findOddities(columns, stepMs),
    },
  };
}

interface Span {
  readonly startMs: number;
  /** Minutes of the span that lie in the range. */
  readonly expected: number;
  readonly missing: number;
}

function monthlyCoverage(range: TimeRange, missing: readonly TimeRange[]): Span[] {
  const edges: number[] = [];
  const first = new Date(range.startMs);
  for (let month = 0;; month++) {
    const startMs = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + month, 1);
    edges.push(startMs);
    if (startMs >= range.endMs) break;
  }
  return spans(range, missing, edges);
}

function dailyMissing(range: TimeRange, missing: readonly TimeRange[]): Span[] {
  const edges: number[] = [];
  for (let ms = Math.floor(range.startMs / DAY_MS) * DAY_MS; ms < range.endMs + DAY_MS; ms += DAY_MS) edges.push(ms);
  return spans(range, missing, edges);
}

/** Expected and missing minutes between neighbouring edges; `missing` is sorted, so each is looked at once. */
function spans(range: TimeRange, missing: readonly TimeRange[], edges: readonly number[]): Span[] {
  const result: Span[] = [];
  let next = 0;
  for (let k = 0; k + 1 < edges.length; k++) {
    const startMs = Math.max(edges[k]!, range.startMs), endMs = Math.min(edges[k + 1]!, range.endMs);
    if (endMs <= startMs) continue;
    let missingMs = 0;
    for (; next < missing.length && missing[next]!.startMs < endMs; next++) {
      missingMs += Math.max(0, Math.min(endMs, missing[next]!.endMs) - Math.max(startMs, missing[next]!.startMs));
      if (missing[next]!.endMs > endMs) break;
    }
    result.push({ startMs: edges[k]!, expected: (endMs - startMs) / MINUTE_MS, missing: missingMs / MINUTE_MS });
  }
  return result;
}

function gapTable({ run }: IngestionContext): TableBlock | undefined {
  if (run.gaps.length === 0) return undefined;
  const gaps = [...run.gaps].sort((a, b) => a.startMs - b.startMs);
  return {
    kind: "table",
    caption: "Recorded gaps, times in UTC, ends exclusive",
    columns: [
      { title: "From" },
      { title: "To" },
      { title: "Minutes", align: "right" },
      { title: "Cause" },
      { title: "Evidence", wrap: true },
    ],
    rows: gaps.slice(0, SHOWN_GAPS).map(({ startMs, endMs, minutes, cause, evidence }) => [
      formatMinute(startMs),
      formatMinute(endMs),
      formatNumber(minutes),
      CAUSES[cause],
      evidence,
    ]),
    ...(gaps.length > SHOWN_GAPS
      ? { note: `${formatNumber(gaps.length - SHOWN_GAPS)} later gaps are in table gaps of the store.` }
      : {}),
  };
}

function calendarBlocks(days: readonly Span[]): Block[] {
  const years = new Map<number, CalendarDay[]>();
  for (const { startMs, expected, missing } of days) {
    const year = new Date(startMs).getUTCFullYear();
    if (!years.has(year)) years.set(year, []);
    years.get(year)!.push({ startMs, className: dayClass(expected, missing) });
  }
  // A calendar of a few days is an empty page; the table of gaps says it all.
  const strips = days.length < MIN_CALENDAR_DAYS ? [] : [...years.values()];
  const blocks: Block[] = [];
  for (let start = 0; start < strips.length; start += CALENDAR_YEARS) {
    const shown = strips.slice(start, start + CALENDAR_YEARS);
    blocks.push({
      kind: "chart",
      caption: "Calendar of missing minutes: a cell is a UTC day, a column a week from Monday (top) to Sunday",
      spec: calendarChart(shown.flat(), CLASSES),
      height: calendarHeight(shown.length),
    });
  }
  return blocks;
}

function dayClass(expected: number, missing: number): string {
  const index = missing === 0 ? 0 : missing >= expected ? 4 : missing < 10 ? 1 : missing < 120 ? 2 : 3;
  return CLASSES[index]!.name;
}

function oddityTable({ columns, stepMs }: IngestionContext): TableBlock {
  return {
    kind: "table",
    caption: "Rows that are stored as they came but deserve a look",
    columns: [
      { title: "What", wrap: true },
      { title: "Rows", align: "right" },
      { title: "Share", align: "right" },
      { title: "First", align: "right" },
      { title: "Last", align: "right" },
    ],
    rows: findOddities(columns, stepMs).map(({ name, count, firstMs, lastMs }) => [
      name,
      formatNumber(count),
      count === 0 ? NO_VALUE : formatCoverage(count, columns.length),
      formatMinute(firstMs),
      formatMinute(lastMs),
    ]),
  };
}
