import { DAY_MS, lowerBound, MINUTE_MS } from "../../core/mod.ts";

/** Live rows and what of the training rows they are held against, as places of rows in either. */
export interface TrainingWindows {
  /** Newest live rows, thinned. */
  readonly live: Int32Array;
  /** Training rows, thinned. */
  readonly reference: Int32Array;
  /** Training rows at the live rows' minutes of the day, so many days earlier each. */
  readonly windows: readonly Int32Array[];
}

/** More rows of a window say little, as neighbours are alike. */
const WINDOW_ROWS = 480;
const REFERENCE_ROWS = 9000;
/** Fewer windows than this tell no band; more than this many tell it no better. */
const FEWEST_WINDOWS = 20, MOST_WINDOWS = 100;
/** A window is no more than this part of the training span, so that several fit beside each other. */
const WINDOW_SHARE = 1 / 6;
/** A window lacks no more than one row in ten. */
const PRESENT_SHARE = 0.9;

/**
 * Windows of the training span that lie as the live rows do: the same minutes of the day over the same number of days,
 * moved by whole days. How far they lie from the whole span is how far live rows may lie without any drift, whatever the
 * number of rows, their hours and their dependence on each other. Undefined where too few fit.
 */
export function trainingWindows(liveMs: Float64Array, trainingMs: Float64Array): TrainingWindows | undefined {
  if (liveMs.length === 0 || trainingMs.length === 0) return undefined;
  const firstMs = trainingMs[0]!, lastMs = trainingMs.at(-1)!, newestMs = liveMs.at(-1)!;
  const fromMs = newestMs - (lastMs - firstMs) * WINDOW_SHARE;
  const from = lowerBound(liveMs, fromMs);
  const live = thinned(from, liveMs.length, WINDOW_ROWS);
  const shifts = shiftsOf(liveMs[live[0]!]!, newestMs, { firstMs, lastMs });
  const windows = evenly(shifts, MOST_WINDOWS).flatMap((days) => {
    const rows = rowsAt(trainingMs, Float64Array.from(live, (row) => liveMs[row]! - days * DAY_MS));
    return rows.length >= PRESENT_SHARE * live.length ? [rows] : [];
  });
  if (windows.length < FEWEST_WINDOWS) return undefined;
  return { live, reference: thinned(0, trainingMs.length, REFERENCE_ROWS), windows };
}

/** Days by which the live rows can be moved back so that all lie in the training span. */
function shiftsOf(
  fromMs: number,
  toMs: number,
  { firstMs, lastMs }: { readonly firstMs: number; readonly lastMs: number },
): number[] {
  const least = Math.ceil((toMs - lastMs) / DAY_MS), most = Math.floor((fromMs - firstMs) / DAY_MS);
  return Array.from({ length: Math.max(0, most - least + 1) }, (_, i) => least + i);
}

function rowsAt(timesMs: Float64Array, wantedMs: Float64Array): Int32Array {
  return Int32Array.from(wantedMs, (ms) => {
    const row = lowerBound(timesMs, ms);
    return timesMs[row] === ms ? row : -1;
  }).filter((row) => row >= 0);
}

/** About so many of `[from, to)`, by a step that shares no factor with the minutes of an hour. */
function thinned(from: number, to: number, most: number): Int32Array {
  let step = Math.ceil((to - from) / most);
  while (step > 1 && (step % 2 === 0 || step % 3 === 0 || step % 5 === 0)) step++;
  return Int32Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);
}

function evenly(values: readonly number[], most: number): number[] {
  const count = Math.min(most, values.length);
  return Array.from({ length: count }, (_, i) => values[Math.floor(i * values.length / count)]!);
}

/** Hour of the UTC day, from 0. */
function hourOf(ms: number): number {
  return Math.floor(ms % DAY_MS / (60 * MINUTE_MS));
}

/**
 * A weight for each reference row, so that its hours of the day have the shares of the window's; rows within the window's
 * own span have none, as a window would else be held against itself. They add up to the number of rows that count.
 */
export function hourWeights(referenceMs: Float64Array, windowMs: Float64Array): Float64Array {
  const fromMs = windowMs[0] ?? Infinity, toMs = windowMs.at(-1) ?? -Infinity;
  const counts = (ms: number) => ms < fromMs || ms > toMs;
  const wanted = new Float64Array(24), found = new Float64Array(24);
  for (const ms of windowMs) wanted[hourOf(ms)]!++;
  let rows = 0;
  for (const ms of referenceMs) {
    if (!counts(ms) || wanted[hourOf(ms)] === 0) continue;
    found[hourOf(ms)]!++;
    rows++;
  }
  const matched = wanted.reduce((sum, count, hour) => sum + (found[hour]! > 0 ? count : 0), 0);
  return referenceMs.map((ms) => {
    const hour = hourOf(ms);
    return counts(ms) && wanted[hour]! > 0 ? wanted[hour]! / matched * rows / found[hour]! : 0;
  });
}
