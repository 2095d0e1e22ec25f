import { DomainError } from "../../core/mod.ts";
import { Cholesky } from "./cholesky.ts";
import { clusteredCovariance, inOwnUnits, type LinearFit, type ScoreOf } from "./covariance.ts";
import { minimizeRowLoss, type RowLoss } from "./newton.ts";
import { addWeightedProducts, inputMoments, type LinearRows, weightOf } from "./normal_equations.ts";

/** Options of {@linkcode fitGamma}. */
export interface GammaOptions {
  /** Passes over the rows after which it is given up. @default 200 */
  readonly maxPasses?: number;
}

/** Half the unit deviance, which is QLIKE: y/μ − ln(y/μ) − 1 with ln μ = η. */
const HALF_DEVIANCE: RowLoss = {
  kind: "gamma",
  loss: (target, eta) => target * Math.exp(-eta) + eta - Math.log(target) - 1,
  downhill: (target, eta) => target * Math.exp(-eta) - 1,
  curvature: (target, eta) => target * Math.exp(-eta),
  noFiniteLine: withoutNoise,
};

/**
 * Gamma regression with log link and an intercept (McCullagh & Nelder 1989, chapter 8): the line of ln mean that minimises
 * QLIKE. Unlike least squares of ln y it forecasts the mean without a later correction, and a y near 0 has no great pull.
 *
 * Standard errors come from the expected information with Pearson's dispersion, or from clusters where the problem has
 * them, then around the observed information.
 *
 * @param problem targets are above 0.
 * @throws {DomainError} `input-invalid` for values that are not finite or cannot be squared, a target that is not above 0,
 * not more rows with a weight than coefficients, and a line that fits without error; `check-failed` where the line is not
 * found in `maxPasses`.
 */
export function fitGamma(problem: LinearRows, { maxPasses = 200 }: GammaOptions = {}): LinearFit {
  const moments = inputMoments(problem), startLevel = Math.log(meanBesideOffset(problem, moments.weight));
  const options = { moments, startLevel, maxPasses };
  const { solution, factor, parameters, rows, downhill } = minimizeRowLoss(problem, HALF_DEVIANCE, options);
  if (problem.clusterOf !== undefined) {
    const score: ScoreOf = (row, values, at) => weightOf(problem, row) * downhill(row, values, at);
    const covariance = clusteredCovariance(problem, factor.inverse(), { ...moments, parameters }, rows, score);
    return inOwnUnits(problem, moments, factor, solution, covariance);
  }
  // The expected curvature of each row is 1.
  const size = solution.length, information = new Float64Array(size * size);
  let squares = 0;
  for (const { rows: numbers, values } of rows.blocks()) {
    const weights = Float64Array.from(numbers, (row) => weightOf(problem, row));
    addWeightedProducts(information, values, weights);
    numbers.forEach((row, i) => squares += weights[i]! * downhill(row, values, i * size) ** 2);
  }
  const expected = new Cholesky(information, size, (column) => factor.dependent[column] ? Infinity : 0);
  const dispersion = squares / (moments.count - parameters);
  return inOwnUnits(problem, moments, factor, solution, expected.inverse().map((value) => value * dispersion));
}

/** Weighted mean of what the offset leaves of the targets. */
function meanBesideOffset(problem: LinearRows, weight: number): number {
  let sum = 0;
  for (const row of problem.rows) {
    const target = problem.targetOf(row);
    if (!(target > 0)) {
      throw new DomainError("input-invalid", `Cannot fit a gamma line as a target is ${target} in row ${row}`, {
        hint: "Give targets above 0, with a floor where they can vanish",
      });
    }
    sum += target * Math.exp(-(problem.offsetOf?.(row) ?? 0)) * weightOf(problem, row);
  }
  return sum / weight;
}

function withoutNoise(columns: readonly string[]): DomainError {
  return new DomainError(
    "input-invalid",
    `Cannot fit a gamma line as the line fits without error by columns: '${columns.join("', '")}'`,
    { hint: "Leave out columns that know the outcome, or that are nearly sums of others" },
  );
}
