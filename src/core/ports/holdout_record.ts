import { DomainError } from "../errors.ts";
import { toIso } from "../iso_time.ts";
import type { TimeRange } from "../time_range.ts";

/** One look at the sealed holdout. */
export interface HoldoutOpening {
  /** Exchange of the candles. */
  readonly exchange: string;
  /** Unified symbol of the candles. */
  readonly symbol: string;
  /** What was looked at. */
  readonly range: TimeRange;
  /** When, epoch milliseconds. */
  readonly openedAtMs: number;
  /** Run that looked, where there is one. */
  readonly runId: string | null;
  /** Who opened it; may be empty. */
  readonly userId: string;
  /** Why it was opened although it had been before; null for the first time. */
  readonly reason: string | null;
}

/** How a holdout is opened. */
export interface OpenHoldoutOptions {
  /** Opens what has been looked at before; needs a reason. @default false */
  readonly force?: boolean;
}

/** Every opening of a holdout, kept for good: what was looked at is no holdout any more. */
export interface HoldoutRecord extends AsyncDisposable {
  /** Openings of a symbol, oldest first. */
  openings(of: { readonly exchange: string; readonly symbol: string }): Promise<readonly HoldoutOpening[]>;
  /**
   * Records an opening, before anything is learnt from it.
   *
   * @throws {DomainError} `gate-refused` where a part of the range was looked at before and it is not forced; `usage` where
   * it is forced without a reason.
   */
  open(opening: HoldoutOpening, options?: OpenHoldoutOptions): Promise<void>;
}

/**
 * Refuses a second look, for every {@linkcode HoldoutRecord}.
 *
 * @throws {DomainError} as {@linkcode HoldoutRecord.open}.
 */
export function requireUnopened(
  { range, reason }: HoldoutOpening,
  before: readonly HoldoutOpening[],
  { force = false }: OpenHoldoutOptions = {},
): void {
  const seen = before.find((other) => other.range.startMs < range.endMs && range.startMs < other.range.endMs);
  if (seen === undefined) return;
  if (force && reason !== null && reason.trim() !== "") return;
  if (force) {
    throw new DomainError("usage", "Cannot open the holdout again without a reason", { hint: "Say why with --reason" });
  }
  throw new DomainError(
    "gate-refused",
    `Cannot open the holdout ${toIso(range.startMs)} to ${toIso(range.endMs)} as it was opened before, at ${
      toIso(seen.openedAtMs)
    }${seen.runId === null ? "" : ` by run ${seen.runId}`}`,
    { hint: "Seal newer data with 'evaluation.holdout.start', or give --force and a --reason, which are kept" },
  );
}
