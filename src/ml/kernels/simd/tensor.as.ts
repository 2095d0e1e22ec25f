/**
 * SIMD kernels that run inside the heap of the tfjs WASM backend, in AssemblyScript; build with `task build:simd`.
 * Pointers and strides are bytes. There is no static data, which would overwrite the heap.
 *
 * @module
 */
import { softplus4, tanh4 } from "./lib/functions";
import { gemm } from "./lib/gemm";
import { addColumnSums } from "./lib/layout";

export { denseForward, maskPositive } from "./lib/dense";
export { gemm } from "./lib/gemm";
export { jointLoss } from "./lib/joint_loss";
export { transpose } from "./lib/layout";

/** Rows of a block of {@linkcode gemmTransposedA}, few enough that both operands' blocks stay in the cache. */
const BLOCK_ROWS: i32 = 256;

/**
 * `out [columnsA, columnsB] = aᵀ · b` of `a [rows, columnsA]` and `b [rows, columnsB]`: the gradient of a kernel, where
 * rows are many and columns few.
 */
export function gemmTransposedA(
  a: usize,
  b: usize,
  out: usize,
  rows: i32,
  columnsA: i32,
  columnsB: i32,
): void {
  const aRow = (<usize> columnsA) << 2, bRow = (<usize> columnsB) << 2;
  if (rows === 0) memory.fill(out, 0, <usize> columnsA * bRow);
  for (let row = 0; row < rows; row += BLOCK_ROWS) {
    const count = min(BLOCK_ROWS, rows - row);
    const aAt = a + <usize> row * aRow, bAt = b + <usize> row * bRow;
    gemm(aAt, 4, aRow, bAt, bRow, out, bRow, columnsA, columnsB, count, row > 0);
  }
}

/** `sums [columns]` = the sum of the rows of `x`. */
export function columnSums(x: usize, sums: usize, rows: i32, columns: i32): void {
  memory.fill(sums, 0, (<usize> columns) << 2);
  addColumnSums(x, sums, rows, columns);
}

/** `y = tanh x`, elementwise. */
export function tanh(x: usize, y: usize, count: i32): void {
  const end = x + ((<usize> count) << 2);
  for (; x + 16 <= end; x += 16, y += 16) v128.store(y, tanh4(v128.load(x)));
  for (; x < end; x += 4, y += 4) store<f32>(y, f32x4.extract_lane(tanh4(v128.load32_splat(x)), 0));
}

/** `y = ln(1 + eˣ)`, elementwise. */
export function softplus(x: usize, y: usize, count: i32): void {
  const end = x + ((<usize> count) << 2);
  for (; x + 16 <= end; x += 16, y += 16) v128.store(y, softplus4(v128.load(x)));
  for (; x < end; x += 4, y += 4) store<f32>(y, f32x4.extract_lane(softplus4(v128.load32_splat(x)), 0));
}
