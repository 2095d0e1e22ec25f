import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { mergeRanges, rangesFromGrid, subtractRanges, type TimeRange, timeRange, totalMs } from "../../src/core/mod.ts";

const anyRange = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 12 })).map((
  [startMs, length],
) => ({
  startMs,
  endMs: startMs + length,
}));
const anyRanges = fc.array(anyRange, { maxLength: 12 });

/** The instants a list of ranges holds, as a set: the slow model that the functions are held against. */
function instants(ranges: readonly TimeRange[]): Set<number> {
  const held = new Set<number>();
  for (const { startMs, endMs } of ranges) for (let ms = startMs; ms < endMs; ms++) held.add(ms);
  return held;
}

function assertCanonical(ranges: readonly TimeRange[]): void {
  for (const [i, range] of ranges.entries()) {
    assert(range.endMs > range.startMs, "a range is empty");
    if (i > 0) assert(range.startMs > ranges[i - 1]!.endMs, "ranges touch or are out of order");
  }
}

Deno.test("subtractRanges() holds exactly the instants of wanted that covered lacks", { permissions: "none" }, () => {
  fc.assert(fc.property(anyRanges, anyRanges, (wanted, covered) => {
    const missing = subtractRanges(wanted, covered);
    const coveredInstants = instants(covered);
    assertEquals(
      instants(missing),
      new Set([...instants(wanted)].filter((ms) => !coveredInstants.has(ms)).sort((a, b) => a - b)),
    );
    assertCanonical(missing);
  }));
});

Deno.test("mergeRanges() keeps the instants and is canonical", { permissions: "none" }, () => {
  fc.assert(fc.property(anyRanges, (ranges) => {
    const merged = mergeRanges(ranges);
    assertCanonical(merged);
    assertEquals(instants(merged).size, totalMs(merged));
    assertEquals(new Set([...instants(ranges)].sort((a, b) => a - b)), instants(merged));
  }));
});

Deno.test("rangesFromGrid() turns runs of neighbours into ranges", { permissions: "none" }, () => {
  fc.assert(fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 50 })), (cells) => {
    const times = cells.sort((a, b) => a - b).map((cell) => cell * 10);
    const ranges = rangesFromGrid(times, 10);
    assertCanonical(ranges);
    assertEquals(totalMs(ranges), times.length * 10);
  }));
});

Deno.test("timeRange() refuses bounds that are no range and names them", { permissions: "none" }, () => {
  assertThrows(() => timeRange(5, 4), RangeError, "5 and 4");
  assertThrows(() => timeRange(NaN, 4), RangeError, "NaN");
});
