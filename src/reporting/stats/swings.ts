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
 * The `count` largest moves over `candles` candles by absolute log return, no two of which overlap: the largest first, then
 * the largest that does not touch it, and so on. Windows with a missing candle take no part.
 */
export function largestSwings(
  columns: CandleColumns,
  rollingBps: Float64Array,
  options: { readonly candles: number; readonly count: number; readonly stepMs?: number },
): Swing[] {
  const { candles, stepMs = MINUTE_MS } = options;
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
    const from = columns.close[best - candles]!, to = columns.close[best]!;
    const endMs = columns.openTimeMs[best]! + stepMs;
    swings.push({ startMs: endMs - candles * stepMs, endMs, from, to, change: to / from - 1 });
    size.fill(NaN, Math.max(0, best - candles + 1), Math.min(size.length, best + candles));
  }
  return swings;
}
