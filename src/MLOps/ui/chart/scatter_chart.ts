import { type Html, html } from "../html.ts";
import { axisOf, axisText, type AxisValue } from "./axis.ts";
import { colorClass } from "./color.ts";

/** A point: what it stands for, and where it lies. */
export interface ScatterPoint {
  /** Name, for who points at it. */
  readonly label: string;
  /** Its place among the series, for its colour. */
  readonly color: number;
  /** Value on the horizontal axis. */
  readonly x: AxisValue;
  /** Value on the vertical axis. */
  readonly y: AxisValue;
}

/** How a scatter chart is drawn. */
export interface ScatterOptions {
  /** Prefix of ids in the picture, once on a page. */
  readonly id: string;
  /** Name of the horizontal axis. */
  readonly xLabel: string;
  /** Name of the vertical axis. */
  readonly yLabel: string;
  /** Width in CSS pixels at full size. */
  readonly width: number;
  /** Height in CSS pixels at full size. */
  readonly height: number;
  /** Further class of the picture. */
  readonly className?: string;
}

const MARGIN = { top: 26, right: 18, bottom: 40 };
const CHARACTER_WIDTH = 6.7;
const LONGEST_TICK = 18;
const RADIUS = 5;

/** One point a run, of one value against another; either axis may be of words. */
export function scatterChart(points: readonly ScatterPoint[], options: ScatterOptions): Html {
  const { id, xLabel, yLabel, width, height, className = "" } = options;
  const bottom = height - MARGIN.bottom;
  const y = axisOf(points.map((point) => point.y), { pixels: [bottom - 8, MARGIN.top + 8], ticks: 5 });
  const left = Math.ceil(
    Math.max(2, ...y.ticks.map(({ text }) => Math.min(LONGEST_TICK, text.length))) * CHARACTER_WIDTH,
  ) + 16;
  const x = axisOf(points.map((point) => point.x), {
    pixels: [left + 10, width - MARGIN.right - 10],
    ticks: Math.max(2, Math.round((width - left) / 110)),
  });
  const drawn = points.flatMap((point) => {
    const [atX, atY] = [x.at(point.x), y.at(point.y)];
    return atX === undefined || atY === undefined ? [] : [{ ...point, atX, atY }];
  });
  if (drawn.length === 0) return html`<p class="empty ${className}">No run has both values.</p>`;
  const places = Math.max(4, Math.floor((width - left) / Math.max(1, x.ticks.length) / CHARACTER_WIDTH));
  return html`
    <svg class="chart ${className}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"
      aria-labelledby="${id}-title" aria-describedby="${id}-desc">
      <title id="${id}-title">Scatter chart of ${yLabel} against ${xLabel}</title>
      <desc id="${id}-desc">${drawn.length} of ${points.length} runs. ${describe(drawn)}</desc>
      <g class="grid">${y.ticks.map(({ at, text }) =>
        html`
          <line x1="${left}" x2="${width - MARGIN.right}" y1="${pixel(at)}" y2="${pixel(at)}" />
          <text x="${left - 7}" y="${pixel(at + 4)}" text-anchor="end">${short(text, LONGEST_TICK)}</text>
        `
      )}</g>
      <g
        class="axis"><line x1="${left}" x2="${width - MARGIN.right}" y1="${bottom}" y2="${bottom}"/>${x.ticks.map((
          { at, text },
        ) =>
          html`
            <line x1="${pixel(at)}" x2="${pixel(at)}" y1="${bottom}" y2="${bottom + 4}" />
            <text x="${pixel(at)}" y="${bottom + 17}" text-anchor="middle">${short(text, places)}</text>
          `
        )}<text class="label" x="${pixel((left + width) / 2)}" y="${height - 5}" text-anchor="middle">${short(
          xLabel,
          Math.floor((width - left) / CHARACTER_WIDTH),
        )}</text>
    <text class="label" x="4" y="13">${short(yLabel, Math.floor(width / CHARACTER_WIDTH))}</text></g>
      <g class="points">${drawn.map(({ label, color, atX, atY, ...value }) =>
        html`
          <circle class="${colorClass(color)}" cx="${pixel(atX)}" cy="${pixel(atY)}" r="${RADIUS}">
            <title>${label}
          ${xLabel} ${axisText(value.x)}
          ${yLabel} ${axisText(value.y)}</title>
          </circle>
        `
      )}</g>
    </svg>
  `;
}

function describe(points: readonly ScatterPoint[]): string {
  return points.slice(0, 5).map(({ label, x, y }) => `${label}: ${axisText(x)}, ${axisText(y)}`).join("; ");
}

/** A text cut to a number of characters. */
export function short(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
}

/** A place in a picture, in tenths of pixels. */
export function pixel(value: number): string {
  return String(Math.round(value * 10) / 10);
}
