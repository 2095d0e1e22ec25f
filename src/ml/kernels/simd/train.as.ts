/**
 * One training step of a dense network as SIMD functions, in AssemblyScript; build with `task build:simd`. Rows come in
 * blocks small enough that their activations stay in the cache from the first product to the last gradient. Pointers are
 * bytes, matrices row-major float32.
 *
 * @module
 */
import { maskPositive } from "./lib/dense";
import { gemm } from "./lib/gemm";
import { addColumnSums } from "./lib/layout";

export { denseForward } from "./lib/dense";
export { adamW, sumOfSquares } from "./lib/optimizer";
export { jointLoss } from "./lib/joint_loss";
export { transpose } from "./lib/layout";

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
  maskPositive(out, x, out, rows * inputs);
}
