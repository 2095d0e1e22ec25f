import { DomainError, type TimeRange, toIso, toIsoDay, type Warning } from "../core/mod.ts";

/** How a range meets the sealed holdout. */
export interface HoldoutOptions {
  /** First moment that is sealed, epoch milliseconds (`evaluation.holdout.start`); null where nothing is. */
  readonly startMs: number | null;
  /** Whether the range's end was asked for, rather than being where the data end. */
  readonly isEndAsked: boolean;
  /** Whether the holdout is opened for this run: its opening is then to be recorded. @default false */
  readonly isOpened?: boolean;
  /** First moment that the store has candles of. @default that of the range */
  readonly firstMs?: number;
}

/** What a run may read. */
export interface UnsealedRange {
  readonly range: TimeRange;
  /** Says that the range was clipped. */
  readonly warning: Warning | undefined;
}

/**
 * Keeps a run out of the sealed holdout (evaluation section 4): labels end by its start. A range that ends where the data do
 * is clipped with a warning; one that was asked to reach further is refused.
 *
 * @throws {DomainError} `input-invalid` where an asked end lies in the holdout, or the whole range does.
 */
export function outsideHoldout(
  range: TimeRange,
  { startMs, isEndAsked, isOpened = false, firstMs = range.startMs }: HoldoutOptions,
): UnsealedRange {
  if (startMs === null || isOpened || range.endMs <= startMs) return { range, warning: undefined };
  const sealed = toIso(startMs);
  if (isEndAsked || range.startMs >= startMs) {
    throw new DomainError(
      "input-invalid",
      `Cannot use candles up to ${toIso(range.endMs)} as the holdout is sealed from ${sealed} on`,
      { hint: `${unsealedHint(range, startMs, firstMs)}; the holdout is for one last test, and opened once` },
    );
  }
  return {
    range: { startMs: range.startMs, endMs: startMs },
    warning: {
      code: "holdout-sealed",
      message: `The range ends at ${sealed}, where the holdout begins, and not at ${toIso(range.endMs)}`,
    },
  };
}

/** What leaves candles to train on: no end does where the range, or the store, begins in the holdout. */
function unsealedHint(range: TimeRange, startMs: number, firstMs: number): string {
  const day = toIsoDay(startMs);
  if (firstMs >= startMs) {
    return `Seal newer data, as the store has none before ${toIso(firstMs)}: 'evaluation.holdout.start' is ${day}; ` +
      "or ingest older candles";
  }
  return range.startMs >= startMs
    ? `Ask for a range that begins before ${day} and ends by it`
    : `Ask for a range that ends by ${day}`;
}
