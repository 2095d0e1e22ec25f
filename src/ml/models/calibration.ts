import { crossEntropy, sigmoid } from "../logistic_functions.ts";
import { DAY_MS, QUANTILE_LEVELS } from "../../core/mod.ts";
import { qlike } from "../evaluation/losses.ts";
import { sortedQuantile } from "../evaluation/block_bootstrap.ts";
import type { CalibrationSpec } from "./forecast_spec.ts";

const LEVELS = QUANTILE_LEVELS.length;
const MULTIPLIER_RANGE = [0.5, 2] as const;
/** A slope outside would sharpen beyond, or turn round, what the validation tail can support. */
const SLOPE_RANGE = [0, 1.5] as const;
/**
 * What is believed before the tail is seen, as means and standard deviations. The intercept beside the line's own: an eighth of
 * a percentage point of the share of up, as what a month leans to says nothing of the next (over walk-forwards at 1 to 60
 * minutes, tails and the months after them went together less than not at all).
 */
const INTERCEPT_PRIOR = { mean: 0, sd: 0.005 } as const;
/**
 * Standard deviation of the slope, whose mean is n/(n + 1500) for a direction learnt from n labels that do not overlap: as
 * many parameters fitted to fewer labels say too much. What walk-forwards at 15 minutes wanted: .95 after 180 days, where
 * this is .92, and about .7 after 45, where it is .74. Slopes of months differed by no more than chance has them differ there,
 * .2, while a tail of three weeks tells a slope within .27: a wider prior would follow that noise.
 */
const SLOPE_SD = 0.1, SLOPE_LABELS = 1500;
/** Returns beyond a quantile that weigh as much as the belief that its multiplier is 1. */
const MULTIPLIER_PRIOR_EVENTS = 20;

/** Rows of a validation tail whose labels overlap: only every `horizonMinutes`-th is news. */
export interface OverlappingRows {
  readonly returnBps: ArrayLike<number>;
  readonly horizonMinutes: number;
}

/** The same, with what the logits were learnt from. */
export interface LogitTail extends OverlappingRows {
  /** Training labels that do not overlap, or that a penalty lets tell as much. */
  readonly learntLabels: number;
}

/**
 * Slope and intercept of a logistic line on given logits: the most probable ones under the priors above, each row
 * counting for one over the horizon, ties (return 0) left out. Newton's method; the slope is held in [0, 1.5].
 */
export function fitLogitCalibration(
  logits: Float64Array,
  { returnBps, horizonMinutes, learntLabels }: LogitTail,
): CalibrationSpec["logit"] {
  const believed = learntLabels / (learntLabels + SLOPE_LABELS);
  let slope = believed, intercept: number = INTERCEPT_PRIOR.mean;
  for (let iteration = 0; iteration < 50; iteration++) {
    // Gradient and Hessian of the negative log posterior; the priors make the latter positive.
    let h00 = INTERCEPT_PRIOR.sd ** -2, h01 = 0, h11 = SLOPE_SD ** -2;
    let g0 = (intercept - INTERCEPT_PRIOR.mean) * h00, g1 = (slope - believed) * h11;
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

/** What is believed of a share before the validation tail is seen, how large it may be, and what it takes not to be 0. */
export interface SharePrior {
  readonly mean: number;
  readonly sd: number;
  readonly largest: number;
  /** Standard errors, over the days of the tail, by which the loss must be less than without a share. */
  readonly errors: number;
  /** Mean loss that it must be less by: what nobody would notice is not worth a learner. */
  readonly worth: number;
}

/**
 * Of a learnt correction of ln σ²: half of it, the plain mean of both, where a tail of days cannot tell; never more than
 * .7, as shocks push learners out of their training range. What is there is seen in a tail of days, so that one error is
 * asked for, and a fifth of the gate's margin: trees that were stopped on this very tail pass the error alone.
 */
export const CORRECTION_PRIOR: SharePrior = { mean: 0.5, sd: 0.5, largest: 0.7, errors: 1, worth: 0.002 };
/**
 * Of a learnt logit: the same, but a tail of days can hardly tell what is there (at 15 minutes .0005 of log-loss with an
 * error of .001), so that the prior is narrower, and it takes a tail that is worse by more than an error to drop it. What a
 * learner takes from chance grows with the overlap of labels, k rows telling what one does, while what is there does not:
 * where both are alike at 15 minutes, half a score is the best there and 15/(15 + k) of it beyond.
 */
export function scorePrior(horizonMinutes: number): SharePrior {
  const mean = Math.min(0.5, 15 / (15 + horizonMinutes));
  return { mean, sd: 0.15, largest: 0.7, errors: -1, worth: 0 };
}
/**
 * Of the logistic line in the place of the cells: over months the better of the two at each horizon, so that it takes a tail
 * in which it is worse by more than an error to put the cells in its place.
 */
export const LINE_PRIOR: SharePrior = { mean: 1, sd: 0.1, largest: 1, errors: -1, worth: 0 };

/** Rows of a validation tail whose labels overlap, with their days. */
export interface TailRows {
  /** Decision times, ascending. */
  readonly decisionTimeMs: ArrayLike<number>;
  readonly horizonMinutes: number;
}

/**
 * The most probable share, of 0, .1 … `largest`: each row's loss counts for one over the horizon, as labels overlap, beside
 * a normal prior. It is 0 where the rows do not bear it out: where their loss is not less than without by what the prior asks.
 *
 * @param lossAt Loss of the tail's i-th row at a share, in units of a log-likelihood.
 */
export function likeliestShare(
  lossAt: (share: number, i: number) => number,
  { decisionTimeMs, horizonMinutes }: TailRows,
  { mean, sd, largest, errors, worth }: SharePrior,
): number {
  const byDay = (share: number) => sumsByDay(decisionTimeMs, (i) => lossAt(share, i));
  const without = byDay(0);
  let best = 0, bestLoss = Infinity, gains = without.map(() => 0);
  for (let tenths = 0; tenths <= Math.round(10 * largest); tenths++) {
    const share = tenths / 10, days = byDay(share);
    const loss = total(days) / horizonMinutes + ((share - mean) / sd) ** 2 / 2;
    if (loss < bestLoss) [best, bestLoss, gains] = [share, loss, days.map((value, day) => without[day]! - value)];
  }
  const asked = errors * standardErrorOfSum(gains) + worth * decisionTimeMs.length;
  return total(gains) > asked ? best : 0;
}

function sumsByDay(decisionTimeMs: ArrayLike<number>, valueAt: (i: number) => number): number[] {
  const sums: number[] = [];
  let day = NaN;
  for (let i = 0; i < decisionTimeMs.length; i++) {
    const own = Math.floor(decisionTimeMs[i]! / DAY_MS);
    if (own !== day) sums.push(0);
    day = own;
    sums[sums.length - 1]! += valueAt(i);
  }
  return sums;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Of independent values, by their spread; 0 of one alone. */
function standardErrorOfSum(values: readonly number[]): number {
  const count = values.length, mean = total(values) / count;
  return count < 2 ? 0 : Math.sqrt(count / (count - 1) * total(values.map((value) => (value - mean) ** 2)));
}

/** Part of a learnt correction of ln σ² to keep, see {@linkcode likeliestShare}, by QLIKE. */
export function fitShrink(
  rows: TailRows & {
    readonly harLogVariance: ArrayLike<number>;
    /** bound · correction of each row. */
    readonly correction: ArrayLike<number>;
    readonly realizedVarianceBps2: ArrayLike<number>;
  },
  floor: number,
  /** What moves ln σ² at a share so that σ² stays the mean. */
  levelAt: (shrink: number) => number = () => 0,
): number {
  const { harLogVariance, correction, realizedVarianceBps2 } = rows;
  let shrinkOfLevel = 0, level = levelAt(0);
  return likeliestShare(
    (shrink, i) => {
      if (shrink !== shrinkOfLevel) [shrinkOfLevel, level] = [shrink, levelAt(shrink)];
      return qlike(realizedVarianceBps2[i]!, Math.exp(level + harLogVariance[i]! + shrink * correction[i]!), floor);
    },
    rows,
    CORRECTION_PRIOR,
  );
}

/** Part of a learnt score to add to a plain logit, see {@linkcode likeliestShare}, by cross entropy; ties left out. */
export function fitLogitShrink(
  rows: TailRows & Readonly<Record<"logit" | "score" | "returnBps", ArrayLike<number>>>,
): number {
  const { logit, score, returnBps } = rows;
  return likeliestShare(
    (shrink, i) => moveLoss(returnBps[i]!, logit[i]! + shrink * score[i]!),
    rows,
    scorePrior(rows.horizonMinutes),
  );
}

/** Cross entropy of a return's sign; 0 at a tie, which has none. */
export function moveLoss(returnBps: number, logit: number): number {
  return returnBps === 0 ? 0 : crossEntropy(returnBps > 0 ? 1 : 0, logit);
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
