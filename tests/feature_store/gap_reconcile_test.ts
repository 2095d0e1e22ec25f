import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Gap, MINUTE_MS, subtractRanges, type TimeRange, totalMs } from "../../src/core/mod.ts";
import { reconcileGaps } from "../../src/feature_store/gap_reconcile.ts";

const CAUSES = ["outage", "fetch_failed", "unknown"] as const;

function gapsOf(spans: readonly (readonly [number, number, number])[], firstSeenAtMs: number): Gap[] {
  const gaps: Gap[] = [];
  let at = 0;
  for (const [skip, length, cause] of spans) {
    const startMs = (at + skip) * MINUTE_MS;
    at += skip + length;
    const endMs = at * MINUTE_MS;
    gaps.push({ startMs, endMs, minutes: length, cause: CAUSES[cause]!, evidence: `e${cause}`, firstSeenAtMs });
  }
  return gaps;
}

const spans = fc.array(fc.tuple(fc.nat({ max: 9 }), fc.integer({ min: 1, max: 9 }), fc.nat({ max: 2 })), {
  maxLength: 8,
});

function apply(open: readonly Gap[], range: TimeRange, wanted: readonly Gap[], seenAtMs: number): Gap[] {
  const { remove, add } = reconcileGaps(open, range, wanted, seenAtMs);
  return [...open.filter((gap) => !remove.includes(gap)), ...add];
}

const inside = (gaps: readonly Gap[], { startMs, endMs }: TimeRange) =>
  gaps.flatMap((gap) => {
    const part = { ...gap, startMs: Math.max(gap.startMs, startMs), endMs: Math.min(gap.endMs, endMs) };
    return part.endMs > part.startMs ? [{ ...part, minutes: (part.endMs - part.startMs) / MINUTE_MS }] : [];
  });

Deno.test({
  name: "reconcileGaps() keeps every missing minute in exactly one open gap, and closes what was filled",
  permissions: "none",
  fn() {
    fc.assert(fc.property(spans, spans, fc.nat({ max: 60 }), fc.nat({ max: 60 }), (before, after, from, length) => {
      const range = { startMs: from * MINUTE_MS, endMs: (from + length) * MINUTE_MS };
      const open = gapsOf(before, 1), wanted = inside(gapsOf(after, 2), range);
      const ledger = apply(open, range, wanted, 2);
      const stillOpen = ledger.filter(({ closedAtMs }) => closedAtMs === undefined);
      const closed = ledger.filter(({ closedAtMs }) => closedAtMs !== undefined);
      const outside = totalMs(subtractRanges(open, [range]));
      // Open minutes: what was open outside the range, and what is wanted inside. None twice.
      assertEquals(totalMs(stillOpen), outside + totalMs(wanted));
      assertEquals(totalMs(subtractRanges(stillOpen, [])), totalMs(stillOpen));
      assertEquals(totalMs(subtractRanges(wanted, stillOpen)), 0);
      // Closed minutes: those of the range that were open and are wanted no more.
      assertEquals(totalMs(closed), totalMs(subtractRanges(inside(open, range), wanted)));
      for (const { startMs, endMs, minutes } of ledger) assertEquals(minutes, (endMs - startMs) / MINUTE_MS);
    }));
  },
});

Deno.test({
  name: "reconcileGaps() changes nothing when asked for the same again",
  permissions: "none",
  fn() {
    fc.assert(fc.property(spans, fc.nat({ max: 60 }), fc.nat({ max: 60 }), (before, from, length) => {
      const range = { startMs: from * MINUTE_MS, endMs: (from + length) * MINUTE_MS };
      const open = gapsOf(before, 1);
      const { remove, add } = reconcileGaps(open, range, inside(open, range), 9);
      assertEquals([remove, add], [[], []]);
    }));
  },
});

Deno.test({
  name: "reconcileGaps() remembers when a minute was first missed",
  permissions: "none",
  fn() {
    const [old] = gapsOf([[10, 10, 2]], 5);
    const [now] = gapsOf([[12, 30, 0]], 9);
    const range = { startMs: 0, endMs: 100 * MINUTE_MS };
    const { remove, add } = reconcileGaps([old!], range, [now!], 9);
    assertEquals(remove, [old!]);
    assert(add.some((gap) => gap.cause === "outage" && gap.firstSeenAtMs === 5 && gap.closedAtMs === undefined));
    assertEquals(add.filter((gap) => gap.closedAtMs === 9).map(({ minutes }) => minutes), [2]);
  },
});
