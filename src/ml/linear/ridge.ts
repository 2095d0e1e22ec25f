import { Cholesky } from "./cholesky.ts";
import { clusteredCovariance, inOwnUnits, type LinearFit, sandwich, type ScoreOf } from "./covariance.ts";
import {
  addPenalty,
  addScaledRows,
  addWeightedProducts,
  dotAt,
  inputMoments,
  type LinearRows,
  requirePenalty,
  weightOf,
} from "./normal_equations.ts";
import { StandardizedRows } from "./standardized_rows.ts";

/** Options of {@linkcode fitRidge}. */
export interface RidgeOptions {
  /** Penalty of the squared standardised coefficients, as a share of the rows' weight. @default 0, least squares */
  readonly l2?: number;
}

/**
 * Weighted least squares with an intercept, and ridge regression (Hoerl & Kennard 1970): minimises
 * Σ w (y − a − xβ)² / Σ w + l2 · Σ (scale_j β_j)², by normal equations of the standardised regressors. Two passes over the
 * rows for the line, two more for its errors; O(rows · width²).
 *
 * Standard errors are those of independent errors of one variance, or of clusters where the problem has them; with a
 * penalty they are about the shrunk coefficients, whose bias they leave out.
 *
 * @throws {DomainError} `input-invalid` for values that are not finite or cannot be squared, and for not more rows with a
 * weight than coefficients.
 * @throws {RangeError} for a penalty below 0 or not finite.
 */
export function fitRidge(problem: LinearRows, { l2 = 0 }: RidgeOptions = {}): LinearFit {
  requirePenalty(l2);
  const moments = inputMoments(problem), rows = new StandardizedRows(problem, moments), { size } = rows;
  const gram = new Float64Array(size * size), right = new Float64Array(size);
  for (const { rows: numbers, values } of rows.blocks()) {
    const weights = Float64Array.from(numbers, (row) => weightOf(problem, row));
    addWeightedProducts(gram, values, weights);
    addScaledRows(right, weights.map((weight, i) => weight * problem.targetOf(numbers[i]!)), values);
  }
  const penalized = new Float64Array(gram);
  addPenalty(penalized, moments.scales, l2 * moments.weight);
  const factor = new Cholesky(penalized, size), solution = factor.solve(right), bread = factor.inverse();
  const parameters = factor.dependent.filter((isDependent) => !isDependent).length;

  const residual: ScoreOf = (row, values, at) => problem.targetOf(row) - dotAt(solution, values, at);
  if (problem.clusterOf !== undefined) {
    const score: ScoreOf = (row, values, at) => weightOf(problem, row) * residual(row, values, at);
    const covariance = clusteredCovariance(problem, bread, { ...moments, parameters }, rows, score);
    return inOwnUnits(problem, moments, factor, solution, covariance);
  }
  let squares = 0;
  for (const { rows: numbers, values } of rows.blocks()) {
    numbers.forEach((row, i) => squares += weightOf(problem, row) * residual(row, values, i * size) ** 2);
  }
  const variance = squares / (moments.count - parameters);
  const covariance = sandwich(bread, gram, size).map((value) => value * variance);
  return inOwnUnits(problem, moments, factor, solution, covariance);
}
