import { type Gap, intersectRanges, isEmptyRange, MINUTE_MS, subtractRanges, type TimeRange } from "../core/mod.ts";

/** What to do with the ledger so that its open gaps in a range become the wanted ones. */
export interface GapChanges {
  /** Open rows of the ledger that no longer hold as they are. */
  readonly remove: readonly Gap[];
  /** Rows to add: wanted gaps, parts outside the range, and, closed, what data has filled. */
  readonly add: readonly Gap[];
}

/**
 * Compares the open gaps that touch `range` with the wanted ones inside it. A minute that is still missing keeps the
 * time it was first seen; a minute that arrived becomes part of a closed row. Idempotent: the same `wanted` again
 * changes nothing.
 */
export function reconcileGaps(
  open: readonly Gap[],
  range: TimeRange,
  wanted: readonly Gap[],
  seenAtMs: number,
): GapChanges {
  const remaining = new Set(wanted);
  const remove: Gap[] = [];
  const add: Gap[] = [];
  for (const gap of open) {
    const inside = intersectRanges(gap, range);
    if (isEmptyRange(inside)) continue;
    const same = wanted.find((other) =>
      other.startMs === inside.startMs && other.endMs === inside.endMs && other.cause === gap.cause &&
      other.evidence === gap.evidence
    );
    if (same !== undefined) {
      remaining.delete(same);
      continue;
    }
    remove.push(gap);
    for (const part of subtractRanges([gap], [range])) add.push(partOf(gap, part));
    for (const part of subtractRanges([inside], wanted)) add.push({ ...partOf(gap, part), closedAtMs: seenAtMs });
  }
  for (const gap of remaining) {
    const earlier = remove.filter((old) => !isEmptyRange(intersectRanges(old, gap))).map((old) => old.firstSeenAtMs);
    add.push({ ...gap, firstSeenAtMs: Math.min(seenAtMs, ...earlier) });
  }
  return { remove, add };
}

function partOf(gap: Gap, part: TimeRange): Gap {
  return { ...gap, ...part, minutes: (part.endMs - part.startMs) / MINUTE_MS };
}
