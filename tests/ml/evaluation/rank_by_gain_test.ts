import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../../src/core/mod.ts";
import { type GainSeries, gainSeries, rankByGain } from "../../../src/ml/evaluation/rank_by_gain.ts";
import { sampleFolds, START } from "./sample_folds.ts";

const pure = { permissions: "none" } as const;
const OPTIONS = { blockDays: 1, resamples: 400 };
const FIRST = START / 60_000;

/** Gains of a run around a mean, an hour apart, on days from `firstDay` on. */
function series(mean: number, { firstDay = 0, days = 40, seed = 1 } = {}): GainSeries {
  const random = seededRandom(seed), length = 24 * days;
  return {
    minutes: Int32Array.from({ length }, (_, i) => FIRST + firstDay * 1440 + i * 60),
    gains: Float32Array.from({ length }, () => mean + 0.1 * random.normal()),
  };
}

Deno.test("rankByGain() ranks by the mean gain on common decision times alone", pure, () => {
  // The second gains a lot where the first has no rows; on common days the first is better.
  const early = series(0.05, { days: 40 }), late = series(0.02, { firstDay: 5, days: 60, seed: 2 });
  late.gains.fill(9, 24 * 50);
  const { order, commonDays, best } = rankByGain([late, early], OPTIONS);
  assertEquals([order, commonDays], [[1, 0], 35]);
  const common = early.gains.subarray(24 * 5);
  assertAlmostEquals(best.mean, common.reduce((sum, gain) => sum + gain, 0) / common.length, 1e-6);
});

Deno.test("rankByGain() does not depend on the order of the runs", pure, () => {
  const means = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 6 });
  fc.assert(fc.property(means, (given) => {
    const all = given.map((mean) => series(mean / 10, { seed: 7 }));
    const { order, best } = rankByGain(all, { blockDays: 1, resamples: 50 });
    assertEquals(order.map((place) => given[place]), given.toSorted((a, b) => b - a));
    assertAlmostEquals(rankByGain(all.toReversed(), { blockDays: 1, resamples: 50 }).best.mean, best.mean, 1e-9);
  }));
});

Deno.test("the best of many without a gain is rarely above zero by its widened interval", pure, () => {
  let plain = 0, widened = 0;
  const TRIES = 60;
  for (let trial = 0; trial < TRIES; trial++) {
    const all = Array.from({ length: 10 }, (_, i) => series(0, { seed: 1 + 100 * trial + i }));
    const { best, order } = rankByGain(all, OPTIONS);
    if (best.low > 0) widened++;
    if (rankByGain([all[order[0]!]!], OPTIONS).best.low > 0) plain++;
  }
  assert(widened <= 0.1 * TRIES, `${widened} of ${TRIES}`);
  assert(plain >= 2 * widened + 3, `${plain} without widening, ${widened} with it`);
});

Deno.test("rankByGain() knows runs without a common decision time", pure, () => {
  const { commonDays, best } = rankByGain([series(0), series(0, { firstDay: 50 })], OPTIONS);
  assertEquals([commonDays, best.mean], [0, NaN]);
});

Deno.test("gainSeries() is the row's QLIKE of HAR-X less the model's", pure, () => {
  const { test, model, baselines } = sampleFolds({ days: 1, folds: 1, everyMinutes: 60 });
  const { minutes, gains } = gainSeries(test, model.volatilityBps, baselines.har_x.volatilityBps!);
  assertEquals(minutes[3], FIRST + 180);
  const loss = (sigma: number) => test.realizedVarianceBps2[3]! / sigma ** 2 + Math.log(sigma ** 2);
  assertAlmostEquals(gains[3]!, loss(baselines.har_x.volatilityBps![3]!) - loss(model.volatilityBps[3]!), 1e-6);
});
