import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "../../../../src/core/mod.ts";
import { blockDraws, modelConfidenceSet } from "../../../../src/ml/evaluation/inference/model_confidence_set.ts";
import fixture from "./inference.json" with { type: "json" };

const pure = { permissions: "none" } as const;
const losses = new Map(fixture.losses.map((own, model) => [String(model), Float64Array.from(own)]));

Deno.test("modelConfidenceSet() is arch's MCS on the same resamples", pure, () => {
  const found = modelConfidenceSet(losses, { draws: fixture.draws });
  assertEquals(found.map(({ model }) => Number(model)), fixture.confidenceSet.map(([model]) => model!));
  found.forEach(({ pValue, included }, i) => {
    assertAlmostEquals(pValue, fixture.confidenceSet[i]![1]!, 1e-12);
    assertEquals(included, fixture.confidenceSet[i]![1]! > 0.1);
  });
});

Deno.test("modelConfidenceSet() does not depend on the order of models, their unit or a common shock", pure, () => {
  const found = modelConfidenceSet(losses);
  const reversed = new Map([...losses].reverse());
  assertEquals(modelConfidenceSet(reversed), found);
  const shifted = new Map([...losses].map(([name, own]) => [name, own.map((loss, day) => 8 * loss + Math.sin(day))]));
  assertEquals(modelConfidenceSet(shifted), found);
});

Deno.test(
  "modelConfidenceSet() keeps the best model in nine of ten samples, and drops a plainly worse one",
  pure,
  () => {
    const count = 150, days = 200;
    let kept = 0, dropped = 0, all = 0;
    for (let seed = 0; seed < count; seed++) {
      const random = seededRandom(seed);
      const column = (level: number) => Float64Array.from({ length: days }, () => level + random.normal());
      const set = modelConfidenceSet(
        new Map([["best", column(0)], ["equal", column(0)], ["third", column(0)], ["bad", column(0.6)]]),
        { draws: blockDraws(days, { resamples: 200, seed }) },
      );
      const isIn = (name: string) => set.find(({ model }) => model === name)!.included;
      kept += Number(isIn("best"));
      dropped += Number(!isIn("bad"));
      all += Number(isIn("best") && isIn("equal") && isIn("third"));
    }
    assert(kept / count > 0.9, `${kept / count}`);
    // The set as a whole holds all that are equally good in nine of ten.
    assert(all / count > 0.82, `${all / count}`);
    assert(dropped / count > 0.95, `${dropped / count}`);
  },
);

Deno.test("modelConfidenceSet() keeps equal models together", pure, () => {
  const twin = new Map([...losses].slice(0, 1).flatMap(([, own]) => [["a", own], ["b", own.slice()]] as const));
  assert(modelConfidenceSet(twin).every(({ included }) => included));
});

Deno.test("blockDraws() draws whole groups of days, the last one short", pure, () => {
  const draws = [...blockDraws(12, { resamples: 50, seed: 2 })];
  assertEquals(draws.length, 50);
  const seen = new Set<number>();
  for (const drawn of draws) {
    for (let i = 0; i < drawn.length;) {
      const start = drawn[i]!, length = start === 10 ? 2 : 5;
      assertEquals(start % 5, 0);
      assertEquals([...drawn.subarray(i, i + length)], Array.from({ length }, (_, k) => start + k));
      seen.add(start);
      i += length;
    }
  }
  assertEquals([...seen].sort((a, b) => a - b), [0, 5, 10]);
});

Deno.test("modelConfidenceSet() refuses a single model and losses of different days", pure, () => {
  assertThrows(() => modelConfidenceSet(new Map([...losses].slice(0, 1))), RangeError, "two or more");
  const ragged = new Map([["a", new Float64Array(3)], ["b", new Float64Array(4)]]);
  assertThrows(() => modelConfidenceSet(ragged), RangeError, "3, 4");
});
