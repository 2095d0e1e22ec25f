import { MINUTE_MS, rangesFromGrid, type TimeRange } from "../../core/mod.ts";

/** A series on the grid of its candles: deviations from the mean, zero where missing, and the spans that have values. */
export interface GridSeries {
  readonly deviations: Float64Array;
  /** Filled spans as half-open index ranges of `deviations`, ascending. */
  readonly runs: readonly { readonly start: number; readonly end: number }[];
  readonly count: number;
  /** Mean square of the deviations. */
  readonly variance: number;
}

/** Puts the finite `values` (one per open time) on the grid of candles between the first and the last of them. */
export function gridSeries(
  openTimeMs: Float64Array,
  values: Float64Array,
  stepMs: number = MINUTE_MS,
): GridSeries {
  const times = new Float64Array(values.length);
  let count = 0, sum = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) continue;
    times[count++] = openTimeMs[i]!;
    sum += values[i]!;
  }
  if (count === 0) return { deviations: new Float64Array(0), runs: [], count, variance: NaN };
  const mean = sum / count, startMs = times[0]!;
  const index = (ms: number) => Math.round((ms - startMs) / stepMs);
  const deviations = new Float64Array(index(times[count - 1]!) + 1);
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) continue;
    const d = values[i]! - mean;
    deviations[index(openTimeMs[i]!)] = d;
    squares += d * d;
  }
  const runs = rangesFromGrid(times.subarray(0, count), stepMs)
    .map((range: TimeRange) => ({ start: index(range.startMs), end: index(range.endMs) }));
  return { deviations, runs, count, variance: squares / count };
}

/**
 * Autocorrelation at `lag` candles: the mean product over the pairs of candles that both exist, divided by the
 * variance of all. NaN where there is no such pair or the series is flat.
 */
export function autocorrelation(series: GridSeries, lag: number): number {
  const { deviations, runs, variance } = series;
  const pairs = countPairs(runs, lag);
  // Dust from rounding is no variance.
  if (pairs === 0 || !(variance > 1e-18)) return NaN;
  let sum = 0;
  for (let i = lag; i < deviations.length; i++) sum += deviations[i]! * deviations[i - lag]!;
  return sum / pairs / variance;
}

/** Indices `i` for which both `i` and `i − lag` lie in a run. O(runs). */
function countPairs(runs: GridSeries["runs"], lag: number): number {
  let pairs = 0;
  for (let a = 0, b = 0; a < runs.length && b < runs.length;) {
    const start = Math.max(runs[a]!.start, runs[b]!.start + lag);
    const end = Math.min(runs[a]!.end, runs[b]!.end + lag);
    if (end > start) pairs += end - start;
    if (runs[a]!.end < runs[b]!.end + lag) a++;
    else b++;
  }
  return pairs;
}
