/**
 * The joint loss of the three heads and its gradient, four rows at a time, in AssemblyScript. The formulas are those of
 * `tests/ml/training/tape_losses.ts`, to which a test holds them.
 *
 * @module
 */
import { exp4, sigmoid4, softplus4, tanh4 } from "./functions";

/** Head outputs a row has: logit, correction, centre, four steps up, four down, and one of padding. */
const CENTRE: usize = 2, STEPS_UP: usize = 3, STEPS_DOWN: usize = 7, PADDING: usize = 11;
const LEVELS: usize = 9, MIDDLE: usize = 4;

/**
 * Adds the block's losses to `sums` and puts the gradient of each head output in the output's place.
 *
 * @param heads `[12, stride]` columns of head outputs before their activations, replaced by gradients
 * @param targets `[6, stride]` columns: cell logit, HAR ln σ², return, realised variance, its ln, and 1 for a row (0 for padding)
 * @param levels the nine quantile levels, float32
 * @param quantiles room for nine vectors
 * @param sums float64 sums: entropy of rows that moved, QLIKE, pinball over the levels, rows that moved
 * @param rows a multiple of four, at most `stride`
 */
export function jointLoss(
  heads: usize,
  targets: usize,
  levels: usize,
  quantiles: usize,
  sums: usize,
  rows: i32,
  stride: i32,
  bound: f32,
  directionScale: f32,
  volatilityScale: f32,
  quantilesScale: f32,
): void {
  const column = (<usize> stride) << 2, zero = f32x4.splat(0), one = f32x4.splat(1);
  let entropySum = zero, qlikeSum = zero, pinballSum = zero, movedSum = zero;
  for (let row = 0; row < rows; row += 4) {
    const head = heads + ((<usize> row) << 2), target = targets + ((<usize> row) << 2);
    const move = v128.load(target + 2 * column), counts = v128.load(target + 5 * column);
    const moved = v128.and(counts, f32x4.ne(move, zero)), up = v128.and(one, f32x4.gt(move, zero));

    const logit = f32x4.add(v128.load(target), v128.load(head));
    const entropy = f32x4.sub(softplus4(logit), f32x4.mul(up, logit));
    entropySum = f32x4.add(entropySum, f32x4.mul(moved, entropy));
    movedSum = f32x4.add(movedSum, moved);
    v128.store(head, f32x4.mul(f32x4.mul(moved, f32x4.splat(directionScale)), f32x4.sub(sigmoid4(logit), up)));

    const correction = tanh4(v128.load(head + column));
    const logVariance = f32x4.add(v128.load(target + column), f32x4.mul(correction, f32x4.splat(bound)));
    const ratio = f32x4.mul(v128.load(target + 3 * column), exp4(f32x4.neg(logVariance)));
    const logRatio = f32x4.sub(v128.load(target + 4 * column), logVariance);
    qlikeSum = f32x4.add(qlikeSum, f32x4.mul(counts, f32x4.sub(f32x4.sub(ratio, logRatio), one)));
    const slope = f32x4.mul(f32x4.splat(volatilityScale * bound), f32x4.sub(one, f32x4.mul(correction, correction)));
    v128.store(head + column, f32x4.mul(f32x4.mul(counts, slope), f32x4.sub(one, ratio)));

    const standardized = f32x4.mul(move, exp4(f32x4.mul(logVariance, f32x4.splat(-0.5))));
    const scale = f32x4.mul(counts, f32x4.splat(quantilesScale));
    standardizedQuantiles(head, column, quantiles);
    const pinball = pinballGradients(standardized, quantiles, levels);
    pinballSum = f32x4.add(pinballSum, f32x4.mul(counts, pinball));
    storeQuantileGradients(head, column, quantiles, scale);
  }
  addLanes(sums, entropySum);
  addLanes(sums + 8, qlikeSum);
  addLanes(sums + 16, pinballSum);
  addLanes(sums + 24, movedSum);
}

/** From the centre outwards by steps that are not negative. */
function standardizedQuantiles(head: usize, column: usize, quantiles: usize): void {
  const centre = v128.load(head + CENTRE * column);
  v128.store(quantiles + MIDDLE * 16, centre);
  let above = centre, below = centre;
  for (let step: usize = 0; step < 4; step++) {
    above = f32x4.add(above, softplus4(v128.load(head + (STEPS_UP + step) * column)));
    below = f32x4.sub(below, softplus4(v128.load(head + (STEPS_DOWN + step) * column)));
    v128.store(quantiles + (MIDDLE + 1 + step) * 16, above);
    v128.store(quantiles + (MIDDLE - 1 - step) * 16, below);
  }
}

/** Puts the gradient of the pinball loss in each quantile's place; returns the loss summed over the levels. */
function pinballGradients(standardized: v128, quantiles: usize, levels: usize): v128 {
  const zero = f32x4.splat(0);
  let loss = zero;
  for (let level: usize = 0; level < LEVELS; level++) {
    const at = quantiles + level * 16, tau = v128.load32_splat(levels + level * 4);
    const error = f32x4.sub(standardized, v128.load(at));
    loss = f32x4.add(loss, f32x4.add(f32x4.mul(error, tau), f32x4.max(f32x4.neg(error), zero)));
    v128.store(at, f32x4.sub(v128.and(f32x4.splat(1), f32x4.lt(error, zero)), tau));
  }
  return loss;
}

/** A step moves every quantile beyond it, and the centre all of them. */
function storeQuantileGradients(head: usize, column: usize, quantiles: usize, scale: v128): void {
  let above = f32x4.splat(0), below = f32x4.splat(0);
  for (let step: usize = 4; step-- > 0;) {
    above = f32x4.add(above, v128.load(quantiles + (MIDDLE + 1 + step) * 16));
    below = f32x4.add(below, v128.load(quantiles + (MIDDLE - 1 - step) * 16));
    const up = head + (STEPS_UP + step) * column, down = head + (STEPS_DOWN + step) * column;
    v128.store(up, f32x4.mul(f32x4.mul(scale, above), sigmoid4(v128.load(up))));
    v128.store(down, f32x4.neg(f32x4.mul(f32x4.mul(scale, below), sigmoid4(v128.load(down)))));
  }
  const all = f32x4.add(f32x4.add(above, below), v128.load(quantiles + MIDDLE * 16));
  v128.store(head + CENTRE * column, f32x4.mul(scale, all));
  v128.store(head + PADDING * column, f32x4.splat(0));
}

function addLanes(sum: usize, lanes: v128): void {
  const low = <f64> f32x4.extract_lane(lanes, 0) + <f64> f32x4.extract_lane(lanes, 1);
  const high = <f64> f32x4.extract_lane(lanes, 2) + <f64> f32x4.extract_lane(lanes, 3);
  store<f64>(sum, load<f64>(sum) + (low + high));
}
