import { formatNumber, formatTick } from "../format.ts";
import { EMPTY, type Html, html } from "../html.ts";
import { colorClass } from "./color.ts";
import { hasPlace, linearScale, logScale, type Scale } from "./scale.ts";
import { type Point, thinOut } from "./thin_out.ts";

/** One line of a chart. */
export interface Series {
  /** What it shows, for the tooltip and the legend. */
  readonly label: string;
  /** Colour, 0…9 and on from there again. */
  readonly color: number;
  /** Its points, in order of x. */
  readonly points: readonly Point[];
}

/** How a chart is drawn. */
export interface LineChartOptions {
  /** What the chart shows; read out in place of the picture. */
  readonly title: string;
  /** Name of the x axis. */
  readonly xLabel: string;
  /** Width in CSS pixels at full size. @default 420 */
  readonly width?: number;
  /** Height in CSS pixels at full size. @default 220 */
  readonly height?: number;
  /** Whether x is a count. @default true */
  readonly integerX?: boolean;
  /** Whether y is logarithmic; what is not positive is then left out. @default false */
  readonly logY?: boolean;
  /** Further class of the picture. */
  readonly className?: string;
}

const MAX_POINTS = 800;
const MAX_DOTTED = 30;
const MARGIN = { top: 10, right: 14, bottom: 34 };
const CHARACTER_WIDTH = 6.7;

/** Lines over a common x axis as a picture: axes with round ticks, gaps where a value is not finite. */
export function lineChart(series: readonly Series[], options: LineChartOptions): Html {
  const { width = 420, height = 220, logY = false, integerX = true } = options;
  const isDrawn = ([x, y]: Point) => hasPlace(x) && hasPlace(y) && (!logY || y > 0);
  const lines = series.map((line) => ({ ...line, points: thinOut(line.points, MAX_POINTS, ([, y]) => y) }));
  const drawn = lines.flatMap(({ points }) => points.filter(isDrawn));
  if (drawn.length === 0) {
    return html`<p class="empty">${logY ? "No positive finite values to draw." : "No finite values to draw."}</p>`;
  }
  const missing = series.reduce((sum, { points }) => sum + points.filter((point) => !isDrawn(point)).length, 0);

  const [yMin, yMax] = extent(drawn.map(([, y]) => y));
  const yPixels = [height - MARGIN.bottom, MARGIN.top] as const;
  const y = logY
    ? logScale(yMin, yMax, { pixels: yPixels, ticks: 5 })
    : linearScale(yMin, yMax, { pixels: yPixels, ticks: Math.max(3, Math.round(height / 55)), nice: true });
  const yTexts = y.ticks.map((tick) => y.isLog ? formatNumber(tick) : formatTick(tick, y.step));
  const left = Math.ceil(Math.max(...yTexts.map((text) => text.length), 2) * CHARACTER_WIDTH) + 14;
  const [xMin, xMax] = extent(lines.flatMap(({ points }) => points.map(([x]) => x).filter(hasPlace)));
  const x = linearScale(xMin, xMax, {
    pixels: [left, width - MARGIN.right],
    ticks: Math.max(2, Math.round((width - left) / 80)),
    integer: integerX,
  });

  return html`
    <svg class="chart ${options.className}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"
      role="img" aria-label="${describe(options.title, lines, drawn.length)}${missingNote(missing, logY)}" tabindex="0"
      data-chart="${JSON.stringify(forTooltip(lines, x, y, left, options.xLabel))}">
      <g class="grid">${y.ticks.map((tick, i) =>
        html`
          <line x1="${left}" x2="${width - MARGIN.right}" y1="${pixel(y.at(tick))}" y2="${pixel(y.at(tick))}" />
          <text x="${left - 7}" y="${pixel(y.at(tick) + 4)}" text-anchor="end">${yTexts[i]}</text>
        `
      )}</g>
      <g class="axis"><line x1="${left}" x2="${width - MARGIN.right}" y1="${height - MARGIN.bottom}" y2="${height -
        MARGIN.bottom}"/>${x.ticks.map((tick) =>
          html`
            <line x1="${pixel(x.at(tick))}" x2="${pixel(x.at(tick))}" y1="${height - MARGIN.bottom}" y2="${height -
              MARGIN.bottom + 4}" />
            <text x="${pixel(x.at(tick))}" y="${height - MARGIN.bottom + 16}" text-anchor="${anchor(
              x.at(tick),
              left,
              width,
            )}">${formatTick(tick, x.step)}</text>
          `
        )}
        <text class="label" x="${pixel((left + width - MARGIN.right) / 2)}" y="${height -
          4}" text-anchor="middle">${options.xLabel}</text></g>
      ${lines.map((line) => drawLine(line, x, y, isDrawn))}
    </svg>
    ${missing === 0
      ? EMPTY
      : html`<p class="muted small ${options.className}" aria-hidden="true">${missingNote(missing, logY).slice(2)}</p>`}
  `;
}

function drawLine(line: Series, x: Scale, y: Scale, isDrawn: (point: Point) => boolean): Html {
  const parts: string[] = [];
  let isDown = false;
  for (const point of line.points) {
    if (!isDrawn(point)) {
      isDown = false;
      continue;
    }
    parts.push(`${isDown ? "L" : "M"}${pixel(x.at(point[0]))} ${pixel(y.at(point[1]))}`);
    isDown = true;
  }
  const shown = line.points.filter(isDrawn);
  const dots = shown.length <= MAX_DOTTED
    ? shown.map(([pointX, pointY]) =>
      html`
        <circle cx="${pixel(x.at(pointX))}" cy="${pixel(y.at(pointY))}" r="2.6" />
      `
    )
    : EMPTY;
  return html`<g class="line ${colorClass(line.color)}"><path d="${parts.join("")}"/>${dots}</g>`;
}

/** What the script needs to show values under the pointer. */
function forTooltip(lines: readonly Series[], x: Scale, y: Scale, left: number, xLabel: string) {
  return {
    x: [x.min, x.max, left],
    y: [y.isLog ? Math.log10(y.min) : y.min, y.isLog ? Math.log10(y.max) : y.max, y.isLog],
    xLabel,
    margin: MARGIN,
    lines: lines.map(({ label, color, points }) => ({
      label,
      color: color % 10,
      // JSON has no NaN: null keeps the gap.
      points: points.map((
        [pointX, pointY],
      ) => [pointX, hasPlace(pointY) ? Number(pointY.toPrecision(7)) : null]),
    })),
  };
}

/** What a picture leaves out; nothing where it shows all. */
function missingNote(count: number, logY: boolean): string {
  if (count === 0) return "";
  const why = logY ? "not finite or not positive" : "not finite";
  return count === 1
    ? `. 1 point is not shown, as it is ${why}`
    : `. ${count} points are not shown, as they are ${why}`;
}

function describe(title: string, lines: readonly Series[], count: number): string {
  const ends = lines.slice(0, 5).map(({ label, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    return first === undefined || last === undefined
      ? `${label}: no values`
      : `${label}: from ${formatNumber(first[1])} to ${formatNumber(last[1])}`;
  });
  return `Line chart of ${title}, ${count} points. ${ends.join("; ")}`;
}

function extent(values: readonly number[]): [number, number] {
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}

/** The outermost labels lean inwards, so that they are not cut. */
function anchor(at: number, left: number, width: number): "start" | "middle" | "end" {
  if (at > width - MARGIN.right - 12) return "end";
  return at < left - 1 ? "start" : "middle";
}

function pixel(value: number): string {
  return String(Math.round(value * 10) / 10);
}
