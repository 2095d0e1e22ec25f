const ROUNDING = 2 ** -53;
/** Nearer to 0 the series of erf is shorter than the continued fraction of erfc. */
const SERIES_BELOW = 2;

/** P(Z ≤ z) of the standard normal, relative error below 1e-13 in either tail. */
export function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2, tail = x < SERIES_BELOW ? (1 - erfSeries(x)) / 2 : erfcFraction(x) / 2;
  return z <= 0 ? tail : 1 - tail;
}

// Coefficients of PPND16, constant first.
const CENTRE = [
  [
    3.3871328727963666080e0,
    1.3314166789178437745e2,
    1.9715909503065514427e3,
    1.3731693765509461125e4,
    4.5921953931549871457e4,
    6.7265770927008700853e4,
    3.3430575583588128105e4,
    2.5090809287301226727e3,
  ],
  [
    1,
    4.2313330701600911252e1,
    6.8718700749205790830e2,
    5.3941960214247511077e3,
    2.1213794301586595867e4,
    3.9307895800092710610e4,
    2.8729085735721942674e4,
    5.2264952788528545610e3,
  ],
] as const;
const SHOULDER = [
  [
    1.42343711074968357734e0,
    4.63033784615654529590e0,
    5.76949722146069140550e0,
    3.64784832476320460504e0,
    1.27045825245236838258e0,
    2.41780725177450611770e-1,
    2.27238449892691845833e-2,
    7.74545014278341407640e-4,
  ],
  [
    1,
    2.05319162663775882187e0,
    1.67638483018380384940e0,
    6.89767334985100004550e-1,
    1.48103976427480074590e-1,
    1.51986665636164571966e-2,
    5.47593808499534494600e-4,
    1.05075007164441684324e-9,
  ],
] as const;
const TAIL = [
  [
    6.65790464350110377720e0,
    5.46378491116411436990e0,
    1.78482653991729133580e0,
    2.96560571828504891230e-1,
    2.65321895265761230930e-2,
    1.24266094738807843860e-3,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
  ],
  [
    1,
    5.99832206555887937690e-1,
    1.36929880922735805310e-1,
    1.48753612908506148525e-2,
    7.86869131145613259100e-4,
    1.84631831751005468180e-5,
    1.42151175831644588870e-7,
    2.04426310338993978564e-15,
  ],
] as const;

/** The z with P(Z ≤ z) = `level`, to 16 digits (Wichura 1988, algorithm AS 241); ±∞ at 1 and 0. */
export function normalQuantile(level: number): number {
  const apart = level - 0.5;
  if (Math.abs(apart) <= 0.425) return apart * ratio(CENTRE, 0.180625 - apart * apart);
  const tail = Math.min(level, 1 - level);
  if (!(tail > 0)) return tail === 0 ? Math.sign(apart) * Infinity : NaN;
  const root = Math.sqrt(-Math.log(tail));
  return Math.sign(apart) * (root <= 5 ? ratio(SHOULDER, root - 1.6) : ratio(TAIL, root - 5));
}

/** P(T ≤ t) of Student's t with these degrees of freedom. */
export function studentCdf(t: number, degrees: number): number {
  const tail = incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
  return t <= 0 ? tail : 1 - tail;
}

function ratio([above, below]: readonly [readonly number[], readonly number[]], x: number): number {
  const value = (coefficients: readonly number[]) => coefficients.reduceRight((sum, own) => sum * x + own, 0);
  return value(above) / value(below);
}

function erfSeries(x: number): number {
  let term = x, sum = x;
  for (let n = 1; term > ROUNDING * sum; n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

function erfcFraction(x: number): number {
  // x + (1/2)/(x + 1/(x + (3/2)/(x + …))), from a depth at which x ≥ 2 has converged.
  let fraction = x;
  for (let n = 100; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

/** Regularised incomplete beta function I_x(a, b) by Lentz's continued fraction (Numerical Recipes 6.4). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  // The fraction converges fast on the side of the mean where x is small.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta(a, b)) / a;
  let c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), fraction = d;
  for (let m = 1; m < 10_000; m++) {
    for (
      const step of [
        m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
        -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
      ]
    ) {
      d = 1 / (1 + step * d);
      c = 1 + step / c;
      fraction *= c * d;
    }
    if (Math.abs(c * d - 1) < 4 * ROUNDING) break;
  }
  return front * fraction;
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** ln Γ by Stirling's series, moved up to where it holds to 16 digits. */
function logGamma(value: number): number {
  let x = value, shift = 0;
  while (x < 15) shift -= Math.log(x++);
  const s = 1 / (x * x);
  const series = (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s / 1188)))) / x;
  return shift + (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series;
}
