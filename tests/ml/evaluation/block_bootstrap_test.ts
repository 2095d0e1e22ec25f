import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { DAY_MS, MINUTE_MS, seededRandom } from "../../../src/core/mod.ts";
import { bootstrapMean, DayBlocks, sortedQuantile } from "../../../src/ml/evaluation/block_bootstrap.ts";

Deno.test("DayBlocks groups consecutive UTC days from the first decision's day on", { permissions: "none" }, () => {
  const start = Date.UTC(2023, 0, 1, 12);
  const times = [start, start + 11 * 3_600_000, start + DAY_MS, start + 4 * DAY_MS, start + 5 * DAY_MS - MINUTE_MS];
  const blocks = new DayBlocks([...times, start + 5 * DAY_MS], { days: 5 });
  assertEquals(times.map((_, row) => blocks.of(row)), [0, 0, 0, 0, 1]); // 11:59 of the sixth calendar day
  assertEquals(blocks.count, 2);
  const { sums, counts } = blocks.totals((row) => row === 1 ? NaN : row);
  assertEquals([...sums], [0 + 2 + 3, 4 + 5]);
  assertEquals([...counts], [3, 2]);
});

Deno.test("bootstrapMean() is the ratio of sums, the same each time, and as wide as theory says", {
  permissions: "none",
}, () => {
  const random = seededRandom(3);
  const counts = Float64Array.from({ length: 60 }, () => 100);
  const sums = Float64Array.from({ length: 60 }, () => 100 * (0.5 + random.normal()));
  const first = bootstrapMean({ sums, counts });
  assertEquals(bootstrapMean({ sums, counts }), first);
  const means = [...sums].map((sum) => sum / 100);
  const mean = means.reduce((total, value) => total + value, 0) / 60;
  const sd = Math.sqrt(means.reduce((total, value) => total + (value - mean) ** 2, 0) / 60);
  assertAlmostEquals(first.mean, mean, 1e-12);
  assertAlmostEquals(first.standardError, sd / Math.sqrt(60), 0.01);
  assertAlmostEquals(first.low, mean - 1.96 * sd / Math.sqrt(60), 0.03);
  assertAlmostEquals(first.high, mean + 1.96 * sd / Math.sqrt(60), 0.03);
  assertEquals(first.blocks, 60);
});

Deno.test("bootstrapMean() covers the truth about as often as it says", { permissions: "none" }, () => {
  const random = seededRandom(5);
  let covered = 0;
  const worlds = 200;
  for (let world = 0; world < worlds; world++) {
    const counts = new Float64Array(40).fill(1), sums = Float64Array.from(counts, () => random.normal());
    const { low, high } = bootstrapMean({ sums, counts }, { resamples: 300 });
    if (low <= 0 && high >= 0) covered++;
  }
  assert(covered / worlds > 0.89 && covered / worlds < 0.99, `covered ${covered} of ${worlds}`);
});

Deno.test("sortedQuantile() interpolates as numpy does", { permissions: "none" }, () => {
  assertAlmostEquals(sortedQuantile([1, 2, 4, 8], 0.4), 2.4, 1e-12); // numpy.quantile([1, 2, 4, 8], .4)
  assertEquals([sortedQuantile([3], 0.9), sortedQuantile([], 0.5)], [3, NaN]);
});
