import { type CandleColumns, MINUTE_MS } from "../../core/mod.ts";

/** A move between two closes a fixed span apart. */
export interface Swing {
  /** End of the first candle: the time of the first close. */
  readonly startMs: number;
  readonly endMs: number;
  readonly from: number;
  readonly to: number;
  /** `to / from − 1`. */
  readonly change: number;
}

/**
 * The `count` largest moves over `minutes` by absolute log return, no two of which overlap: the largest first, then
 * the largest that does not touch it, and so on. Windows with a missing minute take no part.
 */
export function largestSwings(
  columns: CandleColumns,
  rollingBps: Float64Array,
  options: { readonly minutes: number; readonly count: number },
): Swing[] {
  const { minutes } = options;
  const size = new Float64Array(rollingBps.length);
  for (let i = 0; i < size.length; i++) size[i] = Math.abs(rollingBps[i]!);
  const swings: Swing[] = [];
  while (swings.length < options.count) {
    let best = -1, bestSize = 0;
    for (let i = 0; i < size.length; i++) {
      // NaN compares false, so missing and taken windows drop out.
      if (size[i]! > bestSize) [best, bestSize] = [i, size[i]!];
    }
    if (best < 0) break;
    const from = columns.close[best - minutes]!, to = columns.close[best]!;
    const endMs = columns.openTimeMs[best]! + MINUTE_MS;
    swings.push({ startMs: endMs - minutes * MINUTE_MS, endMs, from, to, change: to / from - 1 });
    size.fill(NaN, Math.max(0, best - minutes + 1), Math.min(size.length, best + minutes));
  }
  return swings;
}
