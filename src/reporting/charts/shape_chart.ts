import type { ChartSpec } from "../model.ts";
import type { Histogram } from "../stats/histogram.ts";
import { normalDensity } from "../stats/normal.ts";
import { NUMBER_LABELS, PALETTE } from "./theme.ts";
import { labels, valueScale } from "./time_chart.ts";

/** Vertical bars for a few named things in the order given. */
export function categoryBars(
  items: readonly { readonly name: string; readonly value: number }[],
  options: {
    readonly title: string;
    readonly axisTitle?: string;
    readonly format?: string;
    readonly everyLabel?: number;
  },
): ChartSpec {
  const { everyLabel = 1 } = options;
  return {
    data: { values: items.map(({ name, value }) => ({ name, value: Number.isFinite(value) ? value : null })) },
    mark: { type: "bar", color: PALETTE.accent },
    encoding: {
      x: {
        field: "name",
        type: "nominal",
        sort: null,
        scale: { paddingInner: 0.25, paddingOuter: 0.15 },
        axis: {
          title: options.axisTitle ?? null,
          labelAngle: 0,
          ticks: false,
          values: items.filter((_, i) => i % everyLabel === 0).map(({ name }) => name),
        },
      },
      y: {
        field: "value",
        type: "quantitative",
        scale: valueScale(items.map(({ value }) => value), { zero: true }),
        axis: {
          title: options.title,
          tickCount: 4,
          ...labels(options.format),
        },
      },
    },
  };
}

/** A histogram as density, with the normal density of the same mean and standard deviation where given. */
export function densityChart(
  counts: Histogram,
  options: { readonly title: string; readonly normal?: { readonly mean: number; readonly sd: number } },
): ChartSpec {
  const { normal } = options;
  const bars = densityBars(counts);
  const xDomain = [bars[0]!.from, bars.at(-1)!.to];
  const curve = normal === undefined || !(normal.sd > 0) || counts.width === 0
    ? []
    : Array.from({ length: 81 }, (_, k) => {
      const x = xDomain[0]! + (k / 80) * (xDomain[1]! - xDomain[0]!);
      return { x, y: normalDensity((x - normal.mean) / normal.sd) / normal.sd };
    });
  const scale = valueScale([...bars.map(({ density }) => density), ...curve.map(({ y }) => y)], { zero: true });
  return {
    layer: [
      {
        data: { values: bars },
        mark: { type: "bar", color: PALETTE.accentLight, strokeWidth: 0 },
        encoding: {
          x: {
            field: "from",
            type: "quantitative",
            scale: { domain: xDomain, nice: false, zero: false },
            axis: { title: options.title, tickCount: 5, ...NUMBER_LABELS },
          },
          x2: { field: "to" },
          y: { field: "density", type: "quantitative", scale, axis: null },
          y2: { datum: 0 },
        },
      },
      ...(curve.length === 0 ? [] : [{
        data: { values: curve },
        mark: { type: "line", color: PALETTE.orange, strokeWidth: 1.1 },
        encoding: { x: { field: "x", type: "quantitative" }, y: { field: "y", type: "quantitative" } },
      }]),
    ],
  };
}

/** A histogram so small that only its shape and its ends are told. */
export function sparkHistogram(counts: Histogram): ChartSpec {
  const bars = densityBars(counts);
  const xDomain = [bars[0]!.from, bars.at(-1)!.to] as const;
  return {
    data: { values: bars },
    mark: { type: "bar", color: PALETTE.accent, strokeWidth: 0 },
    encoding: {
      x: {
        field: "from",
        type: "quantitative",
        scale: { domain: xDomain, nice: false, zero: false },
        axis: { title: null, tickCount: 3, labelFontSize: 6, ...NUMBER_LABELS },
      },
      x2: { field: "to" },
      y: {
        field: "density",
        type: "quantitative",
        scale: valueScale(bars.map(({ density }) => density), { zero: true }),
        axis: null,
      },
      y2: { datum: 0 },
    },
  };
}

/** Bars of a correlogram, or a line where there are many lags, with the band that white noise would stay in. */
export function correlogram(
  points: readonly { readonly lag: number; readonly value: number }[],
  options: { readonly title: string; readonly band: number; readonly line?: boolean },
): ChartSpec {
  const values = points.filter(({ value }) => Number.isFinite(value));
  const maxLag = Math.max(1, ...points.map(({ lag }) => lag));
  const scale = valueScale([...values.map(({ value }) => value), options.band, -options.band], { zero: true });
  const axis = { title: options.title, tickCount: 5, ...NUMBER_LABELS };
  const band = [{ from: 0, to: maxLag, low: -options.band, high: options.band }].filter(({ high }) =>
    Number.isFinite(high)
  );
  return {
    layer: [
      {
        data: { values: band },
        mark: { type: "rect", color: PALETTE.ruleLight },
        encoding: {
          x: {
            field: "from",
            type: "quantitative",
            scale: { domain: [0, maxLag], nice: false },
            axis: { title: "lag, minutes", tickCount: 6 },
          },
          x2: { field: "to" },
          y: { field: "low", type: "quantitative", scale, axis },
          y2: { field: "high" },
        },
      },
      {
        data: { values },
        mark: options.line
          ? { type: "line", color: PALETTE.accent }
          : { type: "rule", color: PALETTE.accent, strokeWidth: 3 },
        encoding: {
          x: { field: "lag", type: "quantitative" },
          y: { field: "value", type: "quantitative", scale, axis },
          ...(options.line ? {} : { y2: { datum: 0 } }),
        },
      },
    ],
  };
}

function densityBars({ min, width, counts, total }: Histogram) {
  // A flat sample is one bar of a width that can be seen.
  const step = width > 0 ? width : Math.max(Math.abs(min) * 0.02, 0.02);
  const start = width > 0 ? min : min - step / 2;
  return counts.map((count, k) => ({
    from: start + k * step,
    to: start + (k + 1) * step,
    density: total === 0 ? 0 : count / total / step,
  }));
}
