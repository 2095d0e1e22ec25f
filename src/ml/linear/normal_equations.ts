import { DomainError } from "../../core/mod.ts";
import { addOuterProducts, LANE_ROWS } from "../doubles/doubles.ts";

/** Rows of a linear model, read one by one: nothing of them is copied. */
export interface LinearRows {
  /** Row numbers, in the order in which they are read. */
  readonly rows: Int32Array;
  /** Names of the regressors, for errors; their number is the width. */
  readonly names: readonly string[];
  /** The regressors of a row; the array may be reused between calls. */
  inputsOf(row: number): Float64Array;
  /** Writes those of several rows, row-major. @default one after the other */
  inputsOfAll?(rows: Int32Array, out: Float64Array): void;
  /** What is to be explained. */
  targetOf(row: number): number;
  /** Weight of a row, at least 0. @default 1 for each */
  weightOf?(row: number): number;
  /** What the line of a logistic or gamma regression is added to. @default 0 for each */
  offsetOf?(row: number): number;
  /** Rows of one cluster may depend on each other; clusters follow one another. @default no clusters */
  clusterOf?(row: number): number;
}

/** Rows that are read at once: their values fit a second-level cache. */
export const BLOCK_ROWS = 256;

/** Writes the regressors of rows, row-major. */
export function readInputs(problem: LinearRows, rows: Int32Array, out: Float64Array): void {
  if (problem.inputsOfAll !== undefined) return problem.inputsOfAll(rows, out);
  const width = problem.names.length;
  for (let i = 0; i < rows.length; i++) {
    const inputs = problem.inputsOf(rows[i]!);
    for (let j = 0; j < width; j++) out[i * width + j] = inputs[j]!;
  }
}

/** Weighted moments of the regressors. */
export interface InputMoments {
  /** Σ w. */
  readonly weight: number;
  /** Rows whose weight is not 0: the others are no rows. */
  readonly count: number;
  readonly means: Float64Array;
  /** Root of the weighted mean squared deviation; 0 for a column that is constant. */
  readonly scales: Float64Array;
}

/** A spread below this share of the column's size is rounding, not variation. */
const CONSTANT_SHARE = 1e-12;
/** Values between these can be squared and summed. */
const LARGEST = 1e140, SMALLEST_SPREAD = 1e-140;

/**
 * Means and scales of the regressors, by one pass (West 1979).
 *
 * @throws {DomainError} `input-invalid` for a value, target or weight that is not finite or too large or small to be squared,
 * naming column and row; for not more rows with a weight than there are coefficients.
 */
export function inputMoments(problem: LinearRows): InputMoments {
  const { names, rows } = problem, width = names.length;
  const sums = {
    means: new Float64Array(width),
    squares: new Float64Array(width),
    lowest: new Float64Array(width).fill(Infinity),
    highest: new Float64Array(width).fill(-Infinity),
  };
  const { means, squares, lowest, highest } = sums;
  let weight = 0, count = 0;
  const block = new Float64Array(BLOCK_ROWS * width);
  for (let first = 0; first < rows.length; first += BLOCK_ROWS) {
    const own = rows.subarray(first, first + BLOCK_ROWS);
    readInputs(problem, own, block);
    for (let i = 0; i < own.length; i++) {
      const row = own[i]!, share = weightOf(problem, row), at = i * width;
      requireUsable("the target", problem.targetOf(row), row);
      requireUsable("the offset", problem.offsetOf?.(row) ?? 0, row);
      requireUsable("the weight", share, row);
      if (share < 0) throw unusable("the weight", share, row);
      if (share === 0) continue;
      weight += share;
      count++;
      const bad = addMoments(sums, block, at, share, weight);
      if (bad >= 0) throw unusable(`column '${names[bad]}'`, block[at + bad]!, row);
    }
  }
  if (weight === 0) {
    throw new DomainError("input-invalid", "Cannot fit a line as there is no row with a weight", {
      hint: "Widen the span, or leave the weights out",
    });
  }
  if (count <= width + 1) {
    throw new DomainError("input-invalid", `Cannot fit ${width + 1} coefficients to ${count} rows`, {
      hint: "Widen the span, or take fewer columns",
    });
  }
  const scales = squares.map((sum, j) => {
    const largest = Math.max(Math.abs(lowest[j]!), Math.abs(highest[j]!)), spread = highest[j]! - lowest[j]!;
    if (!(spread > CONSTANT_SHARE * largest)) return 0;
    if (spread < SMALLEST_SPREAD) throw tooNarrow(names[j]!, spread);
    const scale = Math.sqrt(sum / weight);
    return scale > CONSTANT_SHARE * largest ? scale : 0;
  });
  return { weight, count, means, scales };
}

interface MomentSums {
  readonly means: Float64Array;
  /** Σ w · squared deviation from the mean. */
  readonly squares: Float64Array;
  readonly lowest: Float64Array;
  readonly highest: Float64Array;
}

/**
 * Adds a row's regressors, which begin at `at`, where the weights add up to `weight` with its own.
 *
 * @returns the first that cannot be squared, or −1.
 */
function addMoments(
  { means, squares, lowest, highest }: MomentSums,
  values: Float64Array,
  at: number,
  share: number,
  weight: number,
): number {
  for (let j = 0; j < means.length; j++) {
    const value = values[at + j]!;
    if (!(Math.abs(value) < LARGEST)) return j;
    const apart = value - means[j]!;
    means[j]! += apart * share / weight;
    squares[j]! += share * apart * (value - means[j]!);
    if (value < lowest[j]!) lowest[j] = value;
    if (value > highest[j]!) highest[j] = value;
  }
  return -1;
}

/** Weight of a row. */
export function weightOf(problem: LinearRows, row: number): number {
  return problem.weightOf?.(row) ?? 1;
}

/** The product of a vector and the values from a place on. */
export function dotAt(vector: Float64Array, values: Float64Array, at: number): number {
  let sum = 0;
  for (let j = 0; j < vector.length; j++) sum += vector[j]! * values[at + j]!;
  return sum;
}

/** Adds `factor · values` from a place on to a vector. */
export function addScaled(vector: Float64Array, factor: number, values: Float64Array, at: number): void {
  for (let j = 0; j < vector.length; j++) vector[j]! += factor * values[at + j]!;
}

/**
 * Products of a vector with each of some rows, to the bit as by {@linkcode dotAt}: a sum waits for its last addition, and four
 * at once wait together.
 *
 * @param values row-major, as wide as the vector is long.
 * @param out one a row.
 */
export function rowProducts(vector: Float64Array, values: Float64Array, out: Float64Array): void {
  const size = vector.length, count = values.length / size;
  let row = 0;
  for (; row + 4 <= count; row += 4) {
    const a = row * size, b = a + size, c = b + size, d = c + size;
    let sumA = 0, sumB = 0, sumC = 0, sumD = 0;
    for (let j = 0; j < size; j++) {
      const own = vector[j]!;
      sumA += own * values[a + j]!;
      sumB += own * values[b + j]!;
      sumC += own * values[c + j]!;
      sumD += own * values[d + j]!;
    }
    out[row] = sumA;
    out[row + 1] = sumB;
    out[row + 2] = sumC;
    out[row + 3] = sumD;
  }
  for (; row < count; row++) out[row] = dotAt(vector, values, row * size);
}

/**
 * Adds Σ factor · row to a vector, to the bit as by {@linkcode addScaled} for one row after the other.
 *
 * @param factors one a row.
 * @param values row-major, as wide as the vector is long.
 */
export function addScaledRows(vector: Float64Array, factors: Float64Array, values: Float64Array): void {
  const size = vector.length, count = values.length / size;
  let row = 0;
  for (; row + 4 <= count; row += 4) {
    const a = row * size, b = a + size, c = b + size, d = c + size;
    const factorA = factors[row]!,
      factorB = factors[row + 1]!,
      factorC = factors[row + 2]!,
      factorD = factors[row + 3]!;
    for (let j = 0; j < size; j++) {
      vector[j] = vector[j]! + factorA * values[a + j]! + factorB * values[b + j]! + factorC * values[c + j]! +
        factorD * values[d + j]!;
    }
  }
  for (; row < count; row++) addScaled(vector, factors[row]!, values, row * size);
}

/**
 * Adds Σ weight · x xᵀ of some rows to the lower triangle of a row-major matrix; the sums are those of one row after the
 * other, to the bit.
 *
 * @param values row-major, as wide as the matrix.
 * @param weights one a row.
 */
export function addWeightedProducts(lower: Float64Array, values: Float64Array, weights: Float64Array): void {
  const count = weights.length, size = values.length / count, together = count - count % LANE_ROWS;
  if (together > 0) addOuterProducts(lower, values.subarray(0, together * size), weights.subarray(0, together));
  for (let row = together; row < count; row++) {
    const first = row * size;
    for (let j = 0; j < size; j++) {
      const scaled = weights[row]! * values[first + j]!;
      for (let i = 0, at = j * size; i <= j; i++, at++) lower[at]! += scaled * values[first + i]!;
    }
  }
}

/**
 * Requires a penalty that leaves the problem convex.
 *
 * @throws {RangeError} naming it.
 */
export function requirePenalty(l2: number): void {
  if (Number.isFinite(l2) && l2 >= 0) return;
  throw new RangeError(`Cannot fit a line as 'l2' must be a finite number of at least 0: current value is ${l2}`);
}

/** Adds a penalty to the diagonal for each column that varies: one that does not has no coefficient to shrink. */
export function addPenalty(matrix: Float64Array, scales: Float64Array, penalty: number): void {
  const size = scales.length + 1;
  for (let j = 1; j < size; j++) if (scales[j - 1]! > 0) matrix[j * size + j]! += penalty;
}

function requireUsable(what: string, value: number, row: number): void {
  if (!(Math.abs(value) < LARGEST)) throw unusable(what, value, row);
}

function unusable(what: string, value: number, row: number): DomainError {
  const hint = Number.isFinite(value) && Math.abs(value) >= LARGEST
    ? "Scale it to about 1: its square is not finite"
    : "Fill in or leave out what is missing before the fit";
  return new DomainError("input-invalid", `Cannot fit a line as ${what} is ${value} in row ${row}`, { hint });
}

function tooNarrow(name: string, spread: number): DomainError {
  return new DomainError("input-invalid", `Cannot fit a line as column '${name}' varies by no more than ${spread}`, {
    hint: "Scale it to about 1: the square of its spread is lost",
  });
}
