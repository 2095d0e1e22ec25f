import { crossEntropy, sigmoid } from "../logistic_functions.ts";
import { DomainError } from "../../core/mod.ts";
import { clusteredCovariance, inOwnUnits, type LinearFit, sandwich, type ScoreOf } from "./covariance.ts";
import { minimizeRowLoss, type RowLoss } from "./newton.ts";
import { addPenalty, inputMoments, type LinearRows, weightOf } from "./normal_equations.ts";

/** Options of {@linkcode fitLogistic}. */
export interface LogisticOptions {
  /** Half the penalty of the squared standardised coefficients, as a share of the rows' weight. @default 0 */
  readonly l2?: number;
  /** Passes over the rows after which it is given up. @default 200 */
  readonly maxPasses?: number;
}

const CROSS_ENTROPY: RowLoss = {
  kind: "logistic",
  loss: crossEntropy,
  downhill: (target, logit) => target - sigmoid(logit),
  curvature(_target, logit) {
    const probability = sigmoid(logit);
    return probability * (1 - probability);
  },
  noFiniteLine: separated,
};

/**
 * Logistic regression with an intercept: minimises the mean cross entropy + l2/2 · Σ (scale_j β_j)² by Newton's method;
 * near p = ½ a few passes over the rows are enough.
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
  const moments = inputMoments(problem), share = positiveShare(problem, moments.weight);
  const { solution, hessian, factor, parameters, rows, downhill } = minimizeRowLoss(problem, CROSS_ENTROPY, {
    moments,
    startLevel: problem.offsetOf === undefined ? Math.log(share / (1 - share)) : 0,
    l2,
    maxPasses,
  });
  const bread = factor.inverse();
  if (problem.clusterOf !== undefined) {
    const score: ScoreOf = (row, values, at) => weightOf(problem, row) * downhill(row, values, at);
    const covariance = clusteredCovariance(problem, bread, { ...moments, parameters }, rows, score);
    return inOwnUnits(problem, moments, factor, solution, covariance);
  }
  const fisher = new Float64Array(hessian);
  addPenalty(fisher, moments.scales, -l2 * moments.weight);
  return inOwnUnits(problem, moments, factor, solution, sandwich(bread, fisher, solution.length));
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

function separated(names: readonly string[]): DomainError {
  return new DomainError(
    "input-invalid",
    `Cannot fit a logistic line as columns part the classes of rows without error: '${names.join("', '")}'`,
    { hint: "Leave the column out, as it may know the outcome, or give a penalty" },
  );
}
