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

/** Rows that {@linkcode addProducts} takes at once. */
export const PRODUCT_ROWS = 4;

/**
 * Adds x · kernel to `out` for {@linkcode PRODUCT_ROWS} rows, to the bit what {@linkcode addProduct} adds for each: a kernel's
 * value is read and widened once for all of them.
 *
 * @param x `count` values a row, row-major.
 * @param out `units` sums a row, row-major.
 */
export function addProducts(
  kernel: Float32Array,
  x: Float64Array,
  count: number,
  out: Float64Array,
  units: number,
): void {
  const x1 = count, x2 = 2 * count, x3 = 3 * count, out1 = units, out2 = 2 * units, out3 = 3 * units;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const a0 = x[i]!, b0 = x[i + 1]!, c0 = x[i + 2]!, d0 = x[i + 3]!;
    const a1 = x[x1 + i]!, b1 = x[x1 + i + 1]!, c1 = x[x1 + i + 2]!, d1 = x[x1 + i + 3]!;
    const a2 = x[x2 + i]!, b2 = x[x2 + i + 1]!, c2 = x[x2 + i + 2]!, d2 = x[x2 + i + 3]!;
    const a3 = x[x3 + i]!, b3 = x[x3 + i + 1]!, c3 = x[x3 + i + 2]!, d3 = x[x3 + i + 3]!;
    const rowA = i * units, rowB = rowA + units, rowC = rowB + units, rowD = rowC + units;
    for (let j = 0; j < units; j++) {
      const a = kernel[rowA + j]!, b = kernel[rowB + j]!, c = kernel[rowC + j]!, d = kernel[rowD + j]!;
      out[j]! += a0 * a + b0 * b + c0 * c + d0 * d;
      out[out1 + j]! += a1 * a + b1 * b + c1 * c + d1 * d;
      out[out2 + j]! += a2 * a + b2 * b + c2 * c + d2 * d;
      out[out3 + j]! += a3 * a + b3 * b + c3 * c + d3 * d;
    }
  }
  for (; i < count; i++) {
    const row = i * units, v0 = x[i]!, v1 = x[x1 + i]!, v2 = x[x2 + i]!, v3 = x[x3 + i]!;
    for (let j = 0; j < units; j++) {
      const value = kernel[row + j]!;
      out[j]! += v0 * value;
      out[out1 + j]! += v1 * value;
      out[out2 + j]! += v2 * value;
      out[out3 + j]! += v3 * value;
    }
  }
}
