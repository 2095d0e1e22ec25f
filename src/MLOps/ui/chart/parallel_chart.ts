import { EMPTY, type Html, html } from "../html.ts";
import { axisOf, axisText, type AxisValue } from "./axis.ts";
import { colorClass } from "./color.ts";
import { pixel, short } from "./scatter_chart.ts";

/** A line through all axes. */
export interface ParallelLine {
  /** Name, for who points at it. */
  readonly label: string;
  /** Its place among the series, for its colour. */
  readonly color: number;
  /** Its values, one an axis. */
  readonly values: readonly AxisValue[];
}

/** How parallel coordinates are drawn. */
export interface ParallelOptions {
  /** Prefix of ids in the picture, once on a page. */
  readonly id: string;
  /** Names of the axes, from the left. */
  readonly axes: readonly string[];
  /** Width in CSS pixels at full size. */
  readonly width: number;
  /** Height in CSS pixels at full size. */
  readonly height: number;
  /** Further class of the picture. */
  readonly className?: string;
}

const MARGIN = { top: 30, right: 20, bottom: 12, left: 70 };
const CHARACTER_WIDTH = 6.7;
const MAX_WORDS = 12;

/** Parallel coordinates: a vertical axis for each parameter and metric, a line for each run, a gap where it has none. */
export function parallelChart(lines: readonly ParallelLine[], options: ParallelOptions): Html {
  const { id, axes, width, height, className = "" } = options;
  const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
  const step = (width - MARGIN.left - MARGIN.right) / Math.max(1, axes.length - 1);
  const atX = (i: number) => MARGIN.left + i * step;
  const scales = axes.map((_, i) => axisOf(lines.map(({ values }) => values[i]), { pixels: [bottom, top], ticks: 4 }));
  const characters = Math.max(4, Math.floor((Math.min(step, MARGIN.left + 20) - 12) / CHARACTER_WIDTH));
  const nameCharacters = Math.max(6, Math.floor((step - 8) / CHARACTER_WIDTH));
  return html`
    <svg class="chart parallel ${className}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"
      role="img" aria-labelledby="${id}-title" aria-describedby="${id}-desc">
      <title id="${id}-title">Parallel coordinates of ${lines.length} runs</title>
      <desc id="${id}-desc">Axes: ${axes.join(", ")}. ${lines.slice(0, 3).map(({ label, values }) =>
        `${label}: ${values.map(axisText).join(", ")}`
      ).join("; ")}</desc>
      ${lines.map(({ label, color, values }) => {
        const places = values.map((value, i) => [atX(i), scales[i]!.at(value)] as const);
        return html`<g class="thread ${colorClass(color)}"><title>${label}
${axes.map((axis, i) => `${axis} ${axisText(values[i])}`).join("\n")}</title><path d="${pathOf(places)}"/>${
          places.map(([x, y]) =>
            y === undefined ? EMPTY : html`
              <circle cx="${pixel(x)}" cy="${pixel(y)}" r="3" />
            `
          )
        }</g>`;
      })}
      <g class="axis">${axes.map((axis, i) => {
        const { ticks } = scales[i]!;
        const shown = ticks.length > MAX_WORDS ? [ticks[0]!, ticks.at(-1)!] : ticks;
        const anchor = i === 0 ? "start" : i === axes.length - 1 ? "end" : "middle";
        const nameX = i === 0 ? 4 : i === axes.length - 1 ? width - 4 : atX(i);
        return html`
          <line x1="${pixel(atX(i))}" x2="${pixel(atX(i))}" y1="${top}" y2="${bottom}" />
          <text class="label" x="${pixel(nameX)}" y="14" text-anchor="${anchor}">${short(
            axis,
            nameCharacters,
          )}<title>${axis}</title></text>
          ${shown.map(({ at, text }) =>
            html`<text x="${pixel(atX(i) - 7)}" y="${pixel(at + 4)}" text-anchor="end">${
              short(text, characters)
            }</text>`
          )}
        `;
      })}</g>
    </svg>
  `;
}

function pathOf(places: readonly (readonly [x: number, y: number | undefined])[]): string {
  let isDown = false;
  return places.map(([x, y]) => {
    if (y === undefined) {
      isDown = false;
      return "";
    }
    const move = isDown ? "L" : "M";
    isDown = true;
    return `${move}${pixel(x)} ${pixel(y)}`;
  }).join("");
}
