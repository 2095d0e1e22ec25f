import type { MinuteGrid } from "./minute_grid.ts";

/** Decision times to compute: exclusive grid indices, so that minute `ends[row] − 1` is the last closed one. */
export interface DecisionRows {
  /** Ascending, for speed. */
  readonly ends: Int32Array;
}

/** One feature: a causal function of closed candles with a finite memory. */
export interface Indicator {
  /** Column name, derived from the parameters. */
  readonly name: string;
  /** What the name abbreviates; part of the digest. */
  readonly parameters: Readonly<Record<string, number | string>>;
  /** Candles of this many minutes before the decision time determine the value. */
  readonly lookbackMinutes: number;
  /** Grows with any change of meaning; part of the digest. */
  readonly definitionVersion: number;
  /** Whether a row whose last 61 closes all exist can lack it. */
  readonly nullable: boolean;
  /** Values for the rows, rounded to float32; NaN where missing. */
  compute(grid: MinuteGrid, rows: DecisionRows): Float32Array;
}

/** Minutes of a UTC day. */
export const DAY_MINUTES = 1440;
/** Minutes of a UTC week. */
export const WEEK_MINUTES = 10_080;

/** Windows up to this many minutes need every minute; longer ones at least half of theirs. */
export const STRICT_WINDOW_MINUTES = 60;

/** Fewest minutes that a window of `minutes` must have for its value to exist. */
export function minutesNeeded(minutes: number): number {
  return minutes <= STRICT_WINDOW_MINUTES ? minutes : Math.ceil(minutes / 2);
}

/** All of an indicator but its computation, at definition version 1. */
export function described(
  name: string,
  parameters: Indicator["parameters"],
  lookbackMinutes: number,
  nullable: boolean,
): Omit<Indicator, "compute"> {
  return { name, parameters, lookbackMinutes, definitionVersion: 1, nullable };
}

/** Float32Array assignment is Math.fround, which every feature value is defined to be. */
export function column(length: number, valueAt: (row: number) => number): Float32Array {
  const values = new Float32Array(length);
  for (let row = 0; row < length; row++) values[row] = valueAt(row);
  return values;
}
