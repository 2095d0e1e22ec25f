import type { Cholesky } from "./cholesky.ts";
import { addScaled, addWeightedProducts, type InputMoments, type LinearRows } from "./normal_equations.ts";
import type { StandardizedRows } from "./standardized_rows.ts";

/** A fitted line in the units of its regressors. */
export interface LinearFit {
  readonly intercept: number;
  /** One a regressor; 0 where the column is constant or depends on earlier ones. */
  readonly coefficients: Float64Array;
  readonly standardErrors: {
    readonly intercept: number;
    /** One a regressor; NaN where its coefficient cannot be told. */
    readonly coefficients: Float64Array;
    /** Why all of them are NaN; null where they are not. */
    readonly missing: string | null;
  };
  /** Columns whose coefficient cannot be told, by name. */
  readonly unidentified: readonly string[];
}

/** A row's part of the gradient: `residual · weight` at the solution; its standardised values begin at `at`. */
export type ScoreOf = (row: number, values: Float64Array, at: number) => number;

/**
 * Covariance of (level at the means, standardised coefficients) where rows of a cluster may depend on each other (Liang &
 * Zeger 1986), with the usual correction for few clusters, G/(G−1) · (N−1)/(N−K). Each row is its own cluster where there
 * are none. One cluster alone says nothing of how clusters differ: the covariance is NaN.
 */
export function clusteredCovariance(
  problem: LinearRows,
  bread: Float64Array,
  { count, parameters }: { readonly count: number; readonly parameters: number },
  rows: StandardizedRows,
  scoreOf: ScoreOf,
): Float64Array {
  const { size } = rows, meat = new Float64Array(size * size), sum = new Float64Array(size), one = Float64Array.of(1);
  let clusters = 0, current: number | undefined;
  const close = () => {
    if (current === undefined) return;
    addWeightedProducts(meat, sum, one);
    sum.fill(0);
    clusters++;
  };
  for (const { rows: numbers, values } of rows.blocks()) {
    for (let i = 0, at = 0; i < numbers.length; i++, at += size) {
      const row = numbers[i]!, cluster = problem.clusterOf?.(row) ?? row;
      if (cluster !== current) {
        close();
        current = cluster;
      }
      addScaled(sum, scoreOf(row, values, at), values, at);
    }
  }
  close();
  if (clusters === 1) return bread.map(() => NaN);
  const correction = clusters / (clusters - 1) * ((count - 1) / (count - parameters));
  return scaled(sandwich(bread, meat, size), correction);
}

/** bread · meat · bread, the meat by its lower triangle. */
export function sandwich(bread: Float64Array, lowerMeat: Float64Array, width: number): Float64Array {
  const meat = new Float64Array(lowerMeat);
  for (let j = 0; j < width; j++) for (let i = 0; i < j; i++) meat[i * width + j] = meat[j * width + i]!;
  return product(product(bread, meat, width), bread, width);
}

/** From standardised coefficients to the units of the regressors. */
export function inOwnUnits(
  problem: LinearRows,
  { means, scales }: InputMoments,
  factor: Cholesky,
  solution: Float64Array,
  covariance: Float64Array,
): LinearFit {
  const width = means.length, size = width + 1;
  const isIdentified = (j: number) => scales[j]! > 0 && !factor.dependent[j + 1];
  const coefficients = means.map((_, j) => isIdentified(j) ? solution[j + 1]! / scales[j]! : 0);
  // The level is that at the means; the intercept is that at zero.
  const shift = new Float64Array(size);
  shift[0] = 1;
  for (let j = 0; j < width; j++) if (isIdentified(j)) shift[j + 1] = -means[j]! / scales[j]!;
  let intercept = 0, variance = 0;
  for (let i = 0; i < size; i++) {
    intercept += shift[i]! * solution[i]!;
    for (let j = 0; j < size; j++) variance += shift[i]! * covariance[i * size + j]! * shift[j]!;
  }
  return {
    intercept,
    coefficients,
    standardErrors: {
      intercept: Math.sqrt(variance),
      coefficients: means.map((_, j) =>
        isIdentified(j) ? Math.sqrt(covariance[(j + 1) * size + j + 1]!) / scales[j]! : NaN
      ),
      missing: Number.isNaN(covariance[0]!) ? "all rows are of one cluster" : null,
    },
    unidentified: problem.names.filter((_, j) => !isIdentified(j)),
  };
}

function product(a: Float64Array, b: Float64Array, width: number): Float64Array {
  const out = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let k = 0; k < width; k++) {
      const value = a[i * width + k]!;
      for (let j = 0; j < width; j++) out[i * width + j]! += value * b[k * width + j]!;
    }
  }
  return out;
}

function scaled(matrix: Float64Array, factor: number): Float64Array {
  return matrix.map((value) => value * factor);
}
