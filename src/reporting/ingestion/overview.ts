import { areaChart } from "../charts/time_chart.ts";
import { PALETTE } from "../charts/theme.ts";
import type { ChartBlock } from "../model.ts";
import { bucketCandles, bucketStep } from "../stats/buckets.ts";
import type { IngestionContext } from "./context.ts";

const POINTS = 240;

/** The price in one small picture for the first page, or undefined where there is no candle. */
export function ingestionOverview({ columns, query, quote, stepMs }: IngestionContext): ChartBlock | undefined {
  if (columns.length === 0) return undefined;
  const buckets = bucketCandles(columns, Math.max(stepMs, bucketStep(query.range, POINTS)));
  return {
    kind: "chart",
    caption: `${query.symbol} over the range, ${quote}`,
    spec: areaChart(buckets, buckets.close, { range: query.range, title: "", color: PALETTE.accent }),
    height: 118,
  };
}
