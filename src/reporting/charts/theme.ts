import { FONT_FAMILY } from "../fonts/inter.ts";

/** Colours of the reports: one accent, and three that mean something. */
export const PALETTE = {
  ink: "#1c2733",
  text: "#33404d",
  muted: "#6a7683",
  rule: "#d5dbe1",
  ruleLight: "#e9edf1",
  panel: "#f5f7f9",
  accent: "#1f5a96",
  accentLight: "#a9c3de",
  accentPale: "#dce7f2",
  orange: "#d07a1d",
  teal: "#3c8d7a",
  good: "#2f7d57",
  warning: "#b7791f",
  bad: "#b23a33",
} as const;

/** Colours of series in one chart, told apart in print and by readers who see no red or green. */
export const SERIES_COLORS = [
  PALETTE.accent,
  PALETTE.orange,
  PALETTE.teal,
  "#8a5a9e",
  PALETTE.muted,
  PALETTE.bad,
] as const;

/**
 * Labels of a numeric axis: thousands separated, no exponent but for numbers that would be all zeros. The formats of
 * d3 that fit one size of numbers write the other as `5e+2`.
 */
export const NUMBER_LABELS = {
  labelExpr: "abs(datum.value) >= 1e9 || (datum.value != 0 && abs(datum.value) < 1e-5) " +
    "? format(datum.value, '.2~e') : format(datum.value, ',~f')",
} as const;

const axisText = { labelFontSize: 7, titleFontSize: 7.5, labelColor: PALETTE.muted, titleColor: PALETTE.text };

/** Vega-Lite `config` of every chart. Sizes are points. */
export const CHART_CONFIG = {
  font: FONT_FAMILY,
  background: null,
  // The drawing has one label as a whole; one on each of its thousands of marks helps nobody.
  aria: false,
  padding: { left: 1, right: 3, top: 3, bottom: 1 },
  view: { stroke: null },
  axis: {
    ...axisText,
    titleFontWeight: "normal",
    labelFont: FONT_FAMILY,
    titleFont: FONT_FAMILY,
    domainColor: PALETTE.rule,
    domainWidth: 0.6,
    tickColor: PALETTE.rule,
    tickWidth: 0.6,
    tickSize: 3,
    gridColor: PALETTE.ruleLight,
    gridWidth: 0.5,
    labelPadding: 3,
    titlePadding: 6,
    labelLimit: 140,
  },
  axisX: { grid: false, labelFlush: false, labelOverlap: "greedy", labelSeparation: 5 },
  axisY: { domain: false, ticks: false, labelOverlap: "greedy", minExtent: 30 },
  legend: {
    ...axisText,
    labelColor: PALETTE.text,
    title: null,
    orient: "top",
    direction: "horizontal",
    symbolSize: 36,
    symbolStrokeWidth: 1.6,
    columnPadding: 12,
    offset: 4,
    padding: 0,
    labelFont: FONT_FAMILY,
    labelLimit: 220,
  },
  line: { color: PALETTE.accent, strokeWidth: 1, strokeJoin: "round" },
  rule: { color: PALETTE.muted, strokeWidth: 0.6 },
  bar: { color: PALETTE.accent },
  area: { color: PALETTE.accentLight },
  point: { color: PALETTE.accent, size: 16, filled: true },
  text: { font: FONT_FAMILY, fontSize: 7, color: PALETTE.text },
  range: { category: SERIES_COLORS },
} as const;
