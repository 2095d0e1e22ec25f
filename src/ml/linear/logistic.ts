import { crossEntropy, sigmoid } from "../logistic_functions.ts";
import { DomainError } from "../../core/mod.ts";
import { Cholesky } from "./cholesky.ts";
import { clusteredCovariance, inOwnUnits, type LinearFit, sandwich } from "./covariance.ts";
import { addOuter, augmentedRows, inputMoments, type LinearRows, weightOf } from "./normal_equations.ts";

/** Options of {@linkcode fitLogistic}. */
export interface LogisticOptions {
  /** Half the penalty of the squared standardised coefficients, as a share of the rows' weight. @default 0 */
  readonly l2?: number;
  /** Passes over the rows after which it is given up. @default 200 */
  readonly maxPasses?: number;
}

/** Newton's decrement, as a share of the rows' weight, at which the line is found: far below what float32 can tell. */
const TOLERANCE = 1e-20;
/** The Hessian is made anew where a step with the old one does not shrink the decrement to this share. */
const STALE_SHARE = 1e-2;
const MOST_HALVINGS = 30;
/** Rounding of a loss that is summed over many rows, as a share of it. */
const ROUNDING = 1e-12;
/** Mean loss that no noisy outcome has. */
const SEPARATED_LOSS = 1e-9;

/**
 * Logistic regression with an intercept: minimises the mean cross entropy + l2/2 · Σ (scale_j β_j)² by Newton's method
 * (iteratively reweighted least squares, McCullagh & Nelder 1989), steps halved where the loss would rise. The Hessian,
 * which costs far more than a gradient, is kept while it serves: near p = ½ a few passes are enough.
 *
 * Standard errors come from the Fisher information, or from clusters where the problem has them.
 *
 * @param problem targets are 1 or 0.
 * @throws {DomainError} `input-invalid` for values that are not finite, other targets, one class alone, and classes that
 * a column parts without error, which no finite line fits.
 */
export function fitLogistic(problem: LinearRows, { l2 = 0, maxPasses = 200 }: LogisticOptions = {}): LinearFit {
  const { names, rows } = problem, size = names.length + 1;
  const moments = inputMoments(problem), augmented = augmentedRows(problem, moments);
  const share = positiveShare(problem, moments.weight);
  const objective = new Objective(problem, { l2, weight: moments.weight, augmented, size });

  let solution = new Float64Array(size);
  if (problem.offsetOf === undefined) solution[0] = Math.log(share / (1 - share));
  let at = objective.evaluate(solution, true), factor = new Cholesky(at.hessian!, size), passes = 1;
  let decrement = dot(at.gradient, factor.solve(at.gradient));
  while (decrement > TOLERANCE * moments.weight) {
    const step = factor.solve(at.gradient);
    let stepShare = 1, next: Evaluation, candidate: Float64Array<ArrayBuffer>;
    do {
      candidate = solution.map((value, j) => value + stepShare * step[j]!);
      next = objective.evaluate(candidate, false);
      passes++;
      stepShare /= 2;
    } while (!(next.loss <= at.loss + ROUNDING * at.loss) && stepShare > 2 ** -MOST_HALVINGS);
    if (passes > maxPasses || next.loss < SEPARATED_LOSS * moments.weight) throw separated(names, candidate);
    solution = candidate;
    let after = dot(next.gradient, factor.solve(next.gradient));
    if (after > STALE_SHARE * decrement) {
      next = objective.evaluate(solution, true);
      passes++;
      factor = new Cholesky(next.hessian!, size);
      after = dot(next.gradient, factor.solve(next.gradient));
    }
    [at, decrement] = [next, after];
  }
  const information = objective.evaluate(solution, true).hessian!;
  factor = new Cholesky(information, size);
  const bread = factor.inverse(), parameters = factor.dependent.filter((isDependent) => !isDependent).length;
  if (problem.clusterOf !== undefined) {
    const score = (row: number, z: Float64Array) =>
      weightOf(problem, row) * (problem.targetOf(row) - sigmoid(logitOf(problem, row, solution, z)));
    const covariance = clusteredCovariance(problem, bread, parameters, augmented, score);
    return inOwnUnits(problem, moments, factor, solution, covariance);
  }
  const fisher = new Float64Array(information);
  for (let j = 1; j < size; j++) fisher[j * size + j]! -= l2 * moments.weight;
  if (rows.length <= parameters) throw separated(names, solution);
  return inOwnUnits(problem, moments, factor, solution, sandwich(bread, fisher, size));
}

interface Evaluation {
  /** Weighted sum of the cross entropy with its penalty. */
  readonly loss: number;
  /** Downhill: the negative gradient. */
  readonly gradient: Float64Array;
  readonly hessian: Float64Array | undefined;
}

class Objective {
  readonly #problem: LinearRows;
  readonly #penalty: number;
  readonly #size: number;
  readonly #augmented: (row: number) => Float64Array;

  constructor(
    problem: LinearRows,
    { l2, weight, augmented, size }: {
      readonly l2: number;
      readonly weight: number;
      readonly augmented: (row: number) => Float64Array;
      readonly size: number;
    },
  ) {
    this.#problem = problem;
    this.#penalty = l2 * weight;
    this.#size = size;
    this.#augmented = augmented;
  }

  /** Loss and gradient at a point by one pass over the rows, with the Hessian where it is asked for. */
  evaluate(point: Float64Array, withHessian: boolean): Evaluation {
    const size = this.#size, gradient = new Float64Array(size);
    const hessian = withHessian ? new Float64Array(size * size) : undefined;
    let loss = 0;
    for (const row of this.#problem.rows) {
      const weight = weightOf(this.#problem, row);
      if (weight === 0) continue;
      const target = this.#problem.targetOf(row), z = this.#augmented(row);
      const logit = logitOf(this.#problem, row, point, z);
      const probability = sigmoid(logit), miss = weight * (target - probability);
      loss += weight * crossEntropy(target, logit);
      for (let j = 0; j < size; j++) gradient[j]! += miss * z[j]!;
      if (hessian !== undefined) addOuter(hessian, z, weight * probability * (1 - probability));
    }
    for (let j = 1; j < size; j++) {
      loss += this.#penalty / 2 * point[j]! ** 2;
      gradient[j]! -= this.#penalty * point[j]!;
      if (hessian !== undefined) hessian[j * size + j]! += this.#penalty;
    }
    return { loss, gradient, hessian };
  }
}

function logitOf(problem: LinearRows, row: number, point: Float64Array, z: Float64Array): number {
  return (problem.offsetOf?.(row) ?? 0) + dot(point, z);
}

function positiveShare(problem: LinearRows, weight: number): number {
  let positive = 0;
  for (const row of problem.rows) {
    const target = problem.targetOf(row);
    if (target !== 0 && target !== 1) {
      throw new DomainError("input-invalid", `Cannot fit a logistic line as a target is ${target} in row ${row}`, {
        hint: "Give 1 for one class and 0 for the other",
      });
    }
    positive += target * weightOf(problem, row);
  }
  if (positive > 0 && positive < weight) return positive / weight;
  throw new DomainError(
    "input-invalid",
    `Cannot fit a logistic line as all rows are of one class: current value is ${positive > 0 ? 1 : 0}`,
    { hint: "Widen the span until both classes are in it" },
  );
}

function separated(names: readonly string[], standardized: Float64Array): DomainError {
  let largest = 0;
  for (let j = 1; j < names.length; j++) {
    if (Math.abs(standardized[j + 1]!) > Math.abs(standardized[largest + 1]!)) largest = j;
  }
  return new DomainError(
    "input-invalid",
    `Cannot fit a logistic line as columns part the classes without error, '${names[largest]}' the most`,
    { hint: "Leave the column out, as it may know the outcome, or give a penalty" },
  );
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}
