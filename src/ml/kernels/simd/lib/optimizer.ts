/**
 * AdamW over one array of float32, in AssemblyScript. Lengths are multiples of four.
 *
 * @module
 */

/** Σ x², summed in float64. */
export function sumOfSquares(x: usize, count: i32): f64 {
  const end = x + ((<usize> count) << 2);
  let sums = f64x2.splat(0);
  for (; x < end; x += 8) {
    const pair = f64x2.promote_low_f32x4(v128.load64_zero(x));
    sums = f64x2.add(sums, f64x2.mul(pair, pair));
  }
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

/**
 * One step of Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019).
 *
 * @param gradientScale what the gradient is multiplied with first: below 1 where its norm is clipped
 * @param stepSize learning rate / (1 − β₁ᵗ)
 * @param squareScale 1 / (1 − β₂ᵗ)
 * @param decay learning rate · weight decay; it is multiplied with `decays`, 1 for the values of kernels and 0 for biases
 */
export function adamW(
  weights: usize,
  gradient: usize,
  means: usize,
  squares: usize,
  decays: usize,
  count: i32,
  gradientScale: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  stepSize: f32,
  squareScale: f32,
  decay: f32,
): void {
  const bytes = (<usize> count) << 2;
  const keep1 = f32x4.splat(beta1), add1 = f32x4.splat(<f32> 1 - beta1);
  const keep2 = f32x4.splat(beta2), add2 = f32x4.splat(<f32> 1 - beta2);
  for (let at: usize = 0; at < bytes; at += 16) {
    const g = f32x4.mul(v128.load(gradient + at), f32x4.splat(gradientScale));
    const mean = f32x4.add(f32x4.mul(keep1, v128.load(means + at)), f32x4.mul(add1, g));
    const square = f32x4.add(f32x4.mul(keep2, v128.load(squares + at)), f32x4.mul(add2, f32x4.mul(g, g)));
    v128.store(means + at, mean);
    v128.store(squares + at, square);
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(square, f32x4.splat(squareScale))), f32x4.splat(epsilon));
    const weight = v128.load(weights + at);
    const step = f32x4.div(f32x4.mul(mean, f32x4.splat(stepSize)), root);
    const decayed = f32x4.mul(f32x4.mul(weight, f32x4.splat(decay)), v128.load(decays + at));
    v128.store(weights + at, f32x4.sub(f32x4.sub(weight, step), decayed));
  }
}
