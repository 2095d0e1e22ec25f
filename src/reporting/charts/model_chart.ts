import type { ChartSpec } from "../model.ts";
import { NUMBER_LABELS, PALETTE, SERIES_COLORS } from "./theme.ts";
import { labels, valueScale } from "./time_chart.ts";

/** A named line of a {@linkcode stepLines}. */
export interface StepLine {
  readonly name: string;
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

/** Lines over training steps in one picture. */
export function stepLines(lines: readonly StepLine[], options: { readonly axisTitle?: string } = {}): ChartSpec {
  const values = lines.flatMap(({ name, points }) =>
    points.map(({ step, value }) => ({ name, step, value: Number.isFinite(value) ? value : null }))
  );
  const scale = valueScale(values.map(({ value }) => value ?? NaN));
  return {
    data: { values },
    mark: { type: "line", ...(values.length < 60 ? { point: { size: 8 } } : {}) },
    encoding: {
      x: {
        field: "step",
        type: "quantitative",
        scale: { zero: false, nice: false },
        axis: { title: options.axisTitle ?? "step", tickCount: 6, format: ",d", tickMinStep: 1 },
      },
      y: { field: "value", type: "quantitative", scale, axis: { title: null, tickCount: 4, ...NUMBER_LABELS } },
      color: {
        field: "name",
        type: "nominal",
        scale: { domain: lines.map(({ name }) => name), range: SERIES_COLORS.slice(0, lines.length) },
        legend: lines.length < 2 ? null : { symbolType: "stroke" },
      },
    },
  };
}

/** Named lines over time in one picture, on days. */
export function dayLines(
  lines: readonly { readonly name: string; readonly startMs: readonly number[]; readonly values: readonly number[] }[],
  options: { readonly x: ChartSpec; readonly title: string; readonly zeroRule?: boolean },
): ChartSpec {
  const values = lines.flatMap(({ name, startMs, values }) =>
    startMs.map((t, k) => ({ name, t, value: Number.isFinite(values[k]!) ? values[k]! : null }))
  );
  const scale = valueScale([...values.map(({ value }) => value ?? NaN), ...(options.zeroRule ? [0] : [])]);
  const axis = { title: options.title, tickCount: 5, ...NUMBER_LABELS };
  return {
    layer: [
      ...(options.zeroRule
        ? [{ data: { values: [{}] }, mark: { type: "rule" }, encoding: { y: { datum: 0, scale, axis } } }]
        : []),
      {
        data: { values },
        mark: { type: "line", ...(values.length < 60 ? { point: { size: 8 } } : {}) },
        encoding: {
          x: options.x,
          y: { field: "value", type: "quantitative", scale, axis },
          color: {
            field: "name",
            type: "nominal",
            scale: { domain: lines.map(({ name }) => name), range: SERIES_COLORS.slice(0, lines.length) },
            legend: lines.length < 2 ? null : { symbolType: "stroke" },
          },
        },
      },
    ],
  };
}

/** Observed against forecast with the diagonal on which they agree. */
export function diagonalChart(
  points: readonly { readonly x: number; readonly y: number; readonly low?: number; readonly high?: number }[],
  options: {
    readonly xTitle: string;
    readonly yTitle: string;
    readonly format?: string;
    /** Logarithmic axes, for what spans orders of magnitude; values must be above 0. */
    readonly log?: boolean;
    /** What a fitted line makes of x. */
    readonly curve?: (x: number) => number;
  },
): ChartSpec {
  const kept = points.filter(({ x, y }) =>
    Number.isFinite(x) && Number.isFinite(y) && (!options.log || (x > 0 && y > 0))
  );
  const all = kept.flatMap(({ x, y, low, high }) => [x, y, low ?? y, high ?? y]).filter((value) =>
    Number.isFinite(value) && (!options.log || value > 0)
  );
  const [from, to] = valueScale(all).domain;
  const scale = { domain: [from, to], nice: false, ...(options.log ? { type: "log" } : { zero: false }) };
  const axis = { tickCount: 5, ...labels(options.format), ...(options.log ? { values: logTicks(from, to) } : {}) };
  const x = { field: "x", type: "quantitative", scale, axis: { title: options.xTitle, grid: true, ...axis } };
  const y = (field: string) => ({ field, type: "quantitative", scale, axis: { title: options.yTitle, ...axis } });
  const bars = kept.filter(({ low, high }) => Number.isFinite(low) && Number.isFinite(high));
  return {
    layer: [
      {
        data: { values: [{ x: from, y: from }, { x: to, y: to }] },
        mark: { type: "line", color: PALETTE.muted, strokeWidth: 0.7 },
        encoding: { x, y: y("y") },
      },
      ...(bars.length === 0 ? [] : [{
        data: { values: bars },
        mark: { type: "rule", color: PALETTE.accentLight, strokeWidth: 1.6 },
        encoding: { x, y: y("low"), y2: { field: "high" } },
      }]),
      ...(options.curve === undefined || kept.length < 2 ? [] : [{
        data: { values: curvePoints(kept.map((point) => point.x), options.curve) },
        mark: { type: "line", color: PALETTE.orange, strokeWidth: 1, clip: true },
        encoding: { x, y: y("y") },
      }]),
      { data: { values: kept }, mark: { type: "point", size: 18 }, encoding: { x, y: y("y") } },
    ],
  };
}

/** Means with their intervals, one a row, and the line of no difference. */
export function intervalRows(
  rows: readonly { readonly name: string; readonly mean: number; readonly low: number; readonly high: number }[],
  options: { readonly xTitle: string },
): ChartSpec {
  const scale = valueScale(withRoom([0, ...rows.flatMap(({ mean, low, high }) => [mean, low, high])]));
  const axis = { title: options.xTitle, tickCount: 4, grid: true, ...NUMBER_LABELS };
  const x = (field: string) => ({ field, type: "quantitative", scale, axis });
  const y = { field: "name", type: "nominal", sort: null, axis: { title: null, grid: false, labelLimit: 90 } };
  return {
    data: { values: rows },
    layer: [
      {
        data: { values: [{}] },
        mark: { type: "rule", color: PALETTE.muted },
        encoding: { x: { datum: 0, scale, axis } },
      },
      {
        mark: { type: "rule", color: PALETTE.accentLight, strokeWidth: 2.4 },
        encoding: { x: x("low"), x2: { field: "high" }, y },
      },
      { mark: { type: "point", size: 26 }, encoding: { x: x("mean"), y } },
    ],
  };
}

/** Bars of ratios around the rule at one. */
export function ratioBars(
  items: readonly { readonly name: string; readonly ratio: number }[],
  options: { readonly title: string; readonly axisTitle: string },
): ChartSpec {
  const scale = valueScale([1, ...items.map(({ ratio }) => ratio)], { zero: true });
  const axis = { title: options.title, tickCount: 4, ...NUMBER_LABELS };
  return {
    layer: [
      {
        data: { values: items },
        mark: { type: "bar", color: PALETTE.accentLight },
        encoding: {
          x: {
            field: "name",
            type: "nominal",
            sort: null,
            scale: { paddingInner: 0.2, paddingOuter: 0.1 },
            axis: { title: options.axisTitle, labelAngle: 0, ticks: false, labelFontSize: 5.5, labelOverlap: false },
          },
          y: { field: "ratio", type: "quantitative", scale, axis },
        },
      },
      {
        data: { values: [{}] },
        mark: { type: "rule", color: PALETTE.orange, strokeWidth: 1 },
        encoding: { y: { datum: 1, scale, axis } },
      },
    ],
  };
}

const CURVE_POINTS = 40;

/** Points of a curve from the least to the greatest x. */
function curvePoints(xs: readonly number[], curve: (x: number) => number): { x: number; y: number }[] {
  const from = Math.min(...xs), step = (Math.max(...xs) - from) / CURVE_POINTS;
  return Array.from({ length: CURVE_POINTS + 1 }, (_, i) => ({ x: from + i * step, y: curve(from + i * step) }));
}

/** The values and a twentieth of their span to either side, so that no dot stands on the edge. */
function withRoom(values: readonly number[]): number[] {
  const finite = values.filter(Number.isFinite);
  const min = Math.min(...finite), max = Math.max(...finite), room = (max - min) / 20;
  return [min - room, max + room];
}

function logTicks(from: number, to: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
    for (const digit of [1, 2, 5]) {
      const tick = digit * 10 ** power;
      if (tick >= from && tick <= to) ticks.push(tick);
    }
  }
  return ticks;
}
