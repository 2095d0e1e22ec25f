import { CHART_WIDTH } from "../charts/draw.ts";

/** A4 and the type scale, in points. */
export const PAGE = {
  width: 595.28,
  height: 841.89,
  left: (595.28 - CHART_WIDTH) / 2,
  top: 66,
  bottom: 60,
  headerY: 40,
  footerY: 34,
} as const;

/** Width between the margins. */
export const CONTENT_WIDTH: number = CHART_WIDTH;

/** Height between the margins. */
export const CONTENT_HEIGHT = PAGE.height - PAGE.top - PAGE.bottom;

/** Text sizes. */
export const TYPE = {
  title: 25,
  subtitle: 11,
  heading: 15,
  verdict: 11.5,
  body: 9.2,
  caption: 8,
  table: 7.8,
  note: 7.4,
  figure: 15,
  label: 7.4,
  running: 7.2,
} as const;

/** Line height as a multiple of the size. */
export const LEADING = 1.45;
