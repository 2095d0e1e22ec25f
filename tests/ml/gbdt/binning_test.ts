import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../../src/core/mod.ts";
import { chooseCuts, rowsForCuts } from "../../../src/ml/gbdt/training/binning.ts";
import { selectQuantile } from "../../../src/ml/gbdt/training/losses.ts";
import { pickRows } from "../../../src/ml/gbdt/training/pick_rows.ts";

const binOf = (value: number, cuts: Float32Array) => cuts.filter((cut) => cut < value).length;

Deno.test("chooseCuts() keeps few values apart, whatever they are", { permissions: "none" }, () => {
  fc.assert(fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 100 }), (values) => {
    const cuts = chooseCuts(Float32Array.from(values).sort(), 255);
    assert(cuts.every((cut, i) => Number.isFinite(cut) && (i === 0 || cut > cuts[i - 1]!)));
    const distinct = new Set(values.map((value) => value + 0)); // 0 and −0 are one value
    // The smallest float32 and −Infinity cannot be told apart by a finite cut.
    if (distinct.has(-Infinity)) distinct.delete(-3.4028234663852886e38);
    assertEquals(new Set([...distinct].map((value) => binOf(value, cuts))).size, distinct.size);
  }));
});

Deno.test(
  "chooseCuts() fills bins about equally, and gives a frequent value one of its own",
  { permissions: "none" },
  () => {
    const random = seededRandom(1);
    const values = Float32Array.from({ length: 50_000 }, (_, i) => i % 3 === 0 ? 0 : random.normal()).sort();
    const cuts = chooseCuts(values, 64), rows = new Uint32Array(64);
    for (const value of values) rows[binOf(value, cuts)]!++;
    assert(cuts.length >= 60, `${cuts.length} cuts`);
    const zero = binOf(0, cuts);
    assertEquals(new Set(values.filter((value) => binOf(value, cuts) === zero)), new Set([0]));
    const others = [...rows].filter((count, bin) => bin !== zero && count > 0);
    assert(Math.max(...others) < 1200, `${Math.max(...others)} rows in a bin`);
  },
);

Deno.test("pickRows() deals all rows out, in order, and every row as often", { permissions: "none" }, () => {
  const random = seededRandom(4), picked = new Uint32Array(20);
  for (let round = 0; round < 5000; round++) {
    const chosen = new Uint32Array(8), others = new Uint32Array(12);
    pickRows(random, { from: 100, to: 120, count: 8 }, chosen, others);
    assertEquals([...chosen, ...others].sort(), Array.from({ length: 20 }, (_, i) => 100 + i));
    assertEquals(chosen, chosen.toSorted());
    for (const row of chosen) picked[row - 100]!++;
  }
  for (const count of picked) assertAlmostEquals(count / 5000, 0.4, 0.04);
  assertEquals(rowsForCuts(1000, 1).length, 1000);
  assertEquals(rowsForCuts(300_000, 1).length, 200_000);
});

Deno.test("selectQuantile() is the quantile of the sorted values", { permissions: "none" }, () => {
  const some = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(some, fc.double({ min: 0, max: 1, noNaN: true }), (values, level) => {
    const sorted = values.toSorted((a, b) => a - b), at = level * (values.length - 1), low = Math.floor(at);
    const expected = sorted[low]! + (at - low) * ((sorted[low + 1] ?? 0) - sorted[low]! || 0);
    assertAlmostEquals(selectQuantile(Float64Array.from(values), level), expected, 1e-9);
  }));
});
