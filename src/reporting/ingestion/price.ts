import { DAY_MS, MINUTE_MS, toIso } from "../../core/mod.ts";
import { PALETTE } from "../charts/theme.ts";
import { areaChart, lineChart } from "../charts/time_chart.ts";
import type { Block, TableBlock } from "../model.ts";
import { formatMinute, formatMinutes, formatPrice, formatSignedPercent, NO_VALUE, plural } from "../numbers.ts";
import { deepestDrawdowns, type Drawdown } from "../stats/drawdown.ts";
import { rollingReturnsBps } from "../stats/returns.ts";
import { largestSwings, type Swing } from "../stats/swings.ts";
import type { IngestionContext, SectionResult } from "./context.ts";
import { emptySection } from "./empty_section.ts";

const SWINGS = 10;
const DRAWDOWNS = 6;
/** Falls shallower than this share of the deepest are not worth a row. */
const NOTABLE_SHARE = 0.1;

/** Price over the range, its largest moves over an hour and a day, and its deepest falls. */
export function priceSection(context: IngestionContext): SectionResult {
  const { columns, chart, query, quote, stepMs } = context;
  const head = {
    id: "price",
    title: "Price and biggest swings",
    lead: "How the price moved, when it moved most, and how far it fell from its highest close.",
  };
  if (columns.length === 0) return emptySection(head);
  const high = argBest(columns.high, (a, b) => a > b), low = argBest(columns.low, (a, b) => a < b);
  const first = columns.open[0]!, last = columns.close[columns.length - 1]!;
  const swings = (spanMs: number) => {
    const candles = spanMs / stepMs;
    // Candles longer than the span cannot tell.
    if (!Number.isInteger(candles)) return [];
    return largestSwings(columns, rollingReturnsBps(columns, candles, stepMs), { candles, count: SWINGS, stepMs });
  };
  const hour = swings(60 * MINUTE_MS), day = swings(DAY_MS);
  const deepest = deepestDrawdowns(columns, DRAWDOWNS, stepMs);
  const drawdowns = deepest.filter(({ depth }) => depth <= deepest[0]!.depth * NOTABLE_SHARE);
  const step = formatMinutes(chart.stepMs / MINUTE_MS);
  const blocks: Block[] = [
    {
      kind: "figures",
      items: [
        { label: "First open", value: formatPrice(first), note: formatMinute(columns.openTimeMs[0]) },
        {
          label: "Highest price",
          value: formatPrice(columns.high[high]),
          note: formatMinute(columns.openTimeMs[high]),
        },
        { label: "Lowest price", value: formatPrice(columns.low[low]), note: formatMinute(columns.openTimeMs[low]) },
        {
          label: "Last close",
          value: formatPrice(last),
          note: `${formatSignedPercent(last / first - 1)} over the range`,
        },
      ],
    },
    {
      kind: "chart",
      caption: `${query.symbol}: close of each ${step}, and the band between its low and high`,
      spec: lineChart(chart, chart.close, {
        range: query.range,
        title: quote,
        band: { low: chart.low, high: chart.high },
      }),
      height: 175,
    },
    swingTable("Largest moves over 60 minutes, close to close", hour),
    swingTable("Largest moves over 24 hours, close to close", day),
    ...(drawdowns.length === 0 ? [] : [{
      kind: "chart" as const,
      caption: "Drawdown: close below the highest close so far, deepest in each step",
      spec: areaChart(chart, chart.drawdown, {
        range: query.range,
        title: "below the peak",
        format: ".0%",
        color: PALETTE.bad,
      }),
      height: 120,
    }, drawdownTable(drawdowns)]),
  ];
  return {
    section: { ...head, blocks },
    data: {
      firstOpen: first,
      lastClose: last,
      high: { price: columns.high[high], time: toIso(columns.openTimeMs[high]!) },
      low: { price: columns.low[low], time: toIso(columns.openTimeMs[low]!) },
      swings60m: hour,
      swings1d: day,
      drawdowns,
    },
  };
}

function swingTable(caption: string, swings: readonly Swing[]): Block {
  if (swings.length === 0) {
    return {
      kind: "paragraph",
      text: `${caption}: there is none. The range is shorter than the span, or the price never changed over one.`,
    };
  }
  return {
    kind: "table",
    caption,
    columns: [
      { title: "#" },
      { title: "From, UTC" },
      { title: "To, UTC" },
      { title: "Close before", align: "right" },
      { title: "Close after", align: "right" },
      { title: "Move", align: "right" },
    ],
    rows: swings.map(({ startMs, endMs, from, to, change }, i) => [
      String(i + 1),
      formatMinute(startMs),
      formatMinute(endMs),
      formatPrice(from),
      formatPrice(to),
      formatSignedPercent(change),
    ]),
    note: `${plural(swings.length, "move")} that do not overlap, by size; spans with a missing candle take no part.`,
  };
}

function drawdownTable(drawdowns: readonly Drawdown[]): TableBlock {
  return {
    kind: "table",
    caption: "Deepest falls from a highest close",
    columns: [
      { title: "Depth", align: "right" },
      { title: "Peak, UTC" },
      { title: "Peak", align: "right" },
      { title: "Trough, UTC" },
      { title: "Trough", align: "right" },
      { title: "Peak reached again, UTC" },
    ],
    rows: drawdowns.map((fall) => [
      formatSignedPercent(fall.depth),
      formatMinute(fall.peakMs),
      formatPrice(fall.peak),
      formatMinute(fall.troughMs),
      formatPrice(fall.trough),
      fall.recoveredMs === undefined ? `${NO_VALUE} (not by the end)` : formatMinute(fall.recoveredMs),
    ]),
  };
}

function argBest(values: Float64Array, better: (a: number, b: number) => boolean): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (better(values[i]!, values[best]!)) best = i;
  return best;
}
