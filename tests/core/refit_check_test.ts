import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { refitCheck, type RefitSpread } from "../../src/core/mod.ts";

const pure = { permissions: "none" } as const;
const refit = (distance: number, spread: number, steps = 3): RefitSpread => ({
  steps,
  outputs: [{ name: "direction", distance: 0.001, spread: 0.05 }, { name: "volatility", distance, spread }],
});
const found = (spread: RefitSpread | null) => {
  const { passed, value, note } = refitCheck(spread);
  return { passed, value, note };
};

Deno.test("refitCheck() lets a model lie two spreads away, in the output that is farthest", pure, () => {
  assertEquals(found(refit(0.1, 0.05)), { passed: true, value: 2, note: "2.00 of 3 steps' models, in its volatility" });
  assertEquals(found(refit(0.15, 0.05)).passed, false);
  assertEquals(found(refit(0.015, 1e-9)), {
    passed: true,
    value: 1.5,
    note: "1.50 of 3 steps' models, in its volatility",
  });
});

Deno.test("refitCheck() says nothing of one step, and refuses what is no number and what nobody compared", pure, () => {
  assertEquals(found(refit(9, 0, 1)), { passed: true, value: null, note: "one step alone has no spread" });
  const noNumber = { passed: false, value: null, note: "a forecast of its golden rows is no number" };
  for (const spread of [refit(NaN, 0.05), refit(0.1, NaN), refit(Infinity, 0.1)]) assertEquals(found(spread), noNumber);
  assertEquals(found(null), { passed: false, value: null, note: "not compared" });
  assertEquals([refitCheck(null), refitCheck(refit(9, 0.1))].map(({ forceable }) => forceable), [false, false]);
});

Deno.test("refitCheck() is only ever stricter for a larger distance", pure, () => {
  const figure = fc.double({ min: 0, max: 10, noNaN: true });
  fc.assert(fc.property(figure, figure, figure, (distance, more, spread) => {
    if (refitCheck(refit(distance + more, spread)).passed) {
      assertEquals(refitCheck(refit(distance, spread)).passed, true);
    }
  }));
});
