import { DAY_MS, MINUTE_MS, MISSING_COUNT, type TimeRange, toIsoDay } from "../../core/mod.ts";
import { categoryBars } from "../charts/shape_chart.ts";
import { PALETTE } from "../charts/theme.ts";
import { lineChart, timeBars } from "../charts/time_chart.ts";
import type { Block, ChartSpec, TableBlock } from "../model.ts";
import {
  formatAmount,
  formatMinute,
  formatNumber,
  formatPercent,
  formatPrice,
  formatSignedPercent,
} from "../numbers.ts";
import { bucketCandles, type Buckets } from "../stats/buckets.ts";
import { type CalendarProfile, calendarProfile, WEEKDAYS } from "../stats/calendar_profile.ts";
import { moments } from "../stats/moments.ts";
import { quantile, sortedFinite } from "../stats/quantiles.ts";
import type { IngestionContext, SectionResult } from "./context.ts";
import { emptySection } from "./empty_section.ts";

const BUSIEST = 8;
/** Three of them and the profiles fill a page. */
const CHART_HEIGHT = 100;

/** How much was traded, when, in how many trades, and who took the price. */
export function volumeSection(context: IngestionContext): SectionResult {
  const { columns, days, query, base, quote, stepMs } = context;
  const head = {
    id: "volume",
    title: "Volume and trades",
    lead: "How much was traded and when, in how many trades, and which side took the price.",
  };
  if (columns.length === 0) return emptySection(head);
  const step = chartStep(query.range, stepMs);
  const buckets = step.ms === DAY_MS ? days : bucketCandles(columns, step.ms);
  const volume = calendarProfile(columns.openTimeMs, columns.quoteVolume);
  const trades = calendarProfile(columns.openTimeMs, knownTrades(columns.tradeCount));
  const quoteVolumes = buckets.quoteVolume.map((value) => value / 1e6);
  const tradeCounts = buckets.trades.map((value) => value / 1e3);
  const bars = { range: query.range };
  const blocks: Block[] = [
    ...(isStated(quoteVolumes)
      ? [
        chart(
          `Quote volume ${step.each}, million ${quote}`,
          timeBars(buckets, quoteVolumes, { ...bars, title: `M ${quote}` }),
        ),
      ]
      : [
        unstated("quote volume"),
        chart(`Volume ${step.each}, ${base}`, timeBars(buckets, buckets.volume, { ...bars, title: base })),
      ]),
    isStated(tradeCounts)
      ? chart(
        `Trades ${step.each}, thousands`,
        timeBars(buckets, tradeCounts, { ...bars, title: "thousand trades", color: PALETTE.teal }),
      )
      : unstated("the number of trades"),
    isStated(buckets.takerShare)
      ? chart(
        `Taker share ${step.each}: volume bought by takers as a share of all; the rule is one half`,
        lineChart(buckets, buckets.takerShare, {
          ...bars,
          title: "taker buys",
          format: ".0%",
          level: 0.5,
          color: PALETTE.orange,
        }),
      )
      : unstated("who took the price, or nothing was traded"),
    ...profileCharts([
      { title: `Quote volume, thousand ${quote}`, profile: volume, unit: 1e3 },
      { title: "Trades", profile: trades, unit: 1 },
    ]),
    dailyTable(days, base, quote),
    busiestTable(days, base, quote),
  ];
  return {
    section: { ...head, blocks },
    data: {
      quoteVolumeByHour: volume.byHour,
      quoteVolumeByWeekday: volume.byWeekday,
      tradesByHour: trades.byHour,
      tradesByWeekday: trades.byWeekday,
      days: days.startMs.map((startMs, k) => ({
        day: toIsoDay(startMs),
        rows: days.rows[k],
        volume: days.volume[k],
        quoteVolume: days.quoteVolume[k],
        trades: days.trades[k],
        takerShare: days.takerShare[k],
      })),
    },
  };
}

function chart(caption: string, spec: ChartSpec): Block {
  return { kind: "chart", caption, spec, height: CHART_HEIGHT };
}

function isStated(values: readonly number[]): boolean {
  return values.some((value) => Number.isFinite(value));
}

function unstated(what: string): Block {
  return { kind: "callout", tone: "neutral", text: `The exchange does not state ${what}.` };
}

/** By hour in one row, by weekday in the next, for those that have values. */
function profileCharts(
  items: readonly { readonly title: string; readonly profile: CalendarProfile; readonly unit: number }[],
): Block[] {
  const shown = items.filter(({ profile }) => isStated(profile.byHour));
  if (shown.length === 0) return [];
  const scaled = (values: readonly number[], unit: number) => values.map((value) => value / unit);
  return [{
    kind: "charts",
    caption: "Mean of a candle by hour of day and by weekday, UTC",
    columns: 2,
    height: 90,
    charts: [
      ...shown.map(({ title, profile, unit }) => ({ title, spec: hourBars(scaled(profile.byHour, unit)) })),
      ...shown.map(({ title, profile, unit }) => ({ title, spec: weekdayBars(scaled(profile.byWeekday, unit)) })),
    ],
  }];
}

/** Step of the bar charts: a week, a day, an hour or minutes, so that there are some tens to some hundreds of bars. */
function chartStep(range: TimeRange, stepMs: number): { readonly ms: number; readonly each: string } {
  const spanMs = range.endMs - range.startMs;
  if (spanMs > 1100 * DAY_MS) return { ms: 7 * DAY_MS, each: "per week" };
  if (spanMs >= 21 * DAY_MS || stepMs === DAY_MS) return { ms: DAY_MS, each: "per day" };
  if (spanMs >= DAY_MS && stepMs <= 60 * MINUTE_MS) return { ms: 60 * MINUTE_MS, each: "per hour" };
  return { ms: Math.max(stepMs, MINUTE_MS), each: "per candle" };
}

function knownTrades(counts: Int32Array): Float64Array {
  return Float64Array.from(counts, (count) => count === MISSING_COUNT ? NaN : count);
}

/** Bars for the 24 hours of a day. */
export function hourBars(values: readonly number[], title = "") {
  return categoryBars(values.map((value, hour) => ({ name: String(hour).padStart(2, "0"), value })), {
    title,
    axisTitle: "hour, UTC",
    everyLabel: 3,
  });
}

/** Bars for the seven days of a week. */
export function weekdayBars(values: readonly number[], title = "") {
  return categoryBars(values.map((value, day) => ({ name: WEEKDAYS[day]!, value })), { title });
}

function dailyTable(days: Buckets, base: string, quote: string): TableBlock {
  const rows: readonly (readonly [string, readonly number[], (value: number) => string])[] = [
    [`Volume, ${base}`, days.volume, formatAmount],
    [`Quote volume, ${quote}`, days.quoteVolume, formatAmount],
    ["Trades", days.trades, (value) => formatNumber(value)],
    [
      `Mean trade, ${quote}`,
      days.quoteVolume.map((value, k) => value / days.trades[k]!),
      (value) => formatNumber(value, 1),
    ],
    ["Taker share", days.takerShare, (value) => formatPercent(value)],
  ];
  return {
    kind: "table",
    caption: "Daily totals: how they are spread over the days of the range",
    columns: [
      { title: "Per UTC day" },
      ...["Lowest", "10 %", "Median", "Mean", "90 %", "Highest"].map((title) => ({ title, align: "right" as const })),
    ],
    rows: rows.map(([name, values, format]) => {
      const sorted = sortedFinite(values);
      const levels = [0, 0.1, 0.5].map((level) => format(quantile(sorted, level)));
      return [
        name,
        ...levels,
        format(moments(values).mean),
        ...[0.9, 1].map((level) => format(quantile(sorted, level))),
      ];
    }),
  };
}

function busiestTable(days: Buckets, base: string, quote: string): TableBlock {
  const order = days.startMs.map((_, k) => k)
    .filter((k) => days.quoteVolume[k]! > 0)
    .sort((a, b) => days.quoteVolume[b]! - days.quoteVolume[a]!)
    .slice(0, BUSIEST);
  return {
    kind: "table",
    caption: "Busiest days by quote volume",
    columns: [
      { title: "UTC day" },
      { title: `Quote volume, ${quote}`, align: "right" },
      { title: `Volume, ${base}`, align: "right" },
      { title: "Trades", align: "right" },
      { title: "Taker share", align: "right" },
      { title: "Close", align: "right" },
      { title: "Open to close", align: "right" },
    ],
    rows: order.map((k) => [
      formatMinute(days.startMs[k]!).slice(0, 10),
      formatAmount(days.quoteVolume[k]),
      formatAmount(days.volume[k]),
      formatNumber(days.trades[k]),
      formatPercent(days.takerShare[k]),
      formatPrice(days.close[k]),
      formatSignedPercent(days.close[k]! / days.open[k]! - 1),
    ]),
  };
}
