import { DomainError } from "../../core/mod.ts";

/** Rows of a linear model, read one by one: nothing of them is copied. */
export interface LinearRows {
  /** Row numbers, in the order in which they are read. */
  readonly rows: Int32Array;
  /** Names of the regressors, for errors; their number is the width. */
  readonly names: readonly string[];
  /** The regressors of a row; the array may be reused between calls. */
  inputsOf(row: number): Float64Array;
  /** What is to be explained. */
  targetOf(row: number): number;
  /** Weight of a row, at least 0. @default 1 for each */
  weightOf?(row: number): number;
  /** What the line of a logistic regression is added to. @default 0 for each */
  offsetOf?(row: number): number;
  /** Rows of one cluster may depend on each other; clusters follow one another. @default no clusters */
  clusterOf?(row: number): number;
}

/** Weighted moments of the regressors. */
export interface InputMoments {
  /** Σ w. */
  readonly weight: number;
  readonly means: Float64Array;
  /** Root of the weighted mean squared deviation; 0 for a column that is constant. */
  readonly scales: Float64Array;
}

/** A spread below this share of the column's size is rounding, not variation. */
const CONSTANT_SHARE = 1e-12;

/**
 * Means and scales of the regressors, by one pass (West 1979).
 *
 * @throws {DomainError} `input-invalid` for a value, target or weight that is not finite, naming column and row; for no
 * row with a weight.
 */
export function inputMoments(problem: LinearRows): InputMoments {
  const { names, rows } = problem, width = names.length;
  const means = new Float64Array(width), squares = new Float64Array(width), largest = new Float64Array(width);
  let weight = 0;
  for (const row of rows) {
    const inputs = problem.inputsOf(row), own = weightOf(problem, row), target = problem.targetOf(row);
    if (!Number.isFinite(target)) throw notFinite("the target", target, row);
    const offset = problem.offsetOf?.(row) ?? 0;
    if (!Number.isFinite(offset)) throw notFinite("the offset", offset, row);
    if (!Number.isFinite(own) || own < 0) throw notFinite("the weight", own, row);
    if (own === 0) continue;
    weight += own;
    for (let j = 0; j < width; j++) {
      const value = inputs[j]!;
      if (!Number.isFinite(value)) throw notFinite(`column '${names[j]}'`, value, row);
      const apart = value - means[j]!;
      means[j]! += apart * own / weight;
      squares[j]! += own * apart * (value - means[j]!);
      largest[j] = Math.max(largest[j]!, Math.abs(value));
    }
  }
  if (weight === 0) {
    throw new DomainError("input-invalid", "Cannot fit a line as there is no row with a weight", {
      hint: "Widen the span, or leave the weights out",
    });
  }
  const scales = squares.map((sum, j) => {
    const scale = Math.sqrt(sum / weight);
    return scale > CONSTANT_SHARE * largest[j]! ? scale : 0;
  });
  return { weight, means, scales };
}

/** Weight of a row. */
export function weightOf(problem: LinearRows, row: number): number {
  return problem.weightOf?.(row) ?? 1;
}

/** Fills `[1, z…]` of a row, z its standardised regressors, 0 where a column is constant; the array is reused. */
export function augmentedRows(problem: LinearRows, { means, scales }: InputMoments): (row: number) => Float64Array {
  const x = new Float64Array(means.length + 1);
  x[0] = 1;
  return (row) => {
    const inputs = problem.inputsOf(row);
    for (let j = 0; j < means.length; j++) x[j + 1] = scales[j]! === 0 ? 0 : (inputs[j]! - means[j]!) / scales[j]!;
    return x;
  };
}

/** Adds `weight · x xᵀ` to the lower triangle of a row-major matrix. */
export function addOuter(lower: Float64Array, x: Float64Array, weight: number): void {
  const width = x.length;
  for (let j = 0; j < width; j++) {
    const scaled = weight * x[j]!;
    if (scaled === 0) continue;
    const at = j * width;
    for (let i = 0; i <= j; i++) lower[at + i]! += scaled * x[i]!;
  }
}

function notFinite(what: string, value: number, row: number): DomainError {
  return new DomainError("input-invalid", `Cannot fit a line as ${what} is ${value} in row ${row}`, {
    hint: "Fill in or leave out what is missing before the fit",
  });
}
