import { DAY_MS, type TimeRange } from "../../core/mod.ts";
import type { ChartSpec } from "../model.ts";
import { NUMBER_LABELS, PALETTE } from "./theme.ts";

/** Points of a chart over time; `values[k]` belongs to the bucket that starts at `startMs[k]`. */
export interface TimeColumns {
  readonly startMs: readonly number[];
  readonly stepMs: number;
}

/** Lines drawn with dots too where there are so few points that a line alone would not be seen. */
const FEW_POINTS = 24;

/** Horizontal axis over a time range in UTC, with labels that fit its length. */
export function timeAxis(range: TimeRange): ChartSpec {
  const days = (range.endMs - range.startMs) / DAY_MS;
  const format = days > 1100 ? "%Y" : days > 250 ? "%b %Y" : days > 2 ? "%-d %b" : "%H:%M";
  return {
    field: "t",
    type: "temporal",
    scale: {
      type: "utc",
      domain: [moment(range.startMs), moment(Math.max(range.endMs, range.startMs + 1))],
      nice: false,
    },
    axis: { title: null, format, tickCount: ticks(days) },
  };
}

/** Ticks that a label of {@linkcode timeAxis} tells apart: about eight, or whole days or minutes where those are few. */
function ticks(days: number) {
  if (days > 2 && days <= 9) return { interval: "day", step: 1 };
  return Math.max(1, Math.min(8, Math.round(days * 1440)));
}

/** A moment as an expression: Vega-Lite rewrites a bare number for one layer or channel and calls it a conflict with the next. */
function moment(ms: number) {
  return { expr: String(ms) };
}

/** Vertical axis that leaves a little room around the finite values; a flat series gets a span around it. */
export function valueScale(
  values: Iterable<number>,
  options: { readonly zero?: boolean } = {},
): { readonly domain: readonly [number, number]; readonly nice: boolean; readonly zero: boolean } {
  let min = Infinity, max = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min > max) [min, max] = [0, 1];
  if (options.zero) [min, max] = [Math.min(0, min), Math.max(0, max)];
  if (min === max) {
    const room = min === 0 ? 1 : Math.abs(min) * 0.01;
    [min, max] = options.zero && min === 0 ? [0, 1] : [min - room, max + room];
  }
  return { domain: [min, max], nice: true, zero: options.zero ?? false };
}

/** How an axis writes its numbers: by a d3 format, or as plain numbers. */
export function labels(format: string | undefined): ChartSpec {
  return format === undefined ? NUMBER_LABELS : { format };
}

/** Rows of a chart, with an empty row wherever a bucket is missing so that lines break there. */
export function timeRows(
  columns: TimeColumns,
  fields: Readonly<Record<string, readonly number[]>>,
): Record<string, number | null>[] {
  const rows: Record<string, number | null>[] = [];
  columns.startMs.forEach((startMs, k) => {
    const last = columns.startMs[k - 1];
    if (last !== undefined && startMs - last > columns.stepMs) rows.push(emptyRow(last + columns.stepMs, fields));
    rows.push({
      t: startMs,
      ...Object.fromEntries(
        Object.entries(fields).map(([name, values]) => [name, Number.isFinite(values[k]!) ? values[k]! : null]),
      ),
    });
  });
  return rows;
}

function emptyRow(ms: number, fields: Readonly<Record<string, unknown>>): Record<string, number | null> {
  return { t: ms, ...Object.fromEntries(Object.keys(fields).map((name) => [name, null])) };
}

/** A line over time, with an optional band between two series around it and an optional level. */
export function lineChart(
  columns: TimeColumns,
  value: readonly number[],
  options: {
    readonly range: TimeRange;
    readonly title: string;
    readonly format?: string;
    readonly zero?: boolean;
    readonly band?: { readonly low: readonly number[]; readonly high: readonly number[] };
    readonly level?: number;
    readonly color?: string;
  },
): ChartSpec {
  const { band, level } = options;
  const scale = valueScale(
    [...value, ...(band?.low ?? []), ...(band?.high ?? []), ...(level === undefined ? [] : [level])],
    options,
  );
  const axis = {
    title: options.title,
    tickCount: 5,
    ...labels(options.format),
  };
  const y = (field: string) => ({ field, type: "quantitative", scale, axis });
  return {
    data: { values: timeRows(columns, { value, ...(band ?? {}) }) },
    encoding: { x: timeAxis(options.range) },
    layer: [
      ...(band === undefined
        ? []
        : [{ mark: { type: "area", color: PALETTE.accentLight }, encoding: { y: y("low"), y2: { field: "high" } } }]),
      ...(level === undefined
        ? []
        : [{ mark: { type: "rule", color: PALETTE.muted }, encoding: { x: null, y: { datum: level, scale, axis } } }]),
      {
        mark: {
          type: "line",
          color: options.color ?? PALETTE.accent,
          strokeWidth: columns.startMs.length > 400 ? 0.8 : 1.1,
          ...(columns.startMs.length <= FEW_POINTS
            ? { point: { size: 14, color: options.color ?? PALETTE.accent } }
            : {}),
        },
        encoding: { y: y("value") },
      },
    ],
  };
}

/** Bars over time, each as wide as its bucket. */
export function timeBars(
  columns: TimeColumns,
  value: readonly number[],
  options: { readonly range: TimeRange; readonly title: string; readonly format?: string; readonly color?: string },
): ChartSpec {
  const rows = timeRows(columns, { value }).filter((row) => row["value"] !== null)
    .map((row) => ({ ...row, end: row["t"]! + columns.stepMs }));
  const axis = {
    title: options.title,
    tickCount: 5,
    ...labels(options.format),
  };
  return {
    data: { values: rows },
    mark: { type: "bar", color: options.color ?? PALETTE.accent, clip: true, strokeWidth: 0 },
    encoding: {
      x: timeAxis(options.range),
      x2: { field: "end" },
      y: { field: "value", type: "quantitative", scale: valueScale(value, { zero: true }), axis },
      y2: { datum: 0 },
    },
  };
}

/** The area between a series and zero. */
export function areaChart(
  columns: TimeColumns,
  value: readonly number[],
  options: { readonly range: TimeRange; readonly title: string; readonly format?: string; readonly color: string },
): ChartSpec {
  const scale = valueScale(value, { zero: true });
  const axis = {
    title: options.title,
    tickCount: 5,
    ...labels(options.format),
  };
  return {
    data: { values: timeRows(columns, { value }) },
    mark: { type: "area", color: options.color, line: { color: options.color, strokeWidth: 0.8 }, fillOpacity: 0.28 },
    encoding: {
      x: timeAxis(options.range),
      y: { field: "value", type: "quantitative", scale, axis },
      y2: { datum: 0 },
    },
  };
}
