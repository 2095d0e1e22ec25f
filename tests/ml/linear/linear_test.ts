import { assert, assertEquals, assertThrows } from "@std/assert";
import { DomainError, seededRandom } from "../../../src/core/mod.ts";
import type { LinearFit } from "../../../src/ml/linear/covariance.ts";
import { fitLogistic } from "../../../src/ml/linear/logistic.ts";
import { inputMoments, type LinearRows } from "../../../src/ml/linear/normal_equations.ts";
import { fitRidge } from "../../../src/ml/linear/ridge.ts";
import { sigmoid } from "../../../src/ml/logistic_functions.ts";
import { assertFit, assertNear, NAMES, rowsOf } from "./fits.ts";
import fixture from "./linear.json" with { type: "json" };

const regression = rowsOf(fixture.inputs, fixture.target);
const classes = rowsOf(fixture.inputs, fixture.up);
const weightOf = (row: number) => fixture.weight[row]!;
const clusterOf = (row: number) => fixture.cluster[row]!;

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

Deno.test("a weight of two is the row twice, and one of none is no row", { permissions: "none" }, () => {
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
    // Rows that do not count are neither degrees of freedom nor clusters.
    for (const clusters of [{}, { clusterOf }]) {
      const counted = fit({ ...problem, ...clusters, rows: problem.rows.subarray(102) });
      const all = fit({ ...problem, ...clusters, weightOf: (row) => row < 102 ? 0 : 1 });
      assertNear(all.standardErrors.intercept, counted.standardErrors.intercept, "error of the intercept");
      all.standardErrors.coefficients.forEach((error, j) =>
        assertNear(error, counted.standardErrors.coefficients[j]!, `error of ${NAMES[j]}`)
      );
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

Deno.test("a column that is another but for rounding has no coefficient, however probable the outcome is", {
  permissions: "none",
}, () => {
  const random = seededRandom(5);
  const inputs = Array.from({ length: 500 }, () => [random.normal()]).map(([a]) => [a!, a! + 3e-6 * random.normal()]);
  const up = inputs.map(([a]) => +(random.uniform() < sigmoid(6 * a! - 2)));
  const { unidentified, coefficients } = fitLogistic(rowsOf(inputs, up, ["a", "same"]));
  const alone = fitLogistic(rowsOf(inputs.map(([a]) => [a!]), up, ["a"]));
  assertEquals(unidentified, ["same"]);
  assertNear(coefficients[0]!, alone.coefficients[0]!, "a");
});

Deno.test("a constant column is no parameter, with a penalty either", { permissions: "none" }, () => {
  const { l2 } = fixture, names = [...NAMES, "flat"], inputs = fixture.inputs.map((row) => [...row, 5]);
  for (const clusters of [{}, { clusterOf }]) {
    const ridge = { ...rowsOf(inputs, fixture.target, names), ...clusters };
    const logistic = { ...rowsOf(inputs, fixture.up, names), ...clusters };
    const pairs = [
      [fitRidge(ridge, { l2 }), fitRidge({ ...regression, ...clusters }, { l2 })],
      [fitLogistic(logistic, { l2 }), fitLogistic({ ...classes, ...clusters }, { l2 })],
    ] as const;
    for (const [beside, alone] of pairs) {
      assertEquals(beside.unidentified, ["flat"]);
      assertNear(beside.standardErrors.intercept, alone.standardErrors.intercept, "error of the intercept");
      alone.standardErrors.coefficients.forEach((error, j) =>
        assertNear(beside.standardErrors.coefficients[j]!, error, `error of ${NAMES[j]}`)
      );
    }
  }
});

Deno.test("one cluster has a line without errors, and says why", { permissions: "none" }, () => {
  for (const [fit, problem] of [[fitRidge, regression], [fitLogistic, classes]] as const) {
    const { coefficients, intercept, standardErrors } = fit({ ...problem, clusterOf: () => 20_000 }),
      alone = fit(problem);
    assertEquals([intercept, ...coefficients], [alone.intercept, ...alone.coefficients]);
    assertEquals([standardErrors.intercept, ...standardErrors.coefficients], [NaN, NaN, NaN, NaN]);
    assertEquals(standardErrors.missing, "all rows are of one cluster");
    assertEquals(alone.standardErrors.missing, null);
  }
});

Deno.test("penalties that are none are refused", { permissions: "none" }, () => {
  for (const l2 of [NaN, -1, -0.001, Infinity]) {
    assertThrows(
      () => fitRidge(regression, { l2 }),
      RangeError,
      `'l2' must be a finite number of at least 0: current value is ${l2}`,
    );
    assertThrows(() => fitLogistic(classes, { l2 }), RangeError, `current value is ${l2}`);
  }
});

Deno.test("columns of any size that can be squared have the same line, and others are refused by name", {
  permissions: "none",
}, () => {
  const scaledBy = (factor: number) => fixture.inputs.map(([a, b, c]) => [a!, b! * factor, c!]);
  for (const [fit, target] of [[fitRidge, fixture.target], [fitLogistic, fixture.up]] as const) {
    const plain = fit(rowsOf(fixture.inputs, target));
    for (const factor of [1e-130, 1e130]) {
      const scaled = fit(rowsOf(scaledBy(factor), target));
      assertNear(scaled.coefficients[1]! * factor, plain.coefficients[1]!, `b times ${factor}`);
      assertNear(scaled.standardErrors.coefficients[1]! * factor, plain.standardErrors.coefficients[1]!, "error of b");
    }
    for (const factor of [1e-200, 1e160, 1e300]) {
      assertThrows(() => fit(rowsOf(scaledBy(factor), target)), DomainError, "column 'b'");
    }
  }
  const large = fixture.target.map((value) => value * 1e200);
  assertThrows(() => fitRidge(rowsOf(fixture.inputs, large)), DomainError, "the target");
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
  // Rows of no weight are no rows.
  const two = {
    ...rowsOf(fixture.inputs.map(([a]) => [a!]), fixture.target, ["a"]),
    weightOf: (row: number) => +(row < 2),
  };
  refuse(() => fitRidge(two), "2 coefficients to 2 rows");
  refuse(() => fitRidge({ ...two, clusterOf }), "2 coefficients to 2 rows");
  refuse(() => fitLogistic({ ...classes, rows: classes.rows.subarray(0, 4) }), "4 coefficients to 4 rows");
  refuse(() => fitLogistic(regression), "a target is");
  for (const only of [0, 1]) {
    refuse(() => fitLogistic(rowsOf(fixture.inputs, fixture.up.map(() => only))), `is ${only}`);
  }
});

Deno.test("fitLogistic() names the column that parts the classes, and a penalty copes with it", {
  permissions: "none",
}, () => {
  const knows = rowsOf(fixture.inputs.map(([a, , c], i) => [a!, fixture.up[i]! + 0.1 * c!, c!]), fixture.up);
  const error = assertThrows(() => fitLogistic(knows), DomainError, "'b'");
  assertEquals(error.code, "input-invalid");
  assert(fitLogistic(knows, { l2: 1e-4 }).coefficients[1]! > 0);
});

Deno.test("fitLogistic() refuses columns that part some rows only, and a penalty copes with them", {
  permissions: "none",
}, () => {
  const random = seededRandom(11);
  const noisy = Array.from({ length: 20_000 }, () => ({ a: random.normal(), isUp: +(random.uniform() < 0.48) }));
  // A flag whose rows are all up, beside a column that says nothing; many of them, and one among 20,000.
  for (const [count, flagged] of [[400, 40], [20_000, 1]] as const) {
    const rows = noisy.slice(0, count), up = rows.map(({ isUp }, i) => i < flagged ? 1 : isUp);
    const problem = rowsOf(rows.map(({ a }, i) => [a, +(i < flagged)]), up, ["a", "b"]);
    for (const extra of [{}, { clusterOf: (row: number) => row }]) {
      const error = assertThrows(() => fitLogistic({ ...problem, ...extra }), DomainError, "part the classes");
      assert(error.message.endsWith(": 'b'"), error.message);
      assertEquals(error.code, "input-invalid");
    }
    const turned = rowsOf(rows.map(({ a }, i) => [+(i < flagged), a]), up, ["b", "a"]);
    assert(assertThrows(() => fitLogistic(turned), DomainError).message.endsWith(": 'b'"));
    for (const l2 of [1e-3, 1e-14]) {
      const { coefficients, standardErrors } = fitLogistic(problem, { l2 });
      assert(coefficients[1]! > 0.5 && standardErrors.coefficients.every((value) => value > 0), `${coefficients}`);
    }
    const without = up.slice(flagged).reduce((sum, value) => sum + value, 0) / (count - flagged);
    const level = sigmoid(fitLogistic(problem, { l2: 1e-9 }).intercept);
    assert(Math.abs(level - without) < 0.02, `P(up) without the flag is ${level}, not ${without}`);
  }
});

Deno.test(
  "fitLogistic() refuses a parting flag within a column that is nearly another",
  { permissions: "none" },
  () => {
    // Little is left of the flag besides rounding, whose sign is that of chance.
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const inputs = Array.from({ length: 400 }, () => random.normal()).map((a, i) => [a, a + 1e-4 * +(i < 40)]);
      const up = inputs.map((_, i) => i < 40 ? 1 : +(random.uniform() < 0.48));
      assertThrows(() => fitLogistic(rowsOf(inputs, up, ["a", "b"])), DomainError, "without error: 'b'");
    }
  },
);

Deno.test("fitLogistic() halves steps that are too long: a rare class that a rare flag makes likely", {
  permissions: "none",
}, () => {
  // Two groups have the closed form of two log odds; from a share of .0012 one Newton step would go to a logit of 400.
  const weights = [500, 500, 700, 998_300], inputs = [[1], [1], [0], [0]];
  const fit = fitLogistic({ ...rowsOf(inputs, [1, 0, 1, 0], ["flag"]), weightOf: (row) => weights[row]! });
  const rest = Math.log(700 / 998_300);
  assertNear(fit.intercept, rest, "intercept");
  assertNear(fit.coefficients[0]!, -rest, "flag");
  assertNear(fit.standardErrors.coefficients[0]!, Math.sqrt(2 / 500 + 1 / 700 + 1 / 998_300), "error of the flag");
});

Deno.test("fitLogistic() says that it did not find a line, where it did not", { permissions: "none" }, () => {
  const error = assertThrows(() => fitLogistic(classes, { maxPasses: 2 }), DomainError, "in 2 passes");
  assertEquals(error.code, "check-failed");
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

Deno.test("fitLogistic() finds the line of half a million rows, whose loss is only known to their rounding", {
  permissions: "none",
}, () => {
  // As forecasts of a day ahead are: a level a step of the walk-forward, and outcomes that last for hours.
  const rows = 520_000, steps = 13, runMinutes = 1440, input = new Float64Array(1);
  for (const seed of [8, 9, 11]) {
    const random = seededRandom(seed);
    const logits = Array.from({ length: steps }, () => 0.4 * (random.uniform() - 0.5));
    const rose = Array.from({ length: Math.ceil(rows / runMinutes) }, () => random.uniform() < 0.5 ? 1 : 0);
    const stepOf = (row: number) => Math.floor(row * steps / rows);
    const targetOf = (row: number) => rose[Math.floor(row / runMinutes)]!;
    const { intercept, coefficients } = fitLogistic({
      rows: Int32Array.from({ length: rows }, (_, row) => row),
      names: ["logit"],
      inputsOf(row) {
        input[0] = logits[stepOf(row)]!;
        return input;
      },
      targetOf,
    });
    // At the least loss the residuals sum to nothing, by themselves and times the input.
    let residual = 0, weighted = 0;
    for (let row = 0; row < rows; row++) {
      const logit = logits[stepOf(row)]!;
      const miss = targetOf(row) - 1 / (1 + Math.exp(-(intercept + coefficients[0]! * logit)));
      residual += miss;
      weighted += miss * logit;
    }
    assert(Math.abs(residual) < 1e-4 && Math.abs(weighted) < 1e-4, `${seed}: ${residual}, ${weighted}`);
  }
});
