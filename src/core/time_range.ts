/** Half-open span `[startMs, endMs)` in UTC epoch milliseconds. */
export interface TimeRange {
  /** First millisecond inside. */
  readonly startMs: number;
  /** First millisecond after. */
  readonly endMs: number;
}

/**
 * Builds a range.
 *
 * @throws {RangeError} if a bound is not finite or the end lies before the start.
 */
export function timeRange(startMs: number, endMs: number): TimeRange {
  if (!Number.isFinite(startMs) || !Number.isFinite(endMs)) {
    throw new RangeError(
      `Cannot build a time range as its bounds must be finite: current values are ${startMs} and ${endMs}`,
    );
  }
  if (endMs < startMs) {
    throw new RangeError(
      `Cannot build a time range as it ends before it starts: current values are ${startMs} and ${endMs}`,
    );
  }
  return { startMs, endMs };
}

/** Whether the range holds no instant. */
export function isEmptyRange(range: TimeRange): boolean {
  return range.endMs <= range.startMs;
}

/** The part that both share; empty (`startMs === endMs`) where they do not meet. */
export function intersectRanges(a: TimeRange, b: TimeRange): TimeRange {
  const startMs = Math.max(a.startMs, b.startMs);
  return { startMs, endMs: Math.max(startMs, Math.min(a.endMs, b.endMs)) };
}

/** Sorted, disjoint, non-touching ranges that cover the same instants. O(n log n). */
export function mergeRanges(ranges: readonly TimeRange[]): TimeRange[] {
  const sorted = ranges.filter((range) => !isEmptyRange(range)).sort((a, b) => a.startMs - b.startMs);
  const merged: TimeRange[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && range.startMs <= last.endMs) {
      merged[merged.length - 1] = { startMs: last.startMs, endMs: Math.max(last.endMs, range.endMs) };
    } else merged.push({ startMs: range.startMs, endMs: range.endMs });
  }
  return merged;
}

/**
 * What of `wanted` no range of `covered` holds: sorted, disjoint, non-empty.
 *
 * @example
 * ```ts
 * import { subtractRanges } from "./time_range.ts";
 * const missing = subtractRanges([{ startMs: 0, endMs: 10 }], [{ startMs: 2, endMs: 4 }]);
 * if (missing.length !== 2) throw new Error("expected [0,2) and [4,10)");
 * ```
 */
export function subtractRanges(wanted: readonly TimeRange[], covered: readonly TimeRange[]): TimeRange[] {
  const holes = mergeRanges(covered);
  const missing: TimeRange[] = [];
  for (const range of mergeRanges(wanted)) {
    let startMs = range.startMs;
    for (const hole of holes) {
      if (hole.endMs <= startMs) continue;
      if (hole.startMs >= range.endMs) break;
      if (hole.startMs > startMs) missing.push({ startMs, endMs: hole.startMs });
      startMs = Math.max(startMs, hole.endMs);
    }
    if (startMs < range.endMs) missing.push({ startMs, endMs: range.endMs });
  }
  return missing;
}

/** Total length in milliseconds of ranges that do not overlap. */
export function totalMs(ranges: readonly TimeRange[]): number {
  return ranges.reduce((sum, range) => sum + Math.max(0, range.endMs - range.startMs), 0);
}

/** Spans between ascending open times on a grid of `stepMs`: runs of neighbours become one range. O(n). */
export function rangesFromGrid(openTimesMs: ArrayLike<number>, stepMs: number): TimeRange[] {
  const ranges: TimeRange[] = [];
  for (let i = 0; i < openTimesMs.length; i++) {
    const startMs = openTimesMs[i]!;
    const last = ranges.at(-1);
    if (last !== undefined && last.endMs === startMs) {
      ranges[ranges.length - 1] = { startMs: last.startMs, endMs: startMs + stepMs };
    } else ranges.push({ startMs, endMs: startMs + stepMs });
  }
  return ranges;
}
