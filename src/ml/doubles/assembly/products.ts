/**
 * Products of rows of float64 with a kernel of float32, in AssemblyScript. The sums are taken in one fixed order, four inputs
 * at a time, so that a row's do not depend on the rows beside it, nor on which of two programs takes them.
 *
 * The tile is 4 rows by 4 columns of two lanes: eight sums, and a broadcast input for each row and input.
 *
 * @module
 */

/** Two values of the kernel, widened. */
function pairOf(kernel: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(kernel));
}

/** The values that are not below zero, and zero for the others; NaN and −0 stay. */
function positive(values: v128): v128 {
  return f64x2.pmax(values, f64x2.splat(0));
}

/** Σ over four inputs from `x` on of input · (a, b, c, d). */
function fourOf(x: usize, a: v128, b: v128, c: v128, d: v128): v128 {
  let sum = f64x2.mul(v128.load64_splat(x), a);
  sum = f64x2.add(sum, f64x2.mul(v128.load64_splat(x, 8), b));
  sum = f64x2.add(sum, f64x2.mul(v128.load64_splat(x, 16), c));
  return f64x2.add(sum, f64x2.mul(v128.load64_splat(x, 24), d));
}

/**
 * `out [rows, units] = bias + x [rows, inputs] · kernel [inputs, units]`, all row-major, not below zero where `relu`; pointers
 * are bytes.
 *
 * @param rows a multiple of four.
 */
export function dense(
  kernel: usize,
  bias: usize,
  x: usize,
  out: usize,
  rows: i32,
  inputs: i32,
  units: i32,
  relu: bool,
): void {
  const xRow = (<usize> inputs) << 3, outRow = (<usize> units) << 3, kernelRow = (<usize> units) << 2;
  for (let row = 0; row < rows; row += 4) {
    const own = x + <usize> row * xRow, sums = out + <usize> row * outRow;
    let column = 0;
    for (; column + 4 <= units; column += 4) {
      const byte = (<usize> column) << 2;
      tile4x4(kernel + byte, kernelRow, bias + byte, own, xRow, sums + 2 * byte, outRow, inputs, relu);
    }
    for (; column < units; column++) {
      const byte = (<usize> column) << 2;
      for (let i: usize = 0; i < 4; i++) {
        tile1x1(kernel + byte, kernelRow, bias + byte, own + i * xRow, sums + i * outRow + 2 * byte, inputs, relu);
      }
    }
  }
}

function tile4x4(
  kernel: usize,
  kernelRow: usize,
  bias: usize,
  x: usize,
  xRow: usize,
  out: usize,
  outRow: usize,
  inputs: i32,
  relu: bool,
): void {
  const x1 = xRow, x2 = 2 * xRow, x3 = 3 * xRow, out1 = out + outRow, out2 = out1 + outRow, out3 = out2 + outRow;
  let left0 = pairOf(bias), left1 = left0, left2 = left0, left3 = left0;
  let right0 = pairOf(bias + 8), right1 = right0, right2 = right0, right3 = right0;
  let input = 0;
  for (; input + 4 <= inputs; input += 4) {
    const kernel1 = kernel + kernelRow, kernel2 = kernel1 + kernelRow, kernel3 = kernel2 + kernelRow;
    let a = pairOf(kernel), b = pairOf(kernel1), c = pairOf(kernel2), d = pairOf(kernel3);
    left0 = f64x2.add(left0, fourOf(x, a, b, c, d));
    left1 = f64x2.add(left1, fourOf(x + x1, a, b, c, d));
    left2 = f64x2.add(left2, fourOf(x + x2, a, b, c, d));
    left3 = f64x2.add(left3, fourOf(x + x3, a, b, c, d));
    a = pairOf(kernel + 8), b = pairOf(kernel1 + 8), c = pairOf(kernel2 + 8), d = pairOf(kernel3 + 8);
    right0 = f64x2.add(right0, fourOf(x, a, b, c, d));
    right1 = f64x2.add(right1, fourOf(x + x1, a, b, c, d));
    right2 = f64x2.add(right2, fourOf(x + x2, a, b, c, d));
    right3 = f64x2.add(right3, fourOf(x + x3, a, b, c, d));
    x += 32;
    kernel = kernel3 + kernelRow;
  }
  for (; input < inputs; input++) {
    const left = pairOf(kernel), right = pairOf(kernel + 8);
    const v0 = v128.load64_splat(x), v1 = v128.load64_splat(x + x1);
    const v2 = v128.load64_splat(x + x2), v3 = v128.load64_splat(x + x3);
    left0 = f64x2.add(left0, f64x2.mul(v0, left)), right0 = f64x2.add(right0, f64x2.mul(v0, right));
    left1 = f64x2.add(left1, f64x2.mul(v1, left)), right1 = f64x2.add(right1, f64x2.mul(v1, right));
    left2 = f64x2.add(left2, f64x2.mul(v2, left)), right2 = f64x2.add(right2, f64x2.mul(v2, right));
    left3 = f64x2.add(left3, f64x2.mul(v3, left)), right3 = f64x2.add(right3, f64x2.mul(v3, right));
    x += 8;
    kernel += kernelRow;
  }
  if (relu) {
    left0 = positive(left0), left1 = positive(left1), left2 = positive(left2), left3 = positive(left3);
    right0 = positive(right0), right1 = positive(right1), right2 = positive(right2), right3 = positive(right3);
  }
  v128.store(out, left0), v128.store(out, right0, 16), v128.store(out1, left1), v128.store(out1, right1, 16);
  v128.store(out2, left2), v128.store(out2, right2, 16), v128.store(out3, left3), v128.store(out3, right3, 16);
}

function tile1x1(
  kernel: usize,
  kernelRow: usize,
  bias: usize,
  x: usize,
  out: usize,
  inputs: i32,
  relu: bool,
): void {
  let sum: f64 = load<f32>(bias), input = 0;
  for (; input + 4 <= inputs; input += 4) {
    const kernel1 = kernel + kernelRow, kernel2 = kernel1 + kernelRow, kernel3 = kernel2 + kernelRow;
    sum += load<f64>(x) * <f64> load<f32>(kernel) + load<f64>(x, 8) * <f64> load<f32>(kernel1) +
      load<f64>(x, 16) * <f64> load<f32>(kernel2) + load<f64>(x, 24) * <f64> load<f32>(kernel3);
    x += 32;
    kernel = kernel3 + kernelRow;
  }
  for (; input < inputs; input++) {
    sum += load<f64>(x) * <f64> load<f32>(kernel);
    x += 8;
    kernel += kernelRow;
  }
  store<f64>(out, relu && sum < 0 ? 0 : sum);
}
