import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom } from "../../src/core/mod.ts";
import { driftLimit, populationStability } from "../../src/monitoring/mod.ts";
import { alertsOf } from "../../src/monitoring/mod.ts";

Deno.test("populationStability() is the sum over bins written out", { permissions: "none" }, () => {
  const reference = { feature: "x", edges: [0, 1], counts: [2, 4, 2], missing: 0 };
  // Values: one below 0, two in [0, 1), none above, one missing; half a row is added to each of the four bins.
  const expected = [2.5, 4.5, 2.5, 0.5].map((count) => count / 10);
  const actual = [1.5, 2.5, 0.5, 1.5].map((count) => count / 6);
  const psi = expected.reduce((sum, p, i) => sum + (actual[i]! - p) * Math.log(actual[i]! / p), 0);
  assertAlmostEquals(populationStability(reference, [-1, 0, 0.5, NaN]), psi, 1e-12);
  assertAlmostEquals(populationStability({ ...reference, missing: 2 }, [-1, -1, 0, 0, 0, 0, 1, 9, NaN, NaN]), 0, 1e-12);
});

Deno.test(
  "driftLimit() lets equal distributions through at any size and stops a moved one",
  { permissions: "none" },
  () => {
    const random = seededRandom(1);
    const edges = [-1.2, -0.8, -0.5, -0.2, 0, 0.2, 0.5, 0.8, 1.2];
    const draw = (rows: number, shift: number) => Float64Array.from({ length: rows }, () => random.normal() + shift);
    const counts = new Array<number>(edges.length + 1).fill(0);
    for (const value of draw(50_000, 0)) counts[edges.filter((edge) => edge <= value).length]!++;
    const reference = { feature: "x", edges, counts, missing: 0 };
    for (const rows of [20, 100, 1000, 10_000]) {
      let alarms = 0;
      for (let i = 0; i < 50; i++) {
        if (populationStability(reference, draw(rows, 0)) > driftLimit(reference, rows)) alarms++;
      }
      assert(alarms <= 2, `${alarms} false alarms of 50 at ${rows} rows`);
    }
    assert(populationStability(reference, draw(1000, 1)) > driftLimit(reference, 1000));
    assertEquals(driftLimit(reference, 100) > driftLimit(reference, 1000), true);
  },
);

Deno.test("alertsOf() needs a whole interval on the wrong side", { permissions: "none" }, () => {
  const version = { name: "bitcoin-model", version: "3", horizonMinutes: 15 };
  const codes = (metrics: Record<string, number>) => alertsOf(version, metrics, []).map(({ code }) => code);
  assertEquals(codes({}), []);
  assertEquals(codes({ coverage_90: 0.8, coverage_90_low: 0.76, coverage_90_high: 0.849 }), ["coverage-off"]);
  assertEquals(codes({ coverage_90: 0.84, coverage_90_low: 0.8, coverage_90_high: 0.88 }), []);
  assertEquals(codes({ coverage_90: 0.97, coverage_90_low: 0.951, coverage_90_high: 0.98 }), ["coverage-off"]);
  assertEquals(codes({ qlike_gain_ewma: -1, qlike_gain_ewma_low: -2, qlike_gain_ewma_high: -0.1 }), [
    "volatility-worse",
  ]);
  assertEquals(codes({ qlike_gain_ewma: -1, qlike_gain_ewma_low: -2, qlike_gain_ewma_high: 0.1 }), []);
  assertEquals(codes({ log_loss_gain_coin: -0.002, log_loss_gain_coin_low: -0.003, log_loss_gain_coin_high: -0.001 }), [
    "direction-worse",
  ]);
});
