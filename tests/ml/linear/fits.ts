import { assert } from "@std/assert";
import type { LinearFit } from "../../../src/ml/linear/covariance.ts";
import type { LinearRows } from "../../../src/ml/linear/normal_equations.ts";

/** Columns of the fixture. */
export const NAMES = ["a", "b", "c"];

/** Rows of arrays as a problem. */
export function rowsOf(inputs: readonly (readonly number[])[], target: readonly number[], names = NAMES): LinearRows {
  const buffer = new Float64Array(names.length);
  return {
    rows: Int32Array.from(inputs, (_, i) => i),
    names,
    inputsOf(row) {
      buffer.set(inputs[row]!);
      return buffer;
    },
    targetOf: (row) => target[row]!,
  };
}

/** A fit as statsmodels states it, the intercept first. */
export interface Expected {
  readonly coefficients: readonly number[];
  readonly standardErrors: readonly number[];
}

/** Fails unless the fit is the expected one, errors included. */
export function assertFit(fit: LinearFit, { coefficients, standardErrors }: Expected): void {
  const own = [fit.intercept, ...fit.coefficients];
  const errors = [fit.standardErrors.intercept, ...fit.standardErrors.coefficients];
  own.forEach((value, j) => assertNear(value, coefficients[j]!, `coefficient ${j}`));
  errors.forEach((value, j) => assertNear(value, standardErrors[j]!, `standard error ${j}`));
}

/** Fails unless the two agree to eight digits. */
export function assertNear(actual: number, expected: number, what: string): void {
  assert(Math.abs(actual - expected) <= 1e-8 * Math.abs(expected), `${what}: ${actual} is not ${expected}`);
}
