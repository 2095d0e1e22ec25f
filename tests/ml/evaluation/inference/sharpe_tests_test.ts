import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../../../src/core/mod.ts";
import {
  deflatedSharpe,
  expectedLargestSharpe,
  probabilisticSharpe,
  type SharpeSample,
  sharpeSample,
} from "../../../../src/ml/evaluation/inference/sharpe_tests.ts";
import fixture from "./inference.json" with { type: "json" };
import { assertNear } from "./near.ts";

const pure = { permissions: "none" } as const;

Deno.test("deflatedSharpe() gives the figures of the paper's example", pure, () => {
  // Variance ½ of yearly Sharpe ratios over years of 250 days.
  const trials = (count: number) => ({ count, sharpeVariance: 1 / 2 / 250 });
  assertAlmostEquals(expectedLargestSharpe(trials(100)), 0.1132, 5e-5);
  assertAlmostEquals(deflatedSharpe(fixture.paperSharpe, trials(100))!, 0.9004, 5e-5);
  assertAlmostEquals(deflatedSharpe(fixture.paperSharpe, trials(46))!, 0.9505, 5e-5);
  const normal = { ...fixture.paperSharpe, skewness: 0, kurtosis: 3 };
  assertAlmostEquals(deflatedSharpe(normal, trials(88))!, 0.9505, 5e-5);
});

Deno.test("sharpeSample() and probabilisticSharpe() are scipy's", pure, () => {
  const sample = sharpeSample(Float64Array.from(fixture.profits)), { expected } = { expected: fixture.sharpe };
  for (const name of ["sharpe", "skewness", "kurtosis"] as const) assertNear(sample[name], expected[name], 1e-11, name);
  assertNear(probabilisticSharpe(sample), expected.above0, 1e-12);
  assertNear(probabilisticSharpe(sample, 0.1), expected["above.1"], 1e-10);
});

Deno.test("expectedLargestSharpe() is the mean of the largest of so many", pure, () => {
  const random = seededRandom(6);
  for (const count of [10, 100, 1000]) {
    let sum = 0;
    const samples = 4000;
    for (let i = 0; i < samples; i++) {
      let largest = -Infinity;
      for (let trial = 0; trial < count; trial++) largest = Math.max(largest, 0.05 * random.normal());
      sum += largest;
    }
    assertNear(expectedLargestSharpe({ count, sharpeVariance: 0.05 ** 2 }), sum / samples, 0.03, `${count} trials`);
  }
});

const samples: fc.Arbitrary<SharpeSample> = fc.record({
  sharpe: fc.double({ min: -0.3, max: 0.3, noNaN: true }),
  periods: fc.integer({ min: 30, max: 2000 }),
  skewness: fc.double({ min: -1, max: 1, noNaN: true }),
  kurtosis: fc.double({ min: 3, max: 20, noNaN: true }),
});

Deno.test("deflatedSharpe() falls with trials and with their spread, and one half is no skill", pure, () => {
  fc.assert(fc.property(samples, fc.integer({ min: 2, max: 5000 }), (sample, count) => {
    const at = (own: number, sharpeVariance: number) => deflatedSharpe(sample, { count: own, sharpeVariance })!;
    assert(at(count, 0.01) <= at(count, 0.001) && at(2 * count, 0.001) <= at(count, 0.001));
    assert(at(count, 0.001) <= probabilisticSharpe(sample));
    assertAlmostEquals(probabilisticSharpe(sample, sample.sharpe), 0.5, 1e-12);
  }));
});

Deno.test("deflatedSharpe() is null below two trials and where their spread is unknown", pure, () => {
  for (const [count, sharpeVariance] of [[0, 0.01], [1, 0.01], [NaN, 0.01], [5, NaN]] as const) {
    assertEquals(deflatedSharpe(fixture.paperSharpe, { count, sharpeVariance }), null);
  }
});

Deno.test("the best of many trials without skill passes a plain test often, a deflated one rarely", pure, () => {
  const random = seededRandom(12), searches = 150, trials = 40, days = 250;
  let plain = 0, deflated = 0;
  for (let search = 0; search < searches; search++) {
    const tried = Array.from(
      { length: trials },
      () => sharpeSample(Float64Array.from({ length: days }, () => random.normal())),
    );
    const mean = tried.reduce((sum, { sharpe }) => sum + sharpe, 0) / trials;
    const sharpeVariance = tried.reduce((sum, { sharpe }) => sum + (sharpe - mean) ** 2, 0) / (trials - 1);
    const best = tried.reduce((a, b) => b.sharpe > a.sharpe ? b : a);
    plain += Number(probabilisticSharpe(best) > 0.95);
    deflated += Number(deflatedSharpe(best, { count: trials, sharpeVariance })! > 0.95);
  }
  assert(plain / searches > 0.7, `${plain / searches}`);
  assert(deflated / searches < 0.05, `${deflated / searches}`);
});

Deno.test("sharpeSample() of profits that do not vary is no number", pure, () => {
  assert(Number.isNaN(sharpeSample(new Float64Array(5)).sharpe));
});
