/** Largest |score − label|. */
export function maxResidual(labels: usize, scores: usize, rows: i32): f64 {
  let pair = f64x2.splat(0);
  const end = labels + (<usize> rows << 3);
  for (; labels + 16 <= end; labels += 16, scores += 16) {
    pair = f64x2.max(pair, f64x2.abs(f64x2.sub(v128.load(scores), v128.load(labels))));
  }
  const largest = max(f64x2.extract_lane(pair, 0), f64x2.extract_lane(pair, 1));
  return labels < end ? max(largest, abs(load<f64>(scores) - load<f64>(labels))) : largest;
}

/** Gradients of the squared loss, score − label. */
export function squaredGradients(labels: usize, scores: usize, rows: i32, scale: f64, gradients: usize): void {
  const end = labels + (<usize> rows << 3), factor = f64x2.splat(scale);
  for (; labels + 16 <= end; labels += 16, scores += 16, gradients += 8) {
    const scaled = f64x2.mul(f64x2.sub(v128.load(scores), v128.load(labels)), factor);
    v128.store64_lane(gradients, i32x4.trunc_sat_f64x2_s_zero(f64x2.nearest(scaled)), 0);
  }
  if (labels < end) storeRounded(gradients, (load<f64>(scores) - load<f64>(labels)) * scale);
}

/** Gradients of the pinball loss, −level or 1 − level. */
export function quantileGradients(
  labels: usize,
  scores: usize,
  rows: i32,
  scale: f64,
  level: f64,
  gradients: usize,
): void {
  for (let row: usize = 0; row < <usize> rows; row++) {
    const isAbove = load<f64>(labels + (row << 3)) > load<f64>(scores + (row << 3));
    storeRounded(gradients + (row << 2), (isAbove ? -level : 1 - level) * scale);
  }
}

/** Gradients of the logistic loss, p − label, and its hessians, p (1 − p), with p = σ(score). */
export function logisticGradients(
  labels: usize,
  scores: usize,
  rows: i32,
  scale: f64,
  hessianScale: f64,
  gradients: usize,
  hessians: usize,
): void {
  for (let row: usize = 0; row < <usize> rows; row++) {
    const p = 1 / (1 + exp(-load<f64>(scores + (row << 3))));
    storeRounded(gradients + (row << 2), (p - load<f64>(labels + (row << 3))) * scale);
    storeRounded(hessians + (row << 2), p * (1 - p) * hessianScale);
  }
}

function storeRounded(at: usize, value: f64): void {
  store<i32>(at, <i32> nearest(value));
}

const LN2_HIGH: f64 = 6.93147180369123816490e-01, LN2_LOW: f64 = 1.90821492927058770002e-10;
const LOG2_E: f64 = 1.44269504088896340736;

/**
 * e^x to 1e-13 of its value, for |x| ≤ 700: 2^k · e^r with |r| ≤ ln 2 / 2 and e^r by its Taylor series. Of plain
 * operations, so that every machine gives the same bits.
 */
function exp(x: f64): f64 {
  const k = nearest(min(max(x, -700), 700) * LOG2_E);
  const r = min(max(x, -700), 700) - k * LN2_HIGH - k * LN2_LOW;
  let sum: f64 = 1.0 / 39916800;
  sum = sum * r + 1.0 / 3628800;
  sum = sum * r + 1.0 / 362880;
  sum = sum * r + 1.0 / 40320;
  sum = sum * r + 1.0 / 5040;
  sum = sum * r + 1.0 / 720;
  sum = sum * r + 1.0 / 120;
  sum = sum * r + 1.0 / 24;
  sum = sum * r + 1.0 / 6;
  sum = sum * r + 0.5;
  sum = sum * r + 1;
  sum = sum * r + 1;
  return sum * reinterpret<f64>((<i64> k + 1023) << 52);
}
