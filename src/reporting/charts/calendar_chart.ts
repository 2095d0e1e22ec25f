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

/** Height in points of a year's strip, axis and legend included. */
export const CALENDAR_HEIGHT = 92;

/** The days of a UTC year as weeks (columns) by weekday (rows), coloured by class. */
export function calendarChart(
  year: number,
  days: readonly { readonly startMs: number; readonly className: string }[],
  classes: readonly CalendarClass[],
): ChartSpec {
  const firstMs = Date.UTC(year, 0, 1);
  const firstWeekday = weekday(firstMs);
  const column = (ms: number) => Math.floor(((ms - firstMs) / DAY_MS + firstWeekday) / 7);
  const monthStarts = MONTHS.map((name, month) => ({ name, at: column(Date.UTC(year, month, 1)) + 0.5 }));
  const labels = monthStarts.map(({ name, at }) => `'${at}':'${name}'`).join(",");
  return {
    data: {
      values: days.map(({ startMs, className }) => ({
        x: column(startMs) + CELL_GAP,
        x2: column(startMs) + 1 - CELL_GAP,
        y: weekday(startMs) + CELL_GAP,
        y2: weekday(startMs) + 1 - CELL_GAP,
        className,
      })),
    },
    mark: { type: "rect" },
    encoding: {
      x: {
        field: "x",
        type: "quantitative",
        scale: { domain: [0, 54], nice: false },
        axis: {
          title: null,
          values: monthStarts.map(({ at }) => at),
          labelExpr: `({${labels}})[datum.value]`,
          labelAlign: "left",
          domain: false,
          ticks: false,
        },
      },
      x2: { field: "x2" },
      y: {
        field: "y",
        type: "quantitative",
        scale: { domain: [0, 7], reverse: true, nice: false },
        axis: {
          title: String(year),
          values: [0.5, 2.5, 4.5, 6.5],
          labelExpr: "({'0.5':'Mon','2.5':'Wed','4.5':'Fri','6.5':'Sun'})[datum.value]",
          grid: false,
        },
      },
      y2: { field: "y2" },
      color: {
        field: "className",
        type: "nominal",
        scale: { domain: classes.map(({ name }) => name), range: classes.map(({ color }) => color) },
        legend: { symbolType: "square", symbolSize: 42 },
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
      { mark: { type: "bar", color: PALETTE.accentPale }, encoding: { y: { ...y, datum: 1 } } },
      { mark: { type: "bar", color: PALETTE.accent }, encoding: { y: { ...y, field: "share" } } },
      {
        mark: { type: "text", dy: -5, fontSize: 6.5, fontWeight: "bold", color: PALETTE.bad },
        encoding: { y: { ...y, datum: 1 }, text: { field: "missing", type: "nominal" } },
      },
    ],
  };
}

/** Monday is 0; the epoch was a Thursday. */
function weekday(ms: number): number {
  return (Math.floor(ms / DAY_MS) + 3) % 7;
}
