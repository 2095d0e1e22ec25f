import { ROWS_BITS } from "./layout";

/** Largest |score − label|. */
export function maxResidual(labels: usize, scores: usize, rows: i32): f64 {
  let largest: f64 = 0;
  for (let at: usize = 0; at < <usize> rows << 3; at += 8) {
    largest = max(largest, abs(load<f64>(scores + at) - load<f64>(labels + at)));
  }
  return largest;
}

/** Records of the squared loss: gradient score − label, hessian 1. */
export function squaredRecords(labels: usize, scores: usize, rows: i32, scale: f64, records: usize): void {
  for (let row: usize = 0; row < <usize> rows; row++) {
    const residual = load<f64>(scores + (row << 3)) - load<f64>(labels + (row << 3));
    storeRecord(records + (row << 4), residual * scale, 1);
  }
}

/** Records of the pinball loss: gradient −level or 1 − level, hessian 1. */
export function quantileRecords(
  labels: usize,
  scores: usize,
  rows: i32,
  scale: f64,
  level: f64,
  records: usize,
): void {
  for (let row: usize = 0; row < <usize> rows; row++) {
    const isAbove = load<f64>(labels + (row << 3)) > load<f64>(scores + (row << 3));
    storeRecord(records + (row << 4), (isAbove ? -level : 1 - level) * scale, 1);
  }
}

/** Records of the logistic loss: gradient p − label, hessian p (1 − p), p = σ(score). */
export function logisticRecords(
  labels: usize,
  scores: usize,
  rows: i32,
  scale: f64,
  hessianScale: f64,
  records: usize,
): void {
  for (let row: usize = 0; row < <usize> rows; row++) {
    const p = 1 / (1 + exp(-load<f64>(scores + (row << 3))));
    const gradient = p - load<f64>(labels + (row << 3));
    storeRecord(records + (row << 4), gradient * scale, <i64> nearest(p * (1 - p) * hessianScale));
  }
}

function storeRecord(record: usize, gradient: f64, hessian: i64): void {
  store<i64>(record, <i64> nearest(gradient));
  store<i64>(record, hessian << ROWS_BITS | 1, 8);
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
