import { DomainError } from "../../core/mod.ts";
import { Cholesky } from "./cholesky.ts";
import {
  addPenalty,
  addScaledRows,
  addWeightedProducts,
  BLOCK_ROWS,
  dotAt,
  type InputMoments,
  type LinearRows,
  requirePenalty,
  rowProducts,
  weightOf,
} from "./normal_equations.ts";
import { StandardizedRows } from "./standardized_rows.ts";

/** What a row costs as a function of its line's value η, its offset included; convex in η. */
export interface RowLoss {
  /** Kind of line, for errors. */
  readonly kind: string;
  /** At least 0. */
  loss(target: number, eta: number): number;
  /** −dloss/dη. */
  downhill(target: number, eta: number): number;
  /** d²loss/dη². */
  curvature(target: number, eta: number): number;
  /** Makes the error of columns that no finite line fits, by name. */
  noFiniteLine(columns: readonly string[]): DomainError;
}

/** Options of {@linkcode minimizeRowLoss}. */
export interface NewtonOptions {
  /** Those of the problem's regressors. */
  readonly moments: InputMoments;
  /** Level that the search starts from. */
  readonly startLevel: number;
  /** Half the penalty of the squared standardised coefficients, as a share of the rows' weight. @default 0 */
  readonly l2?: number;
  /** Passes over the rows after which it is given up. @default 200 */
  readonly maxPasses?: number;
}

/** The least loss and what standard errors are made of. */
export interface NewtonFit {
  /** Level at the means, then one coefficient a standardised regressor. */
  readonly solution: Float64Array;
  /** Hessian at the solution, its lower triangle, with the penalty. */
  readonly hessian: Float64Array;
  readonly factor: Cholesky;
  /** Coefficients that can be told. */
  readonly parameters: number;
  readonly rows: StandardizedRows;
  /** −dloss/dη of a row at the solution; its values begin at `at`. */
  downhill(row: number, values: Float64Array, at: number): number;
}

/** Newton's decrement, as a share of the rows' weight, at which the line is found: far below what float32 can tell. */
const TOLERANCE = 1e-20;
/** The Hessian is made anew where a step with the old one does not shrink the decrement to this share. */
const STALE_SHARE = 1e-2;
const MOST_HALVINGS = 30;
/** Least rounding of a loss that is taken into account, as a share of it. */
const ROUNDING = 1e-12;
/** Mean loss that no noisy outcome has. */
const PERFECT_LOSS = 1e-9;
/**
 * What is left of a column's information at the start where it knows some outcomes: their rows' η goes without bound, and
 * their curvature to 0.
 */
const COLLAPSED_SHARE = 1e-10;
/** Rounding of a pivot that is summed over many rows, as a share of its diagonal value. */
const PIVOT_ROUNDING = 1e-12;

/**
 * Minimises Σ w · loss(target, line) / Σ w + l2/2 · Σ (scale_j β_j)² by Newton's method (iteratively reweighted least
 * squares, McCullagh & Nelder 1989), steps halved where the loss would rise. The Hessian, which costs far more than a
 * gradient, is kept while it serves.
 *
 * A loss that falls without end, but ever more slowly, would pass for found: the information that is left at the end is held
 * to that at the start.
 *
 * @throws {DomainError} that of `noFiniteLine` where the loss vanishes or the information of columns does; `check-failed`
 * where the line is not found in `maxPasses`.
 * @throws {RangeError} for a penalty below 0 or not finite.
 */
export function minimizeRowLoss(problem: LinearRows, family: RowLoss, options: NewtonOptions): NewtonFit {
  const { moments, l2 = 0, maxPasses = 200 } = options, { weight } = moments;
  requirePenalty(l2);
  const rows = new StandardizedRows(problem, moments);
  const objective = new Objective(problem, family, moments, l2, rows);
  const start = new Float64Array(problem.names.length + 1);
  start[0] = options.startLevel;
  const { solution, first, refactor, decrement } = search(problem, objective, start, { l2, maxPasses, weight });
  const hessian = objective.evaluate(solution, true).hessian!, factor = refactor(hessian);
  const isCollapsed = (column: number) => factor.dependent[column]! && !first.dependent[column]!;
  const collapsed = problem.names.filter((_, j) => isCollapsed(j + 1));
  if (collapsed.length > 0) throw family.noFiniteLine(collapsed);
  if (isCollapsed(0)) throw family.noFiniteLine([largestColumn(problem, solution)]);
  if (decrement > TOLERANCE * weight) throw notFound(family, maxPasses, decrement / weight);
  return {
    ...{ solution, hessian, factor, rows },
    parameters: factor.dependent.filter((isDependent) => !isDependent).length,
    downhill: (row, values, at) => family.downhill(problem.targetOf(row), etaOf(problem, row, solution, values, at)),
  };
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

function search(
  problem: LinearRows,
  objective: Objective,
  start: Float64Array<ArrayBuffer>,
  { l2, maxPasses, weight }: { readonly l2: number; readonly maxPasses: number; readonly weight: number },
): Minimum {
  let solution = start, at = objective.evaluate(solution, true), passes = 1;
  const first = new Cholesky(at.hessian!, start.length), floor = collapseFloor(first, l2 * weight);
  // A sum of n terms is known to n rounding errors: a step that is better is not held to be worse for that, and halved away.
  const rounding = Math.max(ROUNDING, problem.rows.length * Number.EPSILON);
  const refactor = (hessian: Float64Array) => new Cholesky(hessian, start.length, floor);
  let factor = first, decrement = dotAt(at.gradient, factor.solve(at.gradient), 0);
  while (decrement > TOLERANCE * weight) {
    const step = factor.solve(at.gradient);
    let stepShare = 1, next: Evaluation, candidate: Float64Array<ArrayBuffer>;
    do {
      candidate = solution.map((value, j) => value + stepShare * step[j]!);
      next = objective.evaluate(candidate, false);
      passes++;
      stepShare /= 2;
    } while (!(next.loss <= at.loss + rounding * at.loss) && stepShare > 2 ** -MOST_HALVINGS);
    solution = candidate;
    if (l2 === 0 && next.loss < PERFECT_LOSS * weight) {
      throw objective.family.noFiniteLine([largestColumn(problem, solution)]);
    }
    if (passes > maxPasses) break;
    let after = dotAt(next.gradient, factor.solve(next.gradient), 0);
    if (after > STALE_SHARE * decrement) {
      next = objective.evaluate(solution, true);
      passes++;
      factor = refactor(next.hessian!);
      after = dotAt(next.gradient, factor.solve(next.gradient), 0);
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
  /** Weighted sum of the rows' losses with the penalty. */
  readonly loss: number;
  /** Downhill: the negative gradient. */
  readonly gradient: Float64Array;
  readonly hessian: Float64Array | undefined;
}

class Objective {
  readonly family: RowLoss;
  readonly #problem: LinearRows;
  readonly #scales: Float64Array;
  readonly #penalty: number;
  readonly #rows: StandardizedRows;
  readonly #slopes = new Float64Array(BLOCK_ROWS);
  readonly #curvatures = new Float64Array(BLOCK_ROWS);

  constructor(
    problem: LinearRows,
    family: RowLoss,
    { weight, scales }: InputMoments,
    l2: number,
    rows: StandardizedRows,
  ) {
    this.family = family;
    this.#problem = problem;
    this.#scales = scales;
    this.#penalty = l2 * weight;
    this.#rows = rows;
  }

  /** Loss and gradient at a point by one pass over the rows, with the Hessian where it is asked for. */
  evaluate(point: Float64Array, withHessian: boolean): Evaluation {
    const { size } = this.#rows, { family } = this, problem = this.#problem;
    const gradient = new Float64Array(size), hessian = withHessian ? new Float64Array(size * size) : undefined;
    let loss = 0;
    for (const { rows, values } of this.#rows.blocks()) {
      const count = rows.length,
        slopes = this.#slopes.subarray(0, count),
        curvatures = this.#curvatures.subarray(0, count);
      rowProducts(point, values, slopes);
      for (let i = 0; i < count; i++) {
        const row = rows[i]!, weight = weightOf(problem, row), target = problem.targetOf(row);
        const eta = (problem.offsetOf?.(row) ?? 0) + slopes[i]!;
        loss += weight * family.loss(target, eta);
        slopes[i] = weight * family.downhill(target, eta);
        if (withHessian) curvatures[i] = weight * family.curvature(target, eta);
      }
      addScaledRows(gradient, slopes, values);
      if (hessian !== undefined) addWeightedProducts(hessian, values, curvatures);
    }
    for (let j = 1; j < size; j++) {
      loss += this.#penalty / 2 * point[j]! ** 2;
      gradient[j]! -= this.#penalty * point[j]!;
    }
    if (hessian !== undefined) addPenalty(hessian, this.#scales, this.#penalty);
    return { loss, gradient, hessian };
  }
}

function etaOf(problem: LinearRows, row: number, point: Float64Array, values: Float64Array, at: number): number {
  return (problem.offsetOf?.(row) ?? 0) + dotAt(point, values, at);
}

/** The column whose coefficient is the largest; where there is none, it is the offset that knows the outcome. */
function largestColumn({ names }: LinearRows, standardized: Float64Array): string {
  let largest = 0;
  for (let j = 1; j < names.length; j++) {
    if (Math.abs(standardized[j + 1]!) > Math.abs(standardized[largest + 1]!)) largest = j;
  }
  return names[largest] ?? "offset";
}

function notFound({ kind }: RowLoss, maxPasses: number, decrement: number): DomainError {
  return new DomainError(
    "check-failed",
    `Cannot find the ${kind} line in ${maxPasses} passes over the rows: its decrement is still ${decrement}`,
    { hint: "Give more passes, or a penalty" },
  );
}
