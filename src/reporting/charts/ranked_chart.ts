import type { ChartSpec } from "../model.ts";
import { NUMBER_LABELS, PALETTE } from "./theme.ts";
import { valueScale } from "./time_chart.ts";

/** Horizontal bars with a name each, in the order given. */
export function rankedBars(
  items: readonly { readonly name: string; readonly value: number }[],
  options: { readonly xTitle: string },
): ChartSpec {
  return {
    data: { values: items },
    mark: { type: "bar", color: PALETTE.accent, height: { band: 0.65 } },
    encoding: {
      x: {
        field: "value",
        type: "quantitative",
        scale: valueScale(items.map(({ value }) => value), { zero: true }),
        axis: { title: options.xTitle, tickCount: 4, grid: true, ...NUMBER_LABELS },
      },
      y: {
        field: "name",
        type: "nominal",
        sort: null,
        axis: { title: null, grid: false, labelFontSize: 6, labelLimit: 130, labelOverlap: false },
      },
    },
  };
}

/** A line through points of two numbers, with the rule at zero. */
export function curveChart(
  points: readonly { readonly x: number; readonly y: number }[],
  options: { readonly xTitle: string; readonly yTitle: string },
): ChartSpec {
  const kept = points.filter(({ y }) => Number.isFinite(y)), scale = valueScale([0, ...kept.map(({ y }) => y)]);
  const axis = { title: options.yTitle, tickCount: 5, ...NUMBER_LABELS };
  return {
    layer: [
      { data: { values: [{}] }, mark: { type: "rule" }, encoding: { y: { datum: 0, scale, axis } } },
      {
        data: { values: kept },
        mark: { type: "line", point: { size: 10 } },
        encoding: {
          x: {
            field: "x",
            type: "quantitative",
            scale: { zero: false, nice: false },
            axis: { title: options.xTitle, tickCount: 6, ...NUMBER_LABELS },
          },
          y: { field: "y", type: "quantitative", scale, axis },
        },
      },
    ],
  };
}
