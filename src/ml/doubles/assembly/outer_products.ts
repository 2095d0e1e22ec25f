/**
 * Sums of weighted outer products of rows of float64, in AssemblyScript.
 *
 * @module
 */

/**
 * Adds Σ weight · x xᵀ of `rows` rows to the lower triangle of a row-major matrix; the sums are those of one row after the
 * other. Pointers are bytes.
 *
 * @param rows a multiple of four.
 */
export function addOuterProducts(lower: usize, values: usize, weights: usize, rows: i32, size: i32): void {
  const stride = (<usize> size) << 3;
  for (let row = 0; row < rows; row += 4) {
    const a = values + <usize> row * stride, b = a + stride, c = b + stride, d = c + stride;
    const weight = weights + ((<usize> row) << 3);
    let column = 0;
    for (; column + 2 <= size; column += 2) addTwoRows(lower, a, b, c, d, weight, column, stride);
    if (column < size) addRow(lower, a, b, c, d, weight, column, 0, stride);
  }
}

/** Adds to the matrix's rows `column` and `column + 1`: two sums of each at once, while they are left of both diagonals. */
function addTwoRows(
  lower: usize,
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  weight: usize,
  column: i32,
  stride: usize,
): void {
  const at = (<usize> column) << 3, upper = lower + <usize> column * stride, under = upper + stride;
  const upperA = scaledOf(weight, a + at), upperB = scaledOf(weight + 8, b + at);
  const upperC = scaledOf(weight + 16, c + at), upperD = scaledOf(weight + 24, d + at);
  const underA = scaledOf(weight, a + at + 8), underB = scaledOf(weight + 8, b + at + 8);
  const underC = scaledOf(weight + 16, c + at + 8), underD = scaledOf(weight + 24, d + at + 8);
  for (let i: usize = 0; i < at; i += 16) {
    const za = v128.load(a + i), zb = v128.load(b + i), zc = v128.load(c + i), zd = v128.load(d + i);
    v128.store(upper + i, sumOf(v128.load(upper + i), upperA, za, upperB, zb, upperC, zc, upperD, zd));
    v128.store(under + i, sumOf(v128.load(under + i), underA, za, underB, zb, underC, zc, underD, zd));
  }
  addRow(lower, a, b, c, d, weight, column, at, stride);
  // What is left of the lower row ends with both of the columns.
  const za = v128.load(a + at), zb = v128.load(b + at), zc = v128.load(c + at), zd = v128.load(d + at);
  v128.store(under + at, sumOf(v128.load(under + at), underA, za, underB, zb, underC, zc, underD, zd));
}

/** Adds to a row of the matrix from a byte on to its diagonal. */
function addRow(
  lower: usize,
  a: usize,
  b: usize,
  c: usize,
  d: usize,
  weight: usize,
  column: i32,
  first: usize,
  stride: usize,
): void {
  const at = (<usize> column) << 3, sums = lower + <usize> column * stride;
  const wa = load<f64>(weight) * load<f64>(a + at), wb = load<f64>(weight, 8) * load<f64>(b + at);
  const wc = load<f64>(weight, 16) * load<f64>(c + at), wd = load<f64>(weight, 24) * load<f64>(d + at);
  for (let i = first; i <= at; i += 8) {
    const sum = load<f64>(sums + i) + wa * load<f64>(a + i) + wb * load<f64>(b + i);
    store<f64>(sums + i, sum + wc * load<f64>(c + i) + wd * load<f64>(d + i));
  }
}

/** A row's value times its weight, in both lanes. */
function scaledOf(weight: usize, value: usize): v128 {
  return f64x2.splat(load<f64>(weight) * load<f64>(value));
}

function sumOf(
  sum: v128,
  wa: v128,
  za: v128,
  wb: v128,
  zb: v128,
  wc: v128,
  zc: v128,
  wd: v128,
  zd: v128,
): v128 {
  sum = f64x2.add(sum, f64x2.mul(wa, za));
  sum = f64x2.add(sum, f64x2.mul(wb, zb));
  sum = f64x2.add(sum, f64x2.mul(wc, zc));
  return f64x2.add(sum, f64x2.mul(wd, zd));
}
