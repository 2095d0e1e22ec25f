import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MINUTE_MS, QUANTILE_LEVELS, seededRandom } from "../../../src/core/mod.ts";
import { bootstrapMean, DayBlocks } from "../../../src/ml/evaluation/block_bootstrap.ts";
import { dailyLosses, meanLoss, pairedDifference } from "../../../src/ml/evaluation/daily_losses.ts";
import { rowLosses, scoreForecasts } from "../../../src/ml/evaluation/scores.ts";
import type { TestRows } from "../../../src/ml/evaluation/test_rows.ts";

/** Some rows of some days, a hole among them, and forecasts of them. */
function sample(seed: number, rows = 3000) {
  const random = seededRandom(seed), startMs = Date.UTC(2023, 0, 1, 7);
  const test: TestRows = {
    length: rows,
    horizonMinutes: 15,
    decisionTimeMs: Float64Array.from({ length: rows }, (_, i) => startMs + (i < 900 ? i : i + 4000) * 7 * MINUTE_MS),
    returnBps: Float32Array.from({ length: rows }, (_, i) => i % 11 === 0 ? 0 : 9 * random.normal()),
    realizedVarianceBps2: Float32Array.from({ length: rows }, () => 80 * Math.exp(random.normal())),
  };
  const forecast = () => {
    const volatilityBps = Float32Array.from({ length: rows }, () => 9 * Math.exp(0.2 * random.normal()));
    const quantilesBps = new Float32Array(rows * QUANTILE_LEVELS.length);
    for (let i = 0; i < quantilesBps.length; i++) quantilesBps[i] = 4 * ((i % 9) - 4) + random.normal();
    return {
      probabilityUp: Float32Array.from({ length: rows }, () => 0.4 + 0.2 * random.uniform()),
      volatilityBps,
      quantilesBps,
    };
  };
  return { test, a: forecast(), b: forecast() };
}

Deno.test("dailyLosses() keeps the means of all rows", { permissions: "none" }, () => {
  fc.assert(
    fc.property(fc.nat(1000), (seed) => {
      const { test, a } = sample(seed), losses = rowLosses(test, a);
      const daily = JSON.parse(JSON.stringify(dailyLosses(test, losses)));
      const scores = scoreForecasts(test, a, losses);
      assertAlmostEquals(meanLoss(daily, "logLoss"), scores["log_loss"]!, 1e-12);
      assertAlmostEquals(meanLoss(daily, "pinball"), scores["pinball"]!, 1e-12);
      assertAlmostEquals(meanLoss(daily, "qlike"), losses.qlike!.reduce((sum, x) => sum + x) / test.length, 1e-12);
    }),
    { numRuns: 20 },
  );
});

Deno.test(
  "pairedDifference() from sums by day is the bootstrap over the rows' own blocks",
  { permissions: "none" },
  () => {
    const { test, a, b } = sample(3), ours = rowLosses(test, a), theirs = rowLosses(test, b);
    const daily = [dailyLosses(test, ours), dailyLosses(test, theirs)] as const;
    const blocks = new DayBlocks(test.decisionTimeMs, { days: 5 });
    const wanted = bootstrapMean(blocks.totals((row) => ours.qlike![row]! - theirs.qlike![row]!), { resamples: 300 });
    const found = pairedDifference(...daily, { qlike: 1 }, { blockDays: 5, resamples: 300 });
    for (const key of ["mean", "low", "high", "standardError"] as const) {
      assertAlmostEquals(
        found[key],
        wanted[key],
        1e-10,
      );
    }
    assertEquals(found.blocks, wanted.blocks);
    assert(found.low < found.mean && found.mean < found.high);

    const weights = { logLoss: 2, qlike: 1, pinball: 0.1 };
    const both = pairedDifference(...daily, weights, { blockDays: 5, resamples: 300 });
    const mean = Object.entries(weights).reduce(
      (sum, [name, weight]) =>
        sum + weight * (meanLoss(daily[0], name as "qlike") - meanLoss(daily[1], name as "qlike")),
      0,
    );
    assertAlmostEquals(both.mean, mean, 1e-10);
    assertEquals(pairedDifference(daily[0], daily[0], weights, { blockDays: 5, resamples: 300 }).high, 0);
  },
);

Deno.test("pairedDifference() refuses losses of other rows, dailyLosses() forecasts without an output", {
  permissions: "none",
}, () => {
  const { test, a } = sample(1), { test: fewer, a: less } = sample(1, 2000);
  const options = { blockDays: 5, resamples: 100 };
  assertThrows(
    () =>
      pairedDifference(
        dailyLosses(test, rowLosses(test, a)),
        dailyLosses(fewer, rowLosses(fewer, less)),
        { qlike: 1 },
        options,
      ),
    RangeError,
    "different rows",
  );
  assertThrows(() => dailyLosses(test, rowLosses(test, { volatilityBps: a.volatilityBps })), RangeError, "'logLoss'");
});
