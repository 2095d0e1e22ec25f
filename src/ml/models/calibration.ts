import { QUANTILE_LEVELS } from "../../core/mod.ts";
import { qlike } from "../evaluation/losses.ts";
import { sortedQuantile } from "../evaluation/block_bootstrap.ts";
import { type CalibrationSpec, NO_CALIBRATION } from "./forecast_spec.ts";

const LEVELS = QUANTILE_LEVELS.length;
const MULTIPLIER_RANGE = [0.5, 2] as const;
/** A slope outside would sharpen beyond, or turn round, what the validation tail can support. */
const SLOPE_RANGE = [0, 1.5] as const;

/**
 * Slope and intercept of a logistic line on given logits, by Newton's method, ties (return 0) left out. The slope is
 * held in [0, 1.5]; at a bound the intercept is fitted alone, so that a direction that is not there becomes a share.
 */
export function fitLogitCalibration(logits: Float64Array, returnBps: ArrayLike<number>): CalibrationSpec["logit"] {
  const free = newton(logits, returnBps, undefined);
  if (free.slope >= SLOPE_RANGE[0] && free.slope <= SLOPE_RANGE[1]) return free;
  return newton(logits, returnBps, Math.min(SLOPE_RANGE[1], Math.max(SLOPE_RANGE[0], free.slope || 0)));
}

function newton(logits: Float64Array, returnBps: ArrayLike<number>, fixedSlope: number | undefined) {
  let slope = fixedSlope ?? 1, intercept = 0;
  for (let iteration = 0; iteration < 30; iteration++) {
    let g0 = 0, g1 = 0, h00 = 1e-9, h01 = 0, h11 = 1e-9;
    for (let i = 0; i < logits.length; i++) {
      const move = returnBps[i]!;
      if (move === 0) continue;
      const x = logits[i]!, p = 1 / (1 + Math.exp(-(intercept + slope * x)));
      const error = p - (move > 0 ? 1 : 0), weight = p * (1 - p);
      g0 += error;
      g1 += error * x;
      h00 += weight;
      h01 += weight * x;
      h11 += weight * x * x;
    }
    let step0: number, step1 = 0;
    const determinant = h00 * h11 - h01 * h01;
    // All logits alike: slope and intercept cannot be told apart, so only the intercept moves.
    if (fixedSlope !== undefined || determinant < 1e-9 * h00 * h11) step0 = g0 / h00;
    else {
      step0 = (h11 * g0 - h01 * g1) / determinant;
      step1 = (h00 * g1 - h01 * g0) / determinant;
    }
    intercept -= step0;
    slope -= step1;
    if (Math.abs(step0) + Math.abs(step1) < 1e-10) break;
  }
  return { slope, intercept };
}

/** Part of the network's correction to keep, of 0, .1 … 1: the one with the least mean QLIKE. */
export function fitShrink(
  rows: {
    readonly harLogVariance: ArrayLike<number>;
    /** bound · correction of each row. */
    readonly correction: ArrayLike<number>;
    readonly realizedVarianceBps2: ArrayLike<number>;
  },
  floor: number,
): number {
  let best = 0, bestLoss = Infinity;
  for (let tenths = 0; tenths <= 10; tenths++) {
    let loss = 0;
    for (let i = 0; i < rows.correction.length; i++) {
      const variance = Math.exp(rows.harLogVariance[i]! + tenths / 10 * rows.correction[i]!);
      loss += qlike(rows.realizedVarianceBps2[i]!, variance, floor);
    }
    if (loss < bestLoss) [best, bestLoss] = [tenths / 10, loss];
  }
  return best;
}

/**
 * Multipliers of σ that bring each level's share of returns below it to the level. Within [.5, 2]; 1 for the median
 * and for a quantile on the wrong side of 0, which no multiplier can move there.
 *
 * @param quantilesBps uncalibrated, row-major `[N, 9]`.
 */
export function fitQuantileMultipliers(
  returnBps: ArrayLike<number>,
  quantilesBps: Float32Array,
): CalibrationSpec["quantileMultipliers"] {
  const count = returnBps.length;
  return QUANTILE_LEVELS.map((level, j) => {
    if (level === 0.5 || count === 0) return 1;
    const below = level < 0.5;
    const ratios = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const quantile = quantilesBps[i * LEVELS + j]!;
      if (below ? quantile >= 0 : quantile <= 0) return 1;
      ratios[i] = returnBps[i]! / quantile;
    }
    ratios.sort();
    // Below 0 the ratio turns round: r ≤ m·q holds where r/q ≥ m.
    const multiplier = sortedQuantile(ratios, below ? 1 - level : level);
    return Math.min(MULTIPLIER_RANGE[1], Math.max(MULTIPLIER_RANGE[0], multiplier));
  });
}

/** Whether a calibration leaves everything as it is. */
export function isIdentity(calibration: CalibrationSpec): boolean {
  return calibration.logit.slope === 1 && calibration.logit.intercept === 0 &&
    calibration.quantileMultipliers.every((value, i) => value === NO_CALIBRATION.quantileMultipliers[i]);
}
