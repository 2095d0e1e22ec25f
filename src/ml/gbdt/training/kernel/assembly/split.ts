import { ENTRY_SHIFT, MISSING_BIN, ROWS_BITS } from "./layout";

const ROWS_MASK: i64 = (1 << 24) - 1;
/** Rules of a split search, as f64 at these offsets. */
const GRADIENT_UNIT = 0, HESSIAN_UNIT = 8, L2 = 16, MIN_HESSIAN = 24, MIN_ROWS = 32, MONOTONE = 40;
const LOWER = 48, UPPER = 56, IS_BOUNDED = 64;
/** A split: f64 gain, left gradient, left hessian, right gradient, right hessian; then i32 as named. */
const GAIN = 0, LEFT_GRADIENT = 8, LEFT_HESSIAN = 16, RIGHT_GRADIENT = 24, RIGHT_HESSIAN = 32;
const LEFT_ROWS = 40, RIGHT_ROWS = 44, FEATURE = 48, BIN = 52, MISSING_LEFT = 56;

/** Writes the sum of a feature's histogram, an entry, which is the same for all features of a leaf. */
export function sum(histogram: usize, out: usize): void {
  let all = i64x2.splat(0);
  for (let bin = 0; bin <= MISSING_BIN; bin++) {
    all = i64x2.add(all, v128.load(histogram + (<usize> bin << ENTRY_SHIFT)));
  }
  v128.store(out, all);
}

/** Writes Σ gradient and Σ hessian of an entry and its rows, as f64. */
export function total(entry: usize, rules: usize, out: usize): void {
  const sum = v128.load(entry);
  const packed = i64x2.extract_lane(sum, 1);
  store<f64>(out, <f64> i64x2.extract_lane(sum, 0) * load<f64>(rules, GRADIENT_UNIT));
  store<f64>(out, <f64> (packed >> ROWS_BITS) * load<f64>(rules, HESSIAN_UNIT), 8);
  store<f64>(out, <f64> (packed & ROWS_MASK), 16);
}

/**
 * Replaces `split` by the best split of one feature where that gains more: ties keep what is there, then the lower
 * bin, then missing on the right. Both sides of missing values are tried where the leaf has some. `whole` is the leaf's
 * sum.
 */
export function findSplit(
  histogram: usize,
  whole: usize,
  valueBins: i32,
  feature: i32,
  rules: usize,
  split: usize,
): void {
  const missing = v128.load(histogram + (<usize> MISSING_BIN << ENTRY_SHIFT)), all = v128.load(whole);
  const hasMissing = (i64x2.extract_lane(missing, 1) & ROWS_MASK) > 0;
  scan(histogram, hasMissing ? valueBins : valueBins - 1, i64x2.splat(0), all, feature, 0, rules, split);
  if (hasMissing) scan(histogram, valueBins - 1, missing, all, feature, 1, rules, split);
}

function scan(
  histogram: usize,
  lastBin: i32,
  start: v128,
  whole: v128,
  feature: i32,
  missingLeft: i32,
  rules: usize,
  split: usize,
): void {
  const gradientUnit = load<f64>(rules, GRADIENT_UNIT), hessianUnit = load<f64>(rules, HESSIAN_UNIT);
  const l2 = load<f64>(rules, L2), minHessian = load<f64>(rules, MIN_HESSIAN);
  const minRows = <i64> load<f64>(rules, MIN_ROWS);
  const isBounded = load<f64>(rules, IS_BOUNDED) !== 0;
  const wholeGradient = i64x2.extract_lane(whole, 0), wholePacked = i64x2.extract_lane(whole, 1);
  const wholeG = <f64> wholeGradient * gradientUnit, wholeH = <f64> (wholePacked >> ROWS_BITS) * hessianUnit;
  const wholeScore = isBounded ? boundedScore(wholeG, wholeH + l2, rules) : wholeG * wholeG / (wholeH + l2);
  // Below this a gain is rounding alone: leaves whose gradients are all alike must not split.
  let best = max(load<f64>(split, GAIN), 1e-12 * wholeScore);
  let left = start;
  for (let bin = 0; bin < lastBin; bin++) {
    left = i64x2.add(left, v128.load(histogram + (<usize> bin << ENTRY_SHIFT)));
    const gradient = i64x2.extract_lane(left, 0), packed = i64x2.extract_lane(left, 1);
    const rows = packed & ROWS_MASK, rightPacked = wholePacked - packed, rightRows = rightPacked & ROWS_MASK;
    if (rows < minRows) continue;
    if (rightRows < minRows) break;
    const leftH = <f64> (packed >> ROWS_BITS) * hessianUnit, rightH = <f64> (rightPacked >> ROWS_BITS) * hessianUnit;
    if (leftH < minHessian || rightH < minHessian) continue;
    const leftG = <f64> gradient * gradientUnit, rightG = <f64> (wholeGradient - gradient) * gradientUnit;
    const gain = isBounded
      ? boundedGain(leftG, leftH + l2, rightG, rightH + l2, rules) - wholeScore
      : freeScores(leftG, leftH + l2, rightG, rightH + l2) - wholeScore;
    if (!(gain > best)) continue; // also where it is not a number
    best = gain;
    store<f64>(split, gain, GAIN);
    store<f64>(split, leftG, LEFT_GRADIENT);
    store<f64>(split, leftH, LEFT_HESSIAN);
    store<f64>(split, rightG, RIGHT_GRADIENT);
    store<f64>(split, rightH, RIGHT_HESSIAN);
    store<i32>(split, <i32> rows, LEFT_ROWS);
    store<i32>(split, <i32> rightRows, RIGHT_ROWS);
    store<i32>(split, feature, FEATURE);
    store<i32>(split, bin, BIN);
    store<i32>(split, missingLeft, MISSING_LEFT);
  }
}

/** g² / h of both children, in one division. */
function freeScores(leftG: f64, leftH: f64, rightG: f64, rightH: f64): f64 {
  const squares = f64x2.replace_lane(f64x2.splat(leftG * leftG), 1, rightG * rightG);
  const scores = f64x2.div(squares, f64x2.replace_lane(f64x2.splat(leftH), 1, rightH));
  return f64x2.extract_lane(scores, 0) + f64x2.extract_lane(scores, 1);
}

/** Twice the loss that both children take away with weights kept in bounds; none where they break the order. */
function boundedGain(leftG: f64, leftH: f64, rightG: f64, rightH: f64, rules: usize): f64 {
  const lower = load<f64>(rules, LOWER), upper = load<f64>(rules, UPPER), monotone = load<f64>(rules, MONOTONE);
  const left = clamp(-leftG / leftH, lower, upper), right = clamp(-rightG / rightH, lower, upper);
  if (monotone * (right - left) < 0) return -Infinity;
  return score(leftG, leftH, left) + score(rightG, rightH, right);
}

function boundedScore(g: f64, h: f64, rules: usize): f64 {
  return score(g, h, clamp(-g / h, load<f64>(rules, LOWER), load<f64>(rules, UPPER)));
}

function score(g: f64, h: f64, weight: f64): f64 {
  return -weight * (2 * g + h * weight);
}

function clamp(value: f64, lower: f64, upper: f64): f64 {
  return min(max(value, lower), upper);
}
