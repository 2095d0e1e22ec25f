/** A fitted line. */
export interface Line {
  readonly intercept: number;
  readonly coefficients: Float64Array;
}

/** Keeps columns that coincide from dividing by zero; far below what the figures show. */
const RIDGE = 1e-9;

/**
 * Ordinary least squares with an intercept by centred normal equations and Cholesky, with a ridge of 1e-9 on the
 * standardised columns. O(rows · width²).
 *
 * @param inputsOf the `width` regressors of a row; the array may be reused between calls.
 * @throws {RangeError} where there are not more rows than coefficients.
 */
export function leastSquares(
  rows: Int32Array,
  inputsOf: (row: number) => Float64Array,
  targetOf: (row: number) => number,
  width: number,
): Line {
  const count = rows.length;
  if (count <= width + 1) {
    throw new RangeError(`Cannot fit ${width + 1} coefficients as there are too few rows: current value is ${count}`);
  }
  const means = new Float64Array(width);
  let targetMean = 0;
  for (const row of rows) {
    const inputs = inputsOf(row);
    for (let j = 0; j < width; j++) means[j]! += inputs[j]! / count;
    targetMean += targetOf(row) / count;
  }
  const gram = new Float64Array(width * width), moments = new Float64Array(width), centred = new Float64Array(width);
  for (const row of rows) {
    const inputs = inputsOf(row), target = targetOf(row) - targetMean;
    for (let j = 0; j < width; j++) centred[j] = inputs[j]! - means[j]!;
    for (let j = 0; j < width; j++) {
      moments[j]! += centred[j]! * target;
      for (let i = 0; i <= j; i++) gram[j * width + i]! += centred[j]! * centred[i]!;
    }
  }
  for (let j = 0; j < width; j++) gram[j * width + j]! += RIDGE * gram[j * width + j]! + Number.MIN_VALUE;
  const coefficients = solveCholesky(gram, moments, width);
  let intercept = targetMean;
  for (let j = 0; j < width; j++) intercept -= coefficients[j]! * means[j]!;
  return { intercept, coefficients };
}

/** Solves A·x = b for a symmetric positive A given by its lower triangle, row-major; a pivot of 0 gives 0. */
function solveCholesky(lower: Float64Array, moments: Float64Array, width: number): Float64Array {
  const factor = new Float64Array(lower);
  for (let j = 0; j < width; j++) {
    for (let i = j; i < width; i++) {
      let sum = factor[i * width + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * width + k]! * factor[j * width + k]!;
      if (i === j) factor[j * width + j] = Math.sqrt(Math.max(0, sum));
      else factor[i * width + j] = factor[j * width + j]! > 0 ? sum / factor[j * width + j]! : 0;
    }
  }
  const x = new Float64Array(moments);
  for (let j = 0; j < width; j++) {
    for (let k = 0; k < j; k++) x[j]! -= factor[j * width + k]! * x[k]!;
    x[j] = factor[j * width + j]! > 0 ? x[j]! / factor[j * width + j]! : 0;
  }
  for (let j = width - 1; j >= 0; j--) {
    for (let k = j + 1; k < width; k++) x[j]! -= factor[k * width + j]! * x[k]!;
    x[j] = factor[j * width + j]! > 0 ? x[j]! / factor[j * width + j]! : 0;
  }
  return x;
}
