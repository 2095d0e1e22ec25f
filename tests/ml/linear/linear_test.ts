import { assert, assertEquals, assertThrows } from "@std/assert";
import { DomainError, seededRandom } from "../../../src/core/mod.ts";
import type { LinearFit } from "../../../src/ml/linear/covariance.ts";
import { fitLogistic } from "../../../src/ml/linear/logistic.ts";
import { inputMoments, type LinearRows } from "../../../src/ml/linear/normal_equations.ts";
import { fitRidge } from "../../../src/ml/linear/ridge.ts";
import fixture from "./linear.json" with { type: "json" };

const NAMES = ["a", "b", "c"];

function rowsOf(inputs: readonly (readonly number[])[], target: readonly number[], names = NAMES): LinearRows {
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

const regression = rowsOf(fixture.inputs, fixture.target);
const classes = rowsOf(fixture.inputs, fixture.up);
const weightOf = (row: number) => fixture.weight[row]!;
const clusterOf = (row: number) => fixture.cluster[row]!;

interface Expected {
  readonly coefficients: readonly number[];
  readonly standardErrors: readonly number[];
}

function assertFit(fit: LinearFit, { coefficients, standardErrors }: Expected): void {
  const own = [fit.intercept, ...fit.coefficients];
  const errors = [fit.standardErrors.intercept, ...fit.standardErrors.coefficients];
  own.forEach((value, j) => assertNear(value, coefficients[j]!, `coefficient ${j}`));
  errors.forEach((value, j) => assertNear(value, standardErrors[j]!, `standard error ${j}`));
}

function assertNear(actual: number, expected: number, what: string): void {
  assert(Math.abs(actual - expected) <= 1e-8 * Math.abs(expected), `${what}: ${actual} is not ${expected}`);
}

function assertStandardized(
  problem: LinearRows,
  fit: LinearFit,
  expected: { readonly standardized: readonly number[]; readonly level: number },
): void {
  const { means, scales } = inputMoments(problem);
  expected.standardized.forEach((value, j) => assertNear(fit.coefficients[j]! * scales[j]!, value, NAMES[j]!));
  const level = fit.coefficients.reduce((sum, value, j) => sum + value * means[j]!, fit.intercept);
  assertNear(level, expected.level, "level");
}

Deno.test("fitRidge() without a penalty is statsmodels' OLS and WLS", { permissions: "none" }, () => {
  assertFit(fitRidge(regression), fixture.ols);
  assertFit(fitRidge({ ...regression, weightOf }), fixture.wls);
});

Deno.test("fitRidge() has the errors of clusters, and of single rows", { permissions: "none" }, () => {
  assertFit(fitRidge({ ...regression, clusterOf }), fixture.olsByCluster);
  assertFit(fitRidge({ ...regression, clusterOf: (row) => row }), fixture.olsByRow);
});

Deno.test("fitRidge() shrinks as scikit-learn's Ridge on standardised columns", { permissions: "none" }, () => {
  assertStandardized(regression, fitRidge(regression, { l2: fixture.l2 }), fixture.ridge);
});

Deno.test("fitLogistic() without a penalty is statsmodels' Logit, also by clusters", { permissions: "none" }, () => {
  assertFit(fitLogistic(classes), fixture.logit);
  assertFit(fitLogistic({ ...classes, clusterOf }), fixture.logitByCluster);
});

Deno.test("fitLogistic() shrinks as scikit-learn's LogisticRegression", { permissions: "none" }, () => {
  const fit = fitLogistic(classes, { l2: fixture.l2 });
  const { means, scales } = inputMoments(classes);
  // Its solver stops earlier than ours.
  fixture.logisticPenalized.standardized.forEach((value, j) => {
    assert(Math.abs(fit.coefficients[j]! * scales[j]! - value) < 1e-6, NAMES[j]);
  });
  const level = fit.coefficients.reduce((sum, value, j) => sum + value * means[j]!, fit.intercept);
  assert(Math.abs(level - fixture.logisticPenalized.level) < 1e-6);
});

Deno.test("a weight of two is the row twice, and one of none is no row", { permissions: "none" }, () => {
Deno.test("fitRidge() with a penalty has the errors of the shrunk coefficients, also by weights and clusters", {
  permissions: "none",
}, () => {
  const { l2 } = fixture;
  assertFit(fitRidge(regression, { l2 }), fixture.ridgeErrors);
  assertFit(fitRidge({ ...regression, weightOf }, { l2 }), fixture.weightedRidge);
  assertFit(fitRidge({ ...regression, weightOf, clusterOf }, { l2 }), fixture.weightedRidgeByCluster);
  assertFit(fitRidge({ ...regression, weightOf, clusterOf }), fixture.wlsByCluster);
});

Deno.test("fitLogistic() has the errors of penalties, weights and clusters", { permissions: "none" }, () => {
  const { l2 } = fixture;
  assertFit(fitLogistic({ ...classes, weightOf }), fixture.weightedLogit);
  assertFit(fitLogistic({ ...classes, weightOf, clusterOf }), fixture.weightedLogitByCluster);
  assertFit(fitLogistic(classes, { l2 }), fixture.logisticErrors);
  assertFit(fitLogistic({ ...classes, weightOf }, { l2 }), fixture.weightedLogistic);
  assertFit(fitLogistic({ ...classes, weightOf, clusterOf }, { l2 }), fixture.weightedLogisticByCluster);
});

  const rows = Int32Array.from([...regression.rows, ...regression.rows.subarray(0, 100)]);
  for (const fit of [fitRidge, fitLogistic]) {
    const problem = fit === fitRidge ? regression : classes;
    const twice = fit({ ...problem, rows });
    const weighted = fit({ ...problem, weightOf: (row) => row < 100 ? 2 : 1 });
    const dropped = fit({ ...problem, weightOf: (row) => row < 100 ? 0 : 1 });
    const without = fit({ ...problem, rows: problem.rows.subarray(100) });
    for (const [a, b] of [[twice, weighted], [dropped, without]] as const) {
      a.coefficients.forEach((value, j) => assertNear(value, b.coefficients[j]!, NAMES[j]!));
      assertNear(a.intercept, b.intercept, "intercept");
    }
  }
});

Deno.test("columns that are constant or doubled have no coefficient of their own", { permissions: "none" }, () => {
  const names = ["a", "same", "flat", "c"];
  const inputs = fixture.inputs.map(([a, , c]) => [a!, 3 * a! - 1, 1e9 + 0.1, c!]);
  for (const fit of [fitRidge(rowsOf(inputs, fixture.target, names)), fitLogistic(rowsOf(inputs, fixture.up, names))]) {
    assertEquals(fit.unidentified, ["same", "flat"]);
    assertEquals([...fit.coefficients].map((value) => value === 0), [false, true, true, false]);
    assertEquals([...fit.standardErrors.coefficients].map(Number.isNaN), [false, true, true, false]);
    assert(Number.isFinite(fit.standardErrors.intercept));
  }
});

Deno.test("errors name the column and the row", { permissions: "none" }, () => {
  const refuse = (run: () => unknown, message: string) => {
    assertEquals(assertThrows(run, DomainError, message).code, "input-invalid");
  };
  for (const bad of [NaN, Infinity, -Infinity]) {
    const inputs = fixture.inputs.map((row, i) => i === 17 ? [row[0]!, bad, row[2]!] : row);
    refuse(() => fitRidge(rowsOf(inputs, fixture.target)), `column 'b' is ${bad} in row 17`);
    refuse(() => fitLogistic(rowsOf(inputs, fixture.up)), `column 'b' is ${bad} in row 17`);
    const target = fixture.target.map((value, i) => i === 5 ? bad : value);
    refuse(() => fitRidge(rowsOf(fixture.inputs, target)), `the target is ${bad} in row 5`);
  }
  refuse(() => fitRidge({ ...regression, weightOf: () => -1 }), "the weight is -1 in row 0");
  refuse(() => fitRidge({ ...regression, weightOf: () => 0 }), "no row with a weight");
  refuse(() => fitRidge({ ...regression, rows: regression.rows.subarray(0, 4) }), "4 coefficients to 4 rows");
  refuse(() => fitLogistic(regression), "a target is");
  for (const only of [0, 1]) {
    refuse(() => fitLogistic(rowsOf(fixture.inputs, fixture.up.map(() => only))), `is ${only}`);
  }
});

Deno.test("fitLogistic() names the column that parts the classes, and a penalty copes with it", {
  permissions: "none",
}, () => {
  const knows = rowsOf(fixture.inputs.map(([a, , c], i) => [a!, fixture.up[i]! + 0.1 * c!, c!]), fixture.up);
  const error = assertThrows(() => fitLogistic(knows), DomainError, "'b' the most");
  assertEquals(error.code, "input-invalid");
  assert(fitLogistic(knows, { l2: 1e-4 }).coefficients[1]! > 0);
});

Deno.test("fitLogistic() needs few passes where classes are even, and copes with 1,000 to 1", {
  permissions: "none",
}, () => {
  const random = seededRandom(3), count = 20_000;
  const inputs = Array.from({ length: count }, () => [random.normal(), random.normal(), random.normal()]);
  let passes = 0;
  for (const [level, most] of [[0, 10], [-7, 40]] as const) {
    const target = inputs.map(([a, b]) =>
      random.uniform() < 1 / (1 + Math.exp(-(level + 0.5 * a! - 0.2 * b!))) ? 1 : 0
    );
    const problem = rowsOf(inputs, target);
    passes = 0;
    const counted: LinearRows = {
      ...problem,
      inputsOf(row) {
        if (row === 0) passes++;
        return problem.inputsOf(row);
      },
    };
    const fit = fitLogistic(counted);
    assert(passes <= most, `${passes} passes at level ${level}`);
    for (const [j, truth] of [0.5, -0.2, 0].entries()) {
      const error = fit.standardErrors.coefficients[j]!;
      assert(Math.abs(fit.coefficients[j]! - truth) < 4 * error, `${fit.coefficients[j]} ± ${error} is not ${truth}`);
    }
  }
});

Deno.test("fitLogistic() beside an offset finds what the offset leaves", { permissions: "none" }, () => {
  const offsetOf = (row: number) => 0.3 + 0.5 * fixture.inputs[row]![0]! - 2 * fixture.inputs[row]![2]!;
  for (const extra of [{}, { clusterOf }]) {
    const whole = fitLogistic({ ...classes, ...extra }), rest = fitLogistic({ ...classes, ...extra, offsetOf });
    assertNear(rest.intercept, whole.intercept - 0.3, "intercept");
    [0.5, 0, -2].forEach((part, j) => assertNear(rest.coefficients[j]!, whole.coefficients[j]! - part, NAMES[j]!));
    whole.standardErrors.coefficients.forEach((error, j) =>
      assertNear(rest.standardErrors.coefficients[j]!, error, `error of ${NAMES[j]}`)
    );
  }
  assertThrows(() => fitLogistic({ ...classes, offsetOf: () => NaN }), DomainError, "the offset is NaN in row 0");
});
