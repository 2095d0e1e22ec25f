import type { WindowSums } from "./block_sums.ts";
import { minutesNeeded } from "./indicator.ts";
import type { MinuteGrid } from "./minute_grid.ts";

/** Smallest mean squared one-minute return that is told from none: (.1 bps)². */
export const VARIANCE_FLOOR_BPS2 = 0.01;

/** Minutes that {@linkcode recentVolatility} looks back over. */
export const VOLATILITY_MINUTES = 240;
/** Look-back of what is measured in recent volatility: one close more. */
export const VOLATILITY_LOOKBACK_MINUTES: number = VOLATILITY_MINUTES + 1;

/** Mean over the minutes present of windows; NaN where fewer than `needed` are. */
export function windowMeans(
  sums: WindowSums,
  ends: Int32Array,
  minutes: number,
  needed: number = minutesNeeded(minutes),
): Float64Array {
  const { sums: means, counts } = sums.windows(ends, minutes);
  for (let row = 0; row < ends.length; row++) {
    const count = counts[row]!;
    means[row] = count < needed ? NaN : means[row]! / count;
  }
  return means;
}

/** Mean squared one-minute return of windows, in bps²; NaN where missing. */
export function varianceMeans(grid: MinuteGrid, ends: Int32Array, minutes: number): Float64Array {
  return grid.perRows(ends, `variance ${minutes}`, () => windowMeans(grid.squaredReturnSums(), ends, minutes));
}

/**
 * Root mean squared one-minute return of the last 240 minutes in bps, at least .1: the unit of moves and distances,
 * so that calm and wild months look alike. NaN where half of these minutes are missing.
 */
export function recentVolatility(grid: MinuteGrid, ends: Int32Array): Float64Array {
  return grid.perRows(ends, "recent volatility", () => {
    const variance = varianceMeans(grid, ends, VOLATILITY_MINUTES);
    const volatility = new Float64Array(ends.length);
    for (let row = 0; row < ends.length; row++) {
      const value = variance[row]!;
      volatility[row] = Math.sqrt(value < VARIANCE_FLOOR_BPS2 ? VARIANCE_FLOOR_BPS2 : value);
    }
    return volatility;
  });
}
