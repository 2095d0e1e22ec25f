/**
 * Elementary functions of four float32 at once, in AssemblyScript, from their series: with plain additions and
 * multiplications every CPU gives the same bits, which libm does not promise. NaN stays NaN.
 *
 * @module
 */

const LOG2_E: f32 = 1.4426950408889634;
/** ln 2 in two parts, so that `n · ln 2` is exact to more than 24 bits (Cody & Waite 1980). */
const LN_2_HIGH: f32 = 0.693359375;
const LN_2_LOW: f32 = -2.12194440054690583e-4;

function clamp(x: v128, low: f32, high: f32): v128 {
  return f32x4.max(f32x4.min(x, f32x4.splat(high)), f32x4.splat(low));
}

/** `n` of `x = n · ln 2 + r` with |r| ≤ ln 2 / 2. */
function exponent(x: v128): v128 {
  return f32x4.nearest(f32x4.mul(x, f32x4.splat(LOG2_E)));
}

function remainder(x: v128, n: v128): v128 {
  const high = f32x4.sub(x, f32x4.mul(n, f32x4.splat(LN_2_HIGH)));
  return f32x4.sub(high, f32x4.mul(n, f32x4.splat(LN_2_LOW)));
}

/** 2ⁿ for whole n from −126 to 127. */
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
}

function horner(sum: v128, r: v128, next: f32): v128 {
  return f32x4.add(f32x4.mul(sum, r), f32x4.splat(next));
}

/** e^r − 1 for |r| ≤ ln 2 / 2: the Taylor series to r⁷, whose rest is below 6e-9. */
function expm1Small(r: v128): v128 {
  let sum = f32x4.splat(1.0 / 5040.0);
  sum = horner(sum, r, 1.0 / 720.0);
  sum = horner(sum, r, 1.0 / 120.0);
  sum = horner(sum, r, 1.0 / 24.0);
  sum = horner(sum, r, 1.0 / 6.0);
  sum = horner(sum, r, 0.5);
  sum = horner(sum, r, 1.0);
  return f32x4.mul(sum, r);
}

/** eˣ; beyond ±87 as at ±87. */
export function exp4(x: v128): v128 {
  const within = clamp(x, -87, 87), n = exponent(within);
  return f32x4.mul(f32x4.add(expm1Small(remainder(within, n)), f32x4.splat(1)), powerOfTwo(n));
}

/** tanh x = t / (t + 2) with t = e²ˣ − 1, which keeps the relative error of small x. */
export function tanh4(x: v128): v128 {
  const doubled = clamp(f32x4.add(x, x), -20, 20), n = exponent(doubled), scale = powerOfTwo(n);
  const t = f32x4.add(
    f32x4.mul(scale, expm1Small(remainder(doubled, n))),
    f32x4.sub(scale, f32x4.splat(1)),
  );
  return f32x4.div(t, f32x4.add(t, f32x4.splat(2)));
}

/** ln(1 + e) for e from 0 to 1: 2 artanh(e / (2 + e)), whose series is cut below 2e-8. */
function log1pUnit(e: v128): v128 {
  const s = f32x4.div(e, f32x4.add(e, f32x4.splat(2))), z = f32x4.mul(s, s);
  let sum = f32x4.splat(2.0 / 13.0);
  sum = horner(sum, z, 2.0 / 11.0);
  sum = horner(sum, z, 2.0 / 9.0);
  sum = horner(sum, z, 2.0 / 7.0);
  sum = horner(sum, z, 2.0 / 5.0);
  sum = horner(sum, z, 2.0 / 3.0);
  sum = horner(sum, z, 2.0);
  return f32x4.mul(sum, s);
}

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|). */
export function softplus4(x: v128): v128 {
  return f32x4.add(f32x4.max(x, f32x4.splat(0)), log1pUnit(exp4(f32x4.neg(f32x4.abs(x)))));
}

/** 1 / (1 + e⁻ˣ). */
export function sigmoid4(x: v128): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), exp4(f32x4.neg(x))));
}
