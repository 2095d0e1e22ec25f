import { crossEntropy, sigmoid } from "../logistic_functions.ts";
import { QUANTILE_LEVELS } from "../../core/mod.ts";
import { qlike } from "../evaluation/losses.ts";
import { sortedQuantile } from "../evaluation/block_bootstrap.ts";
import type { CalibrationSpec } from "./forecast_spec.ts";

const LEVELS = QUANTILE_LEVELS.length;
const MULTIPLIER_RANGE = [0.5, 2] as const;
/** A slope outside would sharpen beyond, or turn round, what the validation tail can support. */
const SLOPE_RANGE = [0, 1.5] as const;
/**
 * What is believed before the tail is seen, as means and standard deviations: the share of up of any quarter lies
 * within about a percentage point of one half. Without it, a tail of a few days teaches that week's trend as a bias.
 */
const INTERCEPT_PRIOR = { mean: 0, sd: 0.02 } as const;
const SLOPE_PRIOR = { mean: 1, sd: 0.5 } as const;
/** Returns beyond a quantile that weigh as much as the belief that its multiplier is 1. */
const MULTIPLIER_PRIOR_EVENTS = 20;

/** Rows of a validation tail whose labels overlap: only every `horizonMinutes`-th is news. */
export interface OverlappingRows {
  readonly returnBps: ArrayLike<number>;
  readonly horizonMinutes: number;
}

/**
 * Slope and intercept of a logistic line on given logits: the most probable ones under the priors above, each row
 * counting for one over the horizon, ties (return 0) left out. Newton's method; the slope is held in [0, 1.5].
 */
export function fitLogitCalibration(
  logits: Float64Array,
  { returnBps, horizonMinutes }: OverlappingRows,
): CalibrationSpec["logit"] {
  let slope: number = SLOPE_PRIOR.mean, intercept: number = INTERCEPT_PRIOR.mean;
  for (let iteration = 0; iteration < 50; iteration++) {
    // Gradient and Hessian of the negative log posterior; the priors make the latter positive.
    let h00 = INTERCEPT_PRIOR.sd ** -2, h01 = 0, h11 = SLOPE_PRIOR.sd ** -2;
    let g0 = (intercept - INTERCEPT_PRIOR.mean) * h00, g1 = (slope - SLOPE_PRIOR.mean) * h11;
    for (let i = 0; i < logits.length; i++) {
      const move = returnBps[i]!;
      if (move === 0) continue;
      const x = logits[i]!, p = sigmoid(intercept + slope * x);
      const error = (p - (move > 0 ? 1 : 0)) / horizonMinutes, weight = p * (1 - p) / horizonMinutes;
      g0 += error;
      g1 += error * x;
      h00 += weight;
      h01 += weight * x;
      h11 += weight * x * x;
    }
    const determinant = h00 * h11 - h01 * h01;
    const step0 = (h11 * g0 - h01 * g1) / determinant;
    const wanted = slope - (h00 * g1 - h01 * g0) / determinant;
    const bounded = Math.min(SLOPE_RANGE[1], Math.max(SLOPE_RANGE[0], wanted));
    // At a bound the intercept moves alone.
    const moved0 = bounded === wanted ? step0 : g0 / h00;
    const moved1 = slope - bounded;
    intercept -= moved0;
    slope = bounded;
    if (Math.abs(moved0) + Math.abs(moved1) < 1e-12) break;
  }
  return { slope, intercept };
}

/** What is believed of a share before the validation tail is seen, and how large it may be. */
export interface SharePrior {
  readonly mean: number;
  readonly sd: number;
  readonly largest: number;
}

/**
 * Of what a learner adds to a plain line: half of it, the plain mean of both, where a tail of days cannot tell; never more
 * than .7, as shocks push learners out of their training range.
 */
export const LEARNT_SHARE_PRIOR: SharePrior = { mean: 0.5, sd: 0.5, largest: 0.7 };
/** Of the logistic line in the place of the cells, which over whole years is the better of the two at every horizon. */
export const LINE_SHARE_PRIOR: SharePrior = { mean: 1, sd: 0.5, largest: 1 };

/**
 * The most probable share, of 0, .1 … `largest`: each row's loss counts for one over the horizon, as labels overlap, beside
 * a normal prior. A share that the rows do not bear out at all, as their loss is no less than without, is 0.
 *
 * @param lossAt Loss summed over rows, in units of a log-likelihood.
 */
export function likeliestShare(
  lossAt: (share: number) => number,
  { mean, sd, largest, horizonMinutes }: SharePrior & { readonly horizonMinutes: number },
): number {
  const without = lossAt(0);
  let best = 0, bestLoss = Infinity;
  for (let tenths = 0; tenths <= Math.round(10 * largest); tenths++) {
    const share = tenths / 10, loss = lossAt(share) / horizonMinutes + ((share - mean) / sd) ** 2 / 2;
    if (loss < bestLoss) [best, bestLoss] = [share, loss];
  }
  return lossAt(best) < without ? best : 0;
}

/** Part of a learnt correction of ln σ² to keep, see {@linkcode likeliestShare}, by QLIKE. */
export function fitShrink(
  rows: {
    readonly harLogVariance: ArrayLike<number>;
    /** bound · correction of each row. */
    readonly correction: ArrayLike<number>;
    readonly realizedVarianceBps2: ArrayLike<number>;
  },
  { floor, horizonMinutes, levelAt }: {
    readonly floor: number;
    readonly horizonMinutes: number;
    /** What moves ln σ² at a share so that σ² stays the mean. */
    readonly levelAt: (shrink: number) => number;
  },
): number {
  const lossAt = (shrink: number) => {
    const level = levelAt(shrink);
    let loss = 0;
    for (let i = 0; i < rows.correction.length; i++) {
      const variance = Math.exp(level + rows.harLogVariance[i]! + shrink * rows.correction[i]!);
      loss += qlike(rows.realizedVarianceBps2[i]!, variance, floor);
    }
    return loss;
  };
  return likeliestShare(lossAt, { ...LEARNT_SHARE_PRIOR, horizonMinutes });
}

/** Part of a learnt score to add to a plain logit, see {@linkcode likeliestShare}, by cross entropy; ties left out. */
export function fitLogitShrink(
  { logit, score, returnBps }: Readonly<Record<"logit" | "score" | "returnBps", ArrayLike<number>>>,
  horizonMinutes: number,
): number {
  const lossAt = (shrink: number) => {
    let loss = 0;
    for (let i = 0; i < score.length; i++) {
      if (returnBps[i] !== 0) loss += crossEntropy(returnBps[i]! > 0 ? 1 : 0, logit[i]! + shrink * score[i]!);
    }
    return loss;
  };
  return likeliestShare(lossAt, { ...LEARNT_SHARE_PRIOR, horizonMinutes });
}

/**
 * Multipliers of σ that bring each level's share of returns below it to the level, drawn towards 1 where the tail holds
 * few returns beyond the level. Within [.5, 2]; 1 for the median and for a quantile on the wrong side of 0, which no
 * multiplier can move there.
 *
 * @param quantilesBps uncalibrated, row-major `[N, 9]`.
 */
export function fitQuantileMultipliers(
  quantilesBps: Float32Array,
  { returnBps, horizonMinutes }: OverlappingRows,
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
    const found = sortedQuantile(ratios, below ? 1 - level : level);
    const events = count / horizonMinutes * Math.min(level, 1 - level);
    const trust = events / (events + MULTIPLIER_PRIOR_EVENTS);
    const [least, most] = MULTIPLIER_RANGE;
    return Math.exp(trust * Math.log(Math.min(most, Math.max(least, found))));
  });
}
