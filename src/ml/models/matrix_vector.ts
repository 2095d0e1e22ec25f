/**
 * Adds x · kernel to `out`, the hot loop of the forward passes: `count` values of x from `xAt` on, a row-major kernel of
 * `units` columns from `kernelAt` on, `units` sums from `outAt` on.
 */
export function addProduct(
  kernel: Float32Array,
  kernelAt: number,
  x: Float64Array,
  xAt: number,
  count: number,
  out: Float64Array,
  outAt: number,
  units: number,
): void {
  let i = 0;
  // Four inputs at once: a fourth of the loads and stores of the sums, which are what this loop waits for.
  for (; i + 4 <= count; i += 4) {
    const a = x[xAt + i]!, b = x[xAt + i + 1]!, c = x[xAt + i + 2]!, d = x[xAt + i + 3]!;
    if (a === 0 && b === 0 && c === 0 && d === 0) continue; // flags are mostly zero
    const rowA = kernelAt + i * units, rowB = rowA + units, rowC = rowB + units, rowD = rowC + units;
    for (let j = 0; j < units; j++) {
      out[outAt + j]! += a * kernel[rowA + j]! + b * kernel[rowB + j]! + c * kernel[rowC + j]! + d * kernel[rowD + j]!;
    }
  }
  for (; i < count; i++) {
    const value = x[xAt + i]!, row = kernelAt + i * units;
    for (let j = 0; j < units; j++) out[outAt + j]! += value * kernel[row + j]!;
  }
}
