/**
 * One training step of a dense network as SIMD functions, in AssemblyScript; build with `task build:simd`. Rows come in
 * blocks small enough that their activations stay in the cache from the first product to the last gradient. Pointers are
 * bytes, matrices row-major float32.
 *
 * @module
 */
import { gemm } from "./lib/gemm";
import { addColumnSums } from "./lib/layout";

export { adamW, sumOfSquares } from "./lib/optimizer";
export { jointLoss } from "./lib/joint_loss";
export { transpose } from "./lib/layout";

/** `out [rows, units] = x [rows, inputs] · kernel + bias`, and ReLU of it where asked for. */
export function denseForward(
  x: usize,
  kernel: usize,
  bias: usize,
  out: usize,
  rows: i32,
  inputs: i32,
  units: i32,
  relu: bool,
): void {
  const xRow = (<usize> inputs) << 2, outRow = (<usize> units) << 2;
  for (let row = 0; row < rows; row++) copyFloats(bias, out + <usize> row * outRow, units);
  gemm(x, xRow, 4, kernel, outRow, out, outRow, rows, units, inputs, true);
  if (!relu) return;
  const end = out + <usize> rows * outRow;
  let at = out;
  for (; at + 16 <= end; at += 16) v128.store(at, f32x4.max(v128.load(at), f32x4.splat(0)));
  for (; at < end; at += 4) store<f32>(at, max(load<f32>(at), 0));
}

/** Adds a layer's gradients of the block: `kernelGradient += xᵀ · delta`, `biasGradient += Σ delta`. */
export function denseWeightGradient(
  x: usize,
  delta: usize,
  kernelGradient: usize,
  biasGradient: usize,
  rows: i32,
  inputs: i32,
  units: i32,
): void {
  const xRow = (<usize> inputs) << 2, deltaRow = (<usize> units) << 2;
  gemm(x, 4, xRow, delta, deltaRow, kernelGradient, deltaRow, inputs, units, rows, true);
  addColumnSums(delta, biasGradient, rows, units);
}

/**
 * `out [rows, inputs] = delta [rows, units] · kernelᵀ`, zero where the activation `x` of the layer before is not above
 * zero, as the gradient of its ReLU is.
 */
export function denseInputGradient(
  delta: usize,
  kernelTransposed: usize,
  x: usize,
  out: usize,
  rows: i32,
  inputs: i32,
  units: i32,
): void {
  const deltaRow = (<usize> units) << 2, outRow = (<usize> inputs) << 2;
  gemm(delta, deltaRow, 4, kernelTransposed, outRow, out, outRow, rows, inputs, units, false);
  const end = out + <usize> rows * outRow;
  let at = out, active = x;
  for (; at + 16 <= end; at += 16, active += 16) {
    v128.store(at, v128.and(v128.load(at), f32x4.gt(v128.load(active), f32x4.splat(0))));
  }
  for (; at < end; at += 4, active += 4) if (!(load<f32>(active) > 0)) store<f32>(at, 0);
}

/** A loop, as `memory.copy` is a call into the engine that costs more than these few values. */
function copyFloats(from: usize, to: usize, count: i32): void {
  const end = from + ((<usize> count) << 2);
  for (; from + 16 <= end; from += 16, to += 16) v128.store(to, v128.load(from));
  for (; from < end; from += 4, to += 4) store<f32>(to, load<f32>(from));
}
