import { DAY_MS } from "../../core/mod.ts";
import type { ChartSpec } from "../model.ts";
import { PALETTE } from "./theme.ts";

/** A class of days in a {@linkcode calendarChart}. */
export interface CalendarClass {
  readonly name: string;
  readonly color: string;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const CELL_GAP = 0.09;

/** Years in one {@linkcode calendarChart} at most, so that it fits a page. */
export const CALENDAR_YEARS = 8;

const YEAR_ROWS = 8;

/** Height in points of a calendar of so many years, axis and legend included. */
export function calendarHeight(years: number): number {
  return 34 + 65 * years;
}

/** A UTC day of a {@linkcode calendarChart}. */
export interface CalendarDay {
  readonly startMs: number;
  readonly className: string;
}

/** Days as weeks (columns) by weekday (rows, Monday first), a strip for each year, coloured by class. */
export function calendarChart(days: readonly CalendarDay[], classes: readonly CalendarClass[]): ChartSpec {
  const years = [...new Set(days.map(({ startMs }) => new Date(startMs).getUTCFullYear()))];
  const cells = days.map(({ startMs, className }) => {
    const year = new Date(startMs).getUTCFullYear();
    const x = weekColumn(year, startMs), y = years.indexOf(year) * YEAR_ROWS + weekday(startMs);
    return { x: x + CELL_GAP, x2: x + 1 - CELL_GAP, y: y + CELL_GAP, y2: y + 1 - CELL_GAP, className };
  });
  // The months of the last year label the strips; those of another year lie at most one week off.
  const months = MONTHS.map((name, month) => ({
    name,
    at: weekColumn(years.at(-1)!, Date.UTC(years.at(-1)!, month, 7)),
  }));
  const names = (entries: readonly (readonly [number, string])[]) =>
    `({${entries.map(([at, name]) => `'${at}':'${name}'`).join(",")}})[datum.value]`;
  const yearRows = years.map((year, k) => [k * YEAR_ROWS + 3.5, String(year)] as const);
  return {
    data: { values: cells },
    mark: { type: "rect", strokeWidth: 0 },
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        scale: { domain: [0, 54], nice: false },
        axis: {
          title: null,
          values: months.map(({ at }) => at),
          labelExpr: names(months.map(({ at, name }) => [at, name])),
          labelAlign: "left",
          domain: false,
          ticks: false,
        },
      },
      x2: { field: "x2" },
      y: {
        field: "y",
        type: "quantitative",
        scale: { domain: [0, years.length * YEAR_ROWS - 1], reverse: true, nice: false },
        axis: {
          title: null,
          values: yearRows.map(([at]) => at),
          labelExpr: names(yearRows),
          labelFontWeight: "bold",
          labelFontSize: 8,
          grid: false,
        },
      },
      y2: { field: "y2" },
      color: {
        field: "className",
        type: "nominal",
        scale: { domain: classes.map(({ name }) => name), range: classes.map(({ color }) => color) },
        legend: { symbolType: "square", symbolSize: 42, symbolStrokeWidth: 0 },
      },
    },
  };
}

/** Bars of a share of one by month, with a label over those that lack something. */
export function coverageChart(
  months: readonly { readonly startMs: number; readonly share: number; readonly missing: string }[],
): ChartSpec {
  const values = months.map(({ startMs, share, missing }) => ({ month: startMs, share, missing }));
  const y = {
    type: "quantitative",
    scale: { domain: [0, 1.08], nice: false },
    axis: { title: "minutes present", format: ".0%", values: [0, 0.25, 0.5, 0.75, 1] },
  };
  const x = {
    field: "month",
    type: "ordinal",
    timeUnit: "utcyearmonth",
    scale: { paddingInner: 0.3, paddingOuter: 0.2 },
    axis: {
      title: null,
      labelAngle: 0,
      format: months.length > 36 ? "%Y" : "%b %y",
      labelOverlap: "greedy",
      labelSeparation: 3,
      ticks: false,
    },
  };
  return {
    data: { values },
    encoding: { x },
    layer: [
      { mark: { type: "bar", color: PALETTE.ruleLight }, encoding: { y: { ...y, datum: 1 } } },
      { mark: { type: "bar", color: PALETTE.accentLight }, encoding: { y: { ...y, field: "share" } } },
      {
        mark: { type: "text", dy: -5, fontSize: 6.5, fontWeight: "bold", color: PALETTE.bad },
        encoding: { y: { ...y, datum: 1 }, text: { field: "missing", type: "nominal" } },
      },
    ],
  };
}

/** Which week of the year, counted from the one that holds 1 January. */
function weekColumn(year: number, ms: number): number {
  const firstMs = Date.UTC(year, 0, 1);
  return Math.floor(((ms - firstMs) / DAY_MS + weekday(firstMs)) / 7);
}

/** Monday is 0; the epoch was a Thursday. */
function weekday(ms: number): number {
  return (Math.floor(ms / DAY_MS) + 3) % 7;
}
