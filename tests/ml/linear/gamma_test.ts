import { assert, assertEquals, assertThrows } from "@std/assert";
import { DomainError, seededRandom } from "../../../src/core/mod.ts";
import { qlike } from "../../../src/ml/evaluation/losses.ts";
import { fitGamma } from "../../../src/ml/linear/gamma.ts";
import type { LinearRows } from "../../../src/ml/linear/normal_equations.ts";
import { assertFit, assertNear, NAMES, rowsOf } from "./fits.ts";
import fixture from "./linear.json" with { type: "json" };

const pure = { permissions: "none" } as const;
const problem = rowsOf(fixture.inputs, fixture.variance);

Deno.test("fitGamma() is statsmodels' GLM of the gamma family with log link, also by clusters", pure, () => {
  assertFit(fitGamma(problem), fixture.gamma);
  assertFit(fitGamma({ ...problem, clusterOf: (row) => fixture.cluster[row]! }), fixture.gammaByCluster);
});

Deno.test("fitGamma() forecasts the mean: the ratios of target to line average 1", pure, () => {
  const { intercept, coefficients } = fitGamma(problem);
  const mean = (row: number) =>
    Math.exp(fixture.inputs[row]!.reduce((sum, x, j) => sum + coefficients[j]! * x, intercept));
  const ratios = fixture.variance.map((value, row) => value / mean(row));
  assertNear(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length, 1, "ratio");
});

Deno.test("fitGamma() minimises QLIKE: any step away from the line costs", pure, () => {
  const { intercept, coefficients } = fitGamma(problem);
  const loss = (line: readonly number[]) =>
    fixture.variance.reduce((sum, value, row) => {
      const eta = fixture.inputs[row]!.reduce((total, x, j) => total + line[j + 1]! * x, line[0]!);
      return sum + qlike(value, Math.exp(eta), 0);
    }, 0);
  const line = [intercept, ...coefficients], least = loss(line);
  line.forEach((value, j) => {
    const spread = j === 0 ? 0.01 : 0.01 / Math.max(...fixture.inputs.map((row) => Math.abs(row[j - 1]!)));
    for (const sign of [-1, 1]) {
      assert(loss(line.map((own, i) => i === j ? value + sign * spread : own)) > least, `coefficient ${j}`);
    }
  });
});

Deno.test("fitGamma() scales with its target, and a weight of two is the row twice", pure, () => {
  const fit = fitGamma(problem), scaled = fitGamma(rowsOf(fixture.inputs, fixture.variance.map((y) => 1e4 * y)));
  assertNear(scaled.intercept, fit.intercept + Math.log(1e4), "intercept");
  fit.coefficients.forEach((value, j) => assertNear(scaled.coefficients[j]!, value, NAMES[j]!));
  const rows = Int32Array.from([...problem.rows, ...problem.rows.subarray(0, 100)]);
  const twice = fitGamma({ ...problem, rows });
  const weighted = fitGamma({ ...problem, weightOf: (row) => row < 100 ? 2 : 1 });
  assertNear(weighted.intercept, twice.intercept, "intercept");
  twice.coefficients.forEach((value, j) => assertNear(weighted.coefficients[j]!, value, NAMES[j]!));
});

Deno.test("fitGamma() finds a planted line behind squared normal noise in few passes", pure, () => {
  const random = seededRandom(4), count = 20_000, truth = [0.6, -0.3, 0];
  const inputs = Array.from({ length: count }, () => truth.map(() => random.normal()));
  const target = inputs.map((row) => {
    const eta = row.reduce((sum, x, j) => sum + truth[j]! * x, 3);
    return Math.max(0.01, Math.exp(eta) * random.normal() ** 2);
  });
  const rows = rowsOf(inputs, target);
  let passes = 0;
  const counted: LinearRows = {
    ...rows,
    inputsOf(row) {
      if (row === 0) passes++;
      return rows.inputsOf(row);
    },
  };
  const fit = fitGamma(counted);
  assert(passes <= 20, `${passes} passes`);
  for (const [j, value] of truth.entries()) {
    const error = fit.standardErrors.coefficients[j]!;
    assert(Math.abs(fit.coefficients[j]! - value) < 4 * error, `${fit.coefficients[j]} ± ${error} is not ${value}`);
  }
});

Deno.test("fitGamma() refuses targets of 0 or less, too few rows, and a line without noise", pure, () => {
  const refuse = (run: () => unknown, message: string) =>
    assertEquals(assertThrows(run, DomainError, message).code, "input-invalid");
  for (const bad of [0, -1]) {
    const target = fixture.variance.map((value, i) => i === 5 ? bad : value);
    refuse(() => fitGamma(rowsOf(fixture.inputs, target)), `a target is ${bad} in row 5`);
  }
  refuse(() => fitGamma({ ...problem, rows: problem.rows.subarray(0, 4) }), "4 coefficients to 4 rows");
  refuse(() => fitGamma(rowsOf(fixture.inputs, fixture.inputs.map(([a]) => Math.exp(a!)))), "fits without error");
});

Deno.test("fitGamma() beside an offset finds what the offset leaves", pure, () => {
  const offsetOf = (row: number) => 0.3 + 0.5 * fixture.inputs[row]![0]! - 2 * fixture.inputs[row]![2]!;
  for (const extra of [{}, { clusterOf: (row: number) => fixture.cluster[row]! }]) {
    const whole = fitGamma({ ...problem, ...extra }), rest = fitGamma({ ...problem, ...extra, offsetOf });
    assertNear(rest.intercept, whole.intercept - 0.3, "intercept");
    [0.5, 0, -2].forEach((part, j) => assertNear(rest.coefficients[j]!, whole.coefficients[j]! - part, NAMES[j]!));
    whole.standardErrors.coefficients.forEach((error, j) =>
      assertNear(rest.standardErrors.coefficients[j]!, error, `error of ${NAMES[j]}`)
    );
  }
});

Deno.test("fitGamma() takes rows of no weight for no rows, and says where it finds no line", pure, () => {
  const some = fitGamma({ ...problem, rows: problem.rows.subarray(40) });
  const weighted = fitGamma({ ...problem, weightOf: (row) => row < 40 ? 0 : 1 });
  assertNear(weighted.standardErrors.intercept, some.standardErrors.intercept, "error of the intercept");
  some.coefficients.forEach((value, j) => assertNear(weighted.coefficients[j]!, value, NAMES[j]!));
  const thrice = fitGamma({ ...problem, weightOf: () => 3 }), { standardErrors } = fitGamma(problem);
  assertNear(thrice.standardErrors.coefficients[0]!, standardErrors.coefficients[0]!, "error where all weigh the same");
  const error = assertThrows(() => fitGamma(problem, { maxPasses: 2 }), DomainError, "the gamma line in 2 passes");
  assertEquals(error.code, "check-failed");
});
