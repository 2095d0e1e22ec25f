import type { MinuteGrid } from "../features/minute_grid.ts";

/** Weight of the past in RiskMetrics' exponentially weighted variance (1996). */
export const EWMA_DECAY = 0.94;

/**
 * Exponentially weighted mean of k-minute realised variance, for each decision time on the grid: updated every k
 * minutes on each of the k phases, windows with a missing minute skipped. NaN before a phase's first window.
 *
 * @returns σ² in bps², one entry a decision time.
 */
export function ewmaVariance(
  grid: MinuteGrid,
  decisionTimeMs: Float64Array,
  options: { readonly horizonMinutes: number },
): Float64Array {
  const { horizonMinutes } = options;
  const ends = Int32Array.from({ length: grid.length }, (_, i) => i + 1);
  const { sums, counts } = grid.squaredReturnSums().windows(ends, horizonMinutes);
  // state[end − 1]: the value known once minute end − 1 has closed.
  const state = new Float64Array(grid.length).fill(NaN);
  for (let i = 0; i < grid.length; i++) {
    const before = i >= horizonMinutes ? state[i - horizonMinutes]! : NaN;
    if (counts[i] !== horizonMinutes) state[i] = before;
    else state[i] = Number.isNaN(before) ? sums[i]! : EWMA_DECAY * before + (1 - EWMA_DECAY) * sums[i]!;
  }
  return Float64Array.from(decisionTimeMs, (ms) => state[grid.indexAt(ms) - 1] ?? NaN);
}
