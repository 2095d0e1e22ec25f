import { formatNumber, formatTick } from "../format.ts";
import { hasPlace, linearScale } from "./scale.ts";

/** What a run has for an axis: a figure, a word, or nothing. */
export type AxisValue = number | string | undefined;

/** An axis of figures, or of words where not all values are figures. */
export interface Axis {
  /** Whether values are words, each with a place of its own. */
  readonly isCategorical: boolean;
  /** Pixel of a value; undefined for what has no place on the axis. */
  at(value: AxisValue): number | undefined;
  /** Ticks with their texts. */
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

/** Room at both ends of an axis of words, in places. */
const CATEGORY_ROOM = 0.5;

/** An axis over values; texts that are figures count as figures, as parameters are logged as text. */
export function axisOf(
  values: readonly AxisValue[],
  options: { readonly pixels: readonly [number, number]; readonly ticks: number },
): Axis {
  const known = values.filter((value) => value !== undefined);
  const figures = known.map(toFigure);
  return figures.every((figure) => figure !== undefined)
    ? figureAxis(figures.filter(hasPlace), options)
    : wordAxis([...new Set(known.map(String))].sort(), options.pixels);
}

/** The figure that a value is, or undefined for a word. */
export function toFigure(value: AxisValue): number | undefined {
  if (typeof value === "number") return value;
  if (value === undefined || value.trim() === "") return undefined;
  const figure = Number(value);
  return Number.isNaN(figure) && value.trim().toLowerCase() !== "nan" ? undefined : figure;
}

/** A value as people read it. */
export function axisText(value: AxisValue): string {
  return typeof value === "number" ? formatNumber(value) : value ?? "–";
}

function figureAxis(
  figures: readonly number[],
  { pixels, ticks }: { readonly pixels: readonly [number, number]; readonly ticks: number },
): Axis {
  if (figures.length === 0) return { isCategorical: false, at: () => undefined, ticks: [] };
  const scale = linearScale(Math.min(...figures), Math.max(...figures), { pixels, ticks, nice: true });
  return {
    isCategorical: false,
    at(value) {
      const figure = toFigure(value);
      return figure === undefined || !hasPlace(figure) ? undefined : scale.at(figure);
    },
    ticks: scale.ticks.map((tick) => ({ at: scale.at(tick), text: formatTick(tick, scale.step) })),
  };
}

function wordAxis(words: readonly string[], [from, to]: readonly [number, number]): Axis {
  const places = new Map(words.map((word, i) => [
    word,
    from + (i + CATEGORY_ROOM) / (words.length - 1 + 2 * CATEGORY_ROOM) * (to - from),
  ]));
  return {
    isCategorical: true,
    at: (value) => value === undefined ? undefined : places.get(String(value)),
    ticks: [...places].map(([text, at]) => ({ at, text })),
  };
}
