import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../../src/core/mod.ts";
import {
  binOf,
  histogramLimit,
  populationStability,
  stabilityIndex,
} from "../../../src/monitoring/drift/population_stability.ts";
import { standardDeviation, wassersteinDistance, weightedSample } from "../../../src/monitoring/drift/wasserstein.ts";
import fixture from "../../fixtures/wasserstein.json" with { type: "json" };

const distance = (u: readonly number[], v: readonly number[], uw?: readonly number[], vw?: readonly number[]) =>
  wassersteinDistance(weightedSample(u, uw), weightedSample(v, vw));

Deno.test(
  "wassersteinDistance() is scipy's wasserstein_distance, with weights and without",
  { permissions: "none" },
  () => {
    for (const { u, v, uw, vw, distance: expected } of fixture) {
      assertAlmostEquals(distance(u, v, uw ?? undefined, vw ?? undefined), expected, 1e-12);
    }
    assertEquals(fixture.length, 5);
  },
);

const values = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 30 });

Deno.test("wassersteinDistance() is a distance: a shift costs its length, mirrored is the same, weights are copies", {
  permissions: "none",
}, () => {
  fc.assert(fc.property(values, values, fc.double({ min: -50, max: 50, noNaN: true }), (u, v, by) => {
    assertAlmostEquals(distance(u, u.map((value) => value + by)), Math.abs(by), 1e-9);
    assertAlmostEquals(distance(u, v), distance(v, u), 1e-9);
    assert(distance(u, v) >= 0);
    const means = [u, v].map((each) => each.reduce((sum, value) => sum + value, 0) / each.length);
    assert(distance(u, v) >= Math.abs(means[0]! - means[1]!) - 1e-9, "no less than the means are apart");
    assertAlmostEquals(distance([...u, ...u, u[0]!], v), distance(u, v, u.map((_, i) => i === 0 ? 3 : 2)), 1e-9);
  }));
});

Deno.test("a sample leaves missing values out; of none there is no distance", { permissions: "none" }, () => {
  assertEquals(distance([1, NaN, 3], [1, 3]), 0);
  assertEquals(distance([NaN], [1]), NaN);
  assertEquals(distance([], []), NaN);
  assertAlmostEquals(standardDeviation(weightedSample([1, 1, 4], [1, 1, 2])), 1.5, 1e-12);
});

Deno.test("populationStability() is the sum over bins written out", { permissions: "none" }, () => {
  const reference = { feature: "x", edges: [0, 1], counts: [2, 4, 2], missing: 0 };
  // Values: one below 0, two in [0, 1), none above, one missing; half a row is added to each of the four bins.
  const expected = [2.5, 4.5, 2.5, 0.5].map((count) => count / 10);
  const actual = [1.5, 2.5, 0.5, 1.5].map((count) => count / 6);
  const psi = expected.reduce((sum, p, i) => sum + (actual[i]! - p) * Math.log(actual[i]! / p), 0);
  assertAlmostEquals(populationStability(reference, [-1, 0, 0.5, NaN]), psi, 1e-12);
  assertAlmostEquals(stabilityIndex([2, 4, 2, 0], [1, 2, 0, 1]), psi, 1e-12);
  assertAlmostEquals(populationStability({ ...reference, missing: 2 }, [-1, -1, 0, 0, 0, 0, 1, 9, NaN, NaN]), 0, 1e-12);
  assertEquals([-1, 0, 0.5, 1, Infinity, NaN].map((value) => binOf([0, 1], value)), [0, 1, 1, 2, 2, 3]);
});

Deno.test("histogramLimit() lets equal distributions through at any size and stops a moved one", {
  permissions: "none",
}, () => {
  const random = seededRandom(1);
  const edges = [-1.2, -0.8, -0.5, -0.2, 0, 0.2, 0.5, 0.8, 1.2];
  const draw = (rows: number, shift: number) => Float64Array.from({ length: rows }, () => random.normal() + shift);
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (const value of draw(50_000, 0)) counts[binOf(edges, value)]!++;
  const reference = { feature: "x", edges, counts, missing: 0 };
  for (const rows of [20, 100, 1000, 10_000]) {
    let alarms = 0;
    for (let i = 0; i < 50; i++) {
      if (populationStability(reference, draw(rows, 0)) > histogramLimit(reference, rows)) alarms++;
    }
    assert(alarms <= 2, `${alarms} false alarms of 50 at ${rows} rows`);
  }
  assert(populationStability(reference, draw(1000, 1)) > histogramLimit(reference, 1000));
  assert(histogramLimit(reference, 100) > histogramLimit(reference, 1000));
});
