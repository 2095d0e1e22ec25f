import { crossEntropy, sigmoid } from "../logistic_functions.ts";
import { DomainError } from "../../core/mod.ts";
import { Cholesky } from "./cholesky.ts";
import { clusteredCovariance, inOwnUnits, type LinearFit, sandwich } from "./covariance.ts";
import {
  addOuter,
  addPenalty,
  augmentedRows,
  type InputMoments,
  inputMoments,
  type LinearRows,
  requirePenalty,
  weightOf,
} from "./normal_equations.ts";

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
 * What is left of a column's information at the start where it parts the classes: rows whose outcome it knows have logits
 * without bound, and the weight p(1 − p) in the Hessian goes to 0.
 */
const COLLAPSED_SHARE = 1e-10;
/** Rounding of a pivot that is summed over many rows, as a share of its diagonal value. */
const PIVOT_ROUNDING = 1e-12;

/**
 * Logistic regression with an intercept: minimises the mean cross entropy + l2/2 · Σ (scale_j β_j)² by Newton's method
 * (iteratively reweighted least squares, McCullagh & Nelder 1989), steps halved where the loss would rise. The Hessian,
 * which costs far more than a gradient, is kept while it serves: near p = ½ a few passes are enough.
 *
 * Standard errors come from the Fisher information, or from clusters where the problem has them.
 *
 * Columns that part some rows from all others of the other class (Albert & Anderson 1984: quasi-complete separation) have no
 * finite line either. The loss then falls without end but ever more slowly, so that it would pass for found: the information
 * that is left at the end is held to that at the start.
 *
 * @param problem targets are 1 or 0.
 * @throws {DomainError} `input-invalid` for values that are not finite or cannot be squared, other targets, one class alone,
 * not more rows with a weight than coefficients; without a penalty, for columns that part classes, wholly or for some rows,
 * naming them, which no finite line fits; `check-failed` where the line is not found in `maxPasses`.
 * @throws {RangeError} for a penalty below 0 or not finite.
 */
export function fitLogistic(problem: LinearRows, { l2 = 0, maxPasses = 200 }: LogisticOptions = {}): LinearFit {
  requirePenalty(l2);
  const size = problem.names.length + 1;
  const moments = inputMoments(problem), augmented = augmentedRows(problem, moments);
  const share = positiveShare(problem, moments.weight);
  const objective = new Objective(problem, moments, l2, augmented);

  const start = new Float64Array(size);
  if (problem.offsetOf === undefined) start[0] = Math.log(share / (1 - share));
  const { solution, first, refactor, decrement } = minimize(problem, objective, start, { l2, maxPasses, ...moments });
  const information = objective.evaluate(solution, true).hessian!, factor = refactor(information);
  const isParting = (column: number) => factor.dependent[column]! && !first.dependent[column]!;
  const parting = problem.names.filter((_, j) => isParting(j + 1));
  if (parting.length > 0) throw separated(parting);
  if (isParting(0)) throw separated([largestColumn(problem, solution)]);
  if (decrement > TOLERANCE * moments.weight) throw notFound(maxPasses, decrement / moments.weight);
  const bread = factor.inverse(), parameters = factor.dependent.filter((isDependent) => !isDependent).length;
  if (problem.clusterOf !== undefined) {
    const score = (row: number, z: Float64Array) =>
      weightOf(problem, row) * (problem.targetOf(row) - sigmoid(logitOf(problem, row, solution, z)));
    const covariance = clusteredCovariance(problem, bread, { ...moments, parameters }, augmented, score);
    return inOwnUnits(problem, moments, factor, solution, covariance);
  }
  const fisher = new Float64Array(information);
  addPenalty(fisher, moments.scales, -l2 * moments.weight);
  return inOwnUnits(problem, moments, factor, solution, sandwich(bread, fisher, size));
}

interface Minimum {
  readonly solution: Float64Array;
  /** Newton's decrement there, above the tolerance where the passes were spent. */
  readonly decrement: number;
  /** The Hessian at the start. */
  readonly first: Cholesky;
  /** Factors a Hessian elsewhere: columns depend on others as at the start, or have lost their information since. */
  refactor(hessian: Float64Array): Cholesky;
}

function minimize(
  problem: LinearRows,
  objective: Objective,
  start: Float64Array<ArrayBuffer>,
  { l2, maxPasses, weight }: { readonly l2: number; readonly maxPasses: number; readonly weight: number },
): Minimum {
  let solution = start, at = objective.evaluate(solution, true), passes = 1;
  const first = new Cholesky(at.hessian!, start.length), floor = collapseFloor(first, l2 * weight);
  const refactor = (hessian: Float64Array) => new Cholesky(hessian, start.length, floor);
  let factor = first, decrement = dot(at.gradient, factor.solve(at.gradient));
  while (decrement > TOLERANCE * weight) {
    const step = factor.solve(at.gradient);
    let stepShare = 1, next: Evaluation, candidate: Float64Array<ArrayBuffer>;
    do {
      candidate = solution.map((value, j) => value + stepShare * step[j]!);
      next = objective.evaluate(candidate, false);
      passes++;
      stepShare /= 2;
    } while (!(next.loss <= at.loss + ROUNDING * at.loss) && stepShare > 2 ** -MOST_HALVINGS);
    solution = candidate;
    if (l2 === 0 && next.loss < SEPARATED_LOSS * weight) throw separated([largestColumn(problem, solution)]);
    if (passes > maxPasses) break;
    let after = dot(next.gradient, factor.solve(next.gradient));
    if (after > STALE_SHARE * decrement) {
      next = objective.evaluate(solution, true);
      passes++;
      factor = refactor(next.hessian!);
      after = dot(next.gradient, factor.solve(next.gradient));
    }
    [at, decrement] = [next, after];
  }
  return { solution, decrement, first, refactor };
}

/** What depends on others at the start still does; another column does where its information collapses. */
function collapseFloor({ dependent, pivots }: Cholesky, penalty: number): (column: number, diagonal: number) => number {
  return (column, diagonal) => {
    if (dependent[column]) return Infinity;
    const collapsed = Math.max(COLLAPSED_SHARE * pivots[column]!, PIVOT_ROUNDING * diagonal);
    // A penalty leaves at least itself of each pivot but that of the level.
    return penalty > 0 && column > 0 ? Math.min(collapsed, penalty / 2) : collapsed;
  };
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
  readonly #scales: Float64Array;
  readonly #penalty: number;
  readonly #size: number;
  readonly #augmented: (row: number) => Float64Array;

  constructor(
    problem: LinearRows,
    { weight, scales }: InputMoments,
    l2: number,
    augmented: (row: number) => Float64Array,
  ) {
    this.#problem = problem;
    this.#scales = scales;
    this.#penalty = l2 * weight;
    this.#size = scales.length + 1;
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
    }
    if (hessian !== undefined) addPenalty(hessian, this.#scales, this.#penalty);
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

/** The column whose coefficient is the largest; where there is none, it is the offset that knows the outcome. */
function largestColumn({ names }: LinearRows, standardized: Float64Array): string {
  let largest = 0;
  for (let j = 1; j < names.length; j++) {
    if (Math.abs(standardized[j + 1]!) > Math.abs(standardized[largest + 1]!)) largest = j;
  }
  return names[largest] ?? "offset";
}

function separated(names: readonly string[]): DomainError {
  return new DomainError(
    "input-invalid",
    `Cannot fit a logistic line as columns part the classes of rows without error: '${names.join("', '")}'`,
    { hint: "Leave the column out, as it may know the outcome, or give a penalty" },
  );
}

function notFound(maxPasses: number, decrement: number): DomainError {
  return new DomainError(
    "check-failed",
    `Cannot find the logistic line in ${maxPasses} passes over the rows: its decrement is still ${decrement}`,
    { hint: "Give more passes, or a penalty" },
  );
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}
