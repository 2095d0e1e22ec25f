/**
 * The forward pass of a dense layer, and the gradient of its ReLU, in AssemblyScript. Matrices are row-major float32.
 *
 * @module
 */
import { gemm } from "./gemm";

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

/** `y` = `x` where `active` is above zero, else zero, elementwise; `y` may be `x`. */
export function maskPositive(x: usize, active: usize, y: usize, count: i32): void {
  const end = x + ((<usize> count) << 2);
  for (; x + 16 <= end; x += 16, active += 16, y += 16) {
    v128.store(y, v128.and(v128.load(x), f32x4.gt(v128.load(active), f32x4.splat(0))));
  }
  for (; x < end; x += 4, active += 4, y += 4) store<f32>(y, load<f32>(active) > 0 ? load<f32>(x) : 0);
}

/** A loop, as `memory.copy` is a call into the engine that costs more than these few values. */
function copyFloats(from: usize, to: usize, count: i32): void {
  const end = from + ((<usize> count) << 2);
  for (; from + 16 <= end; from += 16, to += 16) v128.store(to, v128.load(from));
  for (; from < end; from += 4, to += 4) store<f32>(to, load<f32>(from));
}
