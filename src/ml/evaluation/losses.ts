import { QUANTILE_LEVELS } from "../../core/mod.ts";

/** Smallest realised variance that QLIKE knows, of `horizonMinutes` minutes: k·(.1 bps)², in bps². */
export function varianceFloor(horizonMinutes: number): number {
  return horizonMinutes * 0.01;
}

/** −ln of the probability that was given to what happened; p is kept 1e-7 away from 0 and 1. */
export function logLoss(probabilityUp: number, up: boolean): number {
  const p = Math.min(1 - 1e-7, Math.max(1e-7, probabilityUp));
  return -Math.log(up ? p : 1 - p);
}

/** RV/σ² − ln(RV/σ²) − 1 with RV floored; 0 for a perfect forecast (Patton 2011). */
export function qlike(realizedVariance: number, variance: number, floor: number): number {
  const ratio = Math.max(realizedVariance, floor) / variance;
  return ratio - Math.log(ratio) - 1;
}

/** Mean pinball loss over the nine levels, in bps; `quantiles[offset …]` holds them ascending. */
export function meanPinball(returnBps: number, quantiles: ArrayLike<number>, offset = 0): number {
  let sum = 0;
  for (let level = 0; level < QUANTILE_LEVELS.length; level++) {
    const tau = QUANTILE_LEVELS[level]!, error = returnBps - quantiles[offset + level]!;
    sum += error >= 0 ? tau * error : (tau - 1) * error;
  }
  return sum / QUANTILE_LEVELS.length;
}
