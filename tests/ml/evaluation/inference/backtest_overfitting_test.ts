import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "../../../../src/core/mod.ts";
import { backtestOverfitting } from "../../../../src/ml/evaluation/inference/backtest_overfitting.ts";
import fixture from "./inference.json" with { type: "json" };

const pure = { permissions: "none" } as const;
const gains = fixture.gains.map((own) => Float64Array.from(own));

/** Series without skill but for a level that each may have. */
function noise(configurations: number, days: number, seed: number, level: (configuration: number) => number = () => 0) {
  const random = seededRandom(seed);
  return Array.from(
    { length: configurations },
    (_, c) => Float64Array.from({ length: days }, () => level(c) + random.normal()),
  );
}

Deno.test("backtestOverfitting() is the share that plain enumeration finds", pure, () => {
  const found = backtestOverfitting(gains)!;
  assertAlmostEquals(found.probability, fixture.overfitting, 1e-12);
  assertEquals([found.splits, found.configurations], [12_870, 11]);
});

Deno.test(
  "backtestOverfitting() does not depend on the order of configurations, their unit, or time's direction",
  pure,
  () => {
    const { probability } = backtestOverfitting(gains)!;
    for (
      const same of [
        [...gains].reverse(),
        gains.map((own) => own.map((value) => 1000 * value)),
        gains.map((own) => own.slice().reverse()),
      ]
    ) assertEquals(backtestOverfitting(same)!.probability, probability);
  },
);

Deno.test(
  "backtestOverfitting() is about one half without skill, and near 0 where one configuration is better",
  pure,
  () => {
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    const meanOf = (level?: (configuration: number) => number) =>
      seeds.reduce(
        (sum, seed) => sum + backtestOverfitting(noise(12, 160, seed, level), { groups: 10 })!.probability,
        0,
      ) /
      seeds.length;
    const without = meanOf();
    assert(without > 0.4 && without < 0.65, `${without}`);
    const withSkill = meanOf((configuration) => configuration === 3 ? 0.5 : 0);
    assert(withSkill < 0.03, `${withSkill}`);
  },
);

Deno.test("backtestOverfitting() is null below ten configurations and for too few days", pure, () => {
  assertEquals(backtestOverfitting(gains.slice(0, 9)), null);
  assertEquals(backtestOverfitting(gains.map((own) => own.subarray(0, 31))), null);
  assertEquals(backtestOverfitting([]), null);
  assertThrows(() => backtestOverfitting(gains, { groups: 15 }), RangeError, "even");
  assertThrows(() => backtestOverfitting([...gains, new Float64Array(3)]), RangeError, "equally long");
});
