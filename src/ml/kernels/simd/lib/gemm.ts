/**
 * Matrix products of row-major float32, in AssemblyScript. A multiplication and an addition rather than one fused
 * instruction: a CPU without the latter would round otherwise, and equal seeds must give equal bytes on every machine.
 *
 * The tile is 4 rows by 8 columns: eight sums, two vectors of b and one broadcast value of a stay in the sixteen
 * registers that V8 has for vectors on x86-64.
 *
 * @module
 */

function multiplyAdd(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

/**
 * `c = a · b`, or `c += a · b` where `accumulate`. Strides are bytes; `a` has one between rows and one between the
 * values of a row, so that a transposed `a` is read in place.
 */
export function gemm(
  a: usize,
  aRow: usize,
  aInner: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  rows: i32,
  columns: i32,
  inner: i32,
  accumulate: bool,
): void {
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const aAt = a + <usize> row * aRow, cAt = c + <usize> row * cRow;
    let column = 0;
    for (; column + 8 <= columns; column += 8) {
      const byte = (<usize> column) << 2;
      tile4x8(aAt, aRow, aInner, b + byte, bRow, cAt + byte, cRow, inner, accumulate);
    }
    for (; column + 4 <= columns; column += 4) {
      const byte = (<usize> column) << 2;
      tile4x4(aAt, aRow, aInner, b + byte, bRow, cAt + byte, cRow, inner, accumulate);
    }
    for (; column < columns; column++) {
      const byte = (<usize> column) << 2;
      tile4x1(aAt, aRow, aInner, b + byte, bRow, cAt + byte, cRow, inner, accumulate);
    }
  }
  for (; row < rows; row++) {
    const aAt = a + <usize> row * aRow, cAt = c + <usize> row * cRow;
    let column = 0;
    for (; column + 4 <= columns; column += 4) {
      const byte = (<usize> column) << 2;
      tile1x4(aAt, aInner, b + byte, bRow, cAt + byte, inner, accumulate);
    }
    for (; column < columns; column++) {
      const byte = (<usize> column) << 2;
      tile1x1(aAt, aInner, b + byte, bRow, cAt + byte, inner, accumulate);
    }
  }
}

function tile4x8(
  a: usize,
  aRow: usize,
  aInner: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  inner: i32,
  accumulate: bool,
): void {
  const c1 = c + cRow, c2 = c1 + cRow, c3 = c2 + cRow;
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  if (accumulate) {
    s00 = v128.load(c), s01 = v128.load(c, 16), s10 = v128.load(c1), s11 = v128.load(c1, 16);
    s20 = v128.load(c2), s21 = v128.load(c2, 16), s30 = v128.load(c3), s31 = v128.load(c3, 16);
  }
  let a0 = a, a1 = a0 + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
  for (let k = 0; k < inner; k++) {
    const left = v128.load(b), right = v128.load(b, 16);
    b += bRow;
    let value = v128.load32_splat(a0);
    s00 = multiplyAdd(s00, value, left), s01 = multiplyAdd(s01, value, right);
    value = v128.load32_splat(a1);
    s10 = multiplyAdd(s10, value, left), s11 = multiplyAdd(s11, value, right);
    value = v128.load32_splat(a2);
    s20 = multiplyAdd(s20, value, left), s21 = multiplyAdd(s21, value, right);
    value = v128.load32_splat(a3);
    s30 = multiplyAdd(s30, value, left), s31 = multiplyAdd(s31, value, right);
    a0 += aInner, a1 += aInner, a2 += aInner, a3 += aInner;
  }
  v128.store(c, s00), v128.store(c, s01, 16), v128.store(c1, s10), v128.store(c1, s11, 16);
  v128.store(c2, s20), v128.store(c2, s21, 16), v128.store(c3, s30), v128.store(c3, s31, 16);
}

function tile4x4(
  a: usize,
  aRow: usize,
  aInner: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  inner: i32,
  accumulate: bool,
): void {
  const c1 = c + cRow, c2 = c1 + cRow, c3 = c2 + cRow;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  if (accumulate) s0 = v128.load(c), s1 = v128.load(c1), s2 = v128.load(c2), s3 = v128.load(c3);
  let a0 = a, a1 = a0 + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
  for (let k = 0; k < inner; k++) {
    const values = v128.load(b);
    b += bRow;
    s0 = multiplyAdd(s0, v128.load32_splat(a0), values), s1 = multiplyAdd(s1, v128.load32_splat(a1), values);
    s2 = multiplyAdd(s2, v128.load32_splat(a2), values), s3 = multiplyAdd(s3, v128.load32_splat(a3), values);
    a0 += aInner, a1 += aInner, a2 += aInner, a3 += aInner;
  }
  v128.store(c, s0), v128.store(c1, s1), v128.store(c2, s2), v128.store(c3, s3);
}

function tile4x1(
  a: usize,
  aRow: usize,
  aInner: usize,
  b: usize,
  bRow: usize,
  c: usize,
  cRow: usize,
  inner: i32,
  accumulate: bool,
): void {
  const c1 = c + cRow, c2 = c1 + cRow, c3 = c2 + cRow;
  let s0: f32 = 0, s1: f32 = 0, s2: f32 = 0, s3: f32 = 0;
  if (accumulate) s0 = load<f32>(c), s1 = load<f32>(c1), s2 = load<f32>(c2), s3 = load<f32>(c3);
  let a0 = a, a1 = a0 + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
  for (let k = 0; k < inner; k++) {
    const value = load<f32>(b);
    b += bRow;
    s0 += load<f32>(a0) * value, s1 += load<f32>(a1) * value;
    s2 += load<f32>(a2) * value, s3 += load<f32>(a3) * value;
    a0 += aInner, a1 += aInner, a2 += aInner, a3 += aInner;
  }
  store<f32>(c, s0), store<f32>(c1, s1), store<f32>(c2, s2), store<f32>(c3, s3);
}

function tile1x4(
  a: usize,
  aInner: usize,
  b: usize,
  bRow: usize,
  c: usize,
  inner: i32,
  accumulate: bool,
): void {
  let sum = accumulate ? v128.load(c) : f32x4.splat(0);
  for (let k = 0; k < inner; k++) {
    sum = multiplyAdd(sum, v128.load32_splat(a), v128.load(b));
    a += aInner, b += bRow;
  }
  v128.store(c, sum);
}

function tile1x1(
  a: usize,
  aInner: usize,
  b: usize,
  bRow: usize,
  c: usize,
  inner: i32,
  accumulate: bool,
): void {
  let sum: f32 = accumulate ? load<f32>(c) : 0;
  for (let k = 0; k < inner; k++) {
    sum += load<f32>(a) * load<f32>(b);
    a += aInner, b += bRow;
  }
  store<f32>(c, sum);
}
