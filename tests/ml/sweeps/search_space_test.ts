import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { rungsOf, survivors } from "../../../src/ml/sweeps/halving.ts";
import { gridOf, gridSize, randomAssignments, type SearchSpace } from "../../../src/ml/sweeps/search_space.ts";

const CHOICES: SearchSpace = {
  "mlp.hidden": { kind: "choice", values: [[32], [64, 64]] },
  "seed": { kind: "choice", values: [1, 2, 3] },
};
const RANGES: SearchSpace = {
  "mlp.learningRate": { kind: "range", low: 1e-4, high: 1e-2, log: true, integer: false },
  "mlp.batchSize": { kind: "range", low: 256, high: 4096, log: true, integer: true },
  "mlp.patience": { kind: "range", low: 1, high: 4, log: false, integer: true },
};

Deno.test("gridOf() tries every combination once, the last dimension first", { permissions: "none" }, () => {
  const grid = gridOf(CHOICES);
  assertEquals(grid.map(({ "mlp.hidden": hidden, seed }) => `${JSON.stringify(hidden)} ${seed}`), [
    "[32] 1",
    "[32] 2",
    "[32] 3",
    "[64,64] 1",
    "[64,64] 2",
    "[64,64] 3",
  ]);
  assertEquals([gridSize(CHOICES), gridSize(RANGES), gridSize({})], [6, undefined, 1]);
  assertThrows(() => gridOf(RANGES), RangeError, "'mlp.learningRate'");
});

Deno.test("randomAssignments() draws within the space, none twice, and a longer draw begins as a shorter one", {
  permissions: "none",
}, () => {
  fc.assert(fc.property(fc.nat(60), fc.integer({ min: 1, max: 1000 }), (count, seed) => {
    const space = { ...CHOICES, ...RANGES }, drawn = randomAssignments(space, count, seed);
    assertEquals(drawn.length, count);
    assertEquals(new Set(drawn.map((each) => JSON.stringify(each))).size, count);
    assertEquals(randomAssignments(space, count + 5, seed).slice(0, count), drawn);
    for (const { "mlp.learningRate": rate, "mlp.batchSize": batch, "mlp.patience": patience } of drawn) {
      assert(typeof rate === "number" && rate >= 1e-4 && rate <= 1e-2);
      assert(typeof batch === "number" && Number.isInteger(batch) && batch >= 256 && batch <= 4096);
      assert(typeof patience === "number" && [1, 2, 3, 4].includes(patience));
    }
  }));
});

Deno.test("randomAssignments() ends where there is nothing more to draw", { permissions: "none" }, () => {
  assertEquals(randomAssignments(CHOICES, 100, 1).length, 6);
  const few: SearchSpace = { a: { kind: "range", low: 1, high: 3, log: false, integer: true } };
  assertEquals(randomAssignments(few, 100, 1).map(({ a }) => a).sort(), [1, 2, 3]);
});

Deno.test(
  "randomAssignments() spreads evenly, in the logarithm where that is asked for",
  { permissions: "none" },
  () => {
    const rates = randomAssignments(RANGES, 4000, 5).map(({ "mlp.learningRate": rate }) => Math.log10(Number(rate)));
    for (const edge of [-3.5, -3, -2.5]) {
      const below = rates.filter((rate) => rate < edge).length / rates.length;
      assert(Math.abs(below - (edge + 4) / 2) < 0.03, `${below} lie below ${edge}`);
    }
  },
);

Deno.test("rungsOf() gives a factor-th of the trials a factor times the budget", { permissions: "none" }, () => {
  assertEquals(rungsOf(27, { minBudget: 1, maxBudget: 27, factor: 3 }), [
    { trials: 27, budget: 1 },
    { trials: 9, budget: 3 },
    { trials: 3, budget: 9 },
    { trials: 1, budget: 27 },
  ]);
  assertEquals(rungsOf(10, { minBudget: 4, maxBudget: 10, factor: 2 }), [
    { trials: 10, budget: 4 },
    { trials: 5, budget: 8 },
    { trials: 2, budget: 10 },
  ]);
  assertEquals(rungsOf(1, { minBudget: 2, maxBudget: 9, factor: 3 }), [{ trials: 1, budget: 9 }]);
  for (const [trials, minBudget, maxBudget, factor] of [[0, 1, 2, 2], [3, 0, 2, 2], [3, 3, 2, 2], [3, 1, 2, 1]]) {
    assertThrows(() => rungsOf(trials!, { minBudget: minBudget!, maxBudget: maxBudget!, factor: factor! }), RangeError);
  }
});

Deno.test("survivors() are those of the least loss; what failed never goes on", { permissions: "none" }, () => {
  assertEquals(survivors([0.5, 0.3, undefined, 0.3, NaN, 0.1], 2), [1, 5]);
  assertEquals(survivors([0.5, 0.3, undefined], 3), [0, 1]);
  assertEquals(survivors([], 1), []);
});
