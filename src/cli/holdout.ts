import {
  DomainError,
  type HoldoutOpening,
  parseInstant,
  requireUnopened,
  type SeriesId,
  type TimeRange,
  toIso,
  type Warning,
} from "../core/mod.ts";
import type { ModelConfig } from "../config/model_config.ts";
import type { CommandContext } from "./command.ts";
import { holdoutOpenings, openHoldoutRecord } from "./runtime.ts";
import { userName } from "./user_name.ts";

/** What a run may read, and what it then has to record. */
export interface RangeBesideHoldout {
  readonly range: TimeRange;
  /** Records the look at the holdout, which the range holds a part of; undefined where it holds none. */
  readonly recordLook: RecordLook | undefined;
}

/**
 * Records that a run looks at the holdout, once all else is known to be right: a call that fails before spends no look.
 *
 * @returns what to say of it.
 * @throws {DomainError} `gate-refused` where another process looked meanwhile.
 */
export type RecordLook = (runId: string) => Promise<Warning>;

/** The candles that there are, and those that are wanted. */
interface WantedCandles {
  readonly series: SeriesId;
  /** What the store has. */
  readonly span: TimeRange;
  readonly range: TimeRange;
}

/**
 * The range of a run outside of the sealed holdout, or with `--open-holdout` all of it. Days that were once opened are no
 * holdout any more, whatever is sealed now: a range that has some of them is warned about.
 *
 * @throws {DomainError} `input-invalid` where an asked end is sealed, `gate-refused` where it was opened before, `usage`
 * for options that do not go together.
 */
export async function rangeBesideHoldout(
  context: CommandContext,
  { evaluation: { holdout } }: ModelConfig,
  { series, span, range }: WantedCandles,
  warnings: Warning[],
): Promise<RangeBesideHoldout> {
  const { options } = context, isOpened = options.boolean("open-holdout");
  const startMs = holdout.start === null ? null : parseInstant(holdout.start, "evaluation.holdout.start");
  requireTogether(context, startMs);
  const { outsideHoldout } = await import("../ml/holdout.ts");
  const isEndAsked = options.string("until") !== undefined;
  const { range: allowed, warning } = outsideHoldout(range, { startMs, isEndAsked, isOpened, firstMs: span.startMs });
  if (warning !== undefined) warnings.push(warning);
  const before = await holdoutOpenings(series);
  let recordLook: RecordLook | undefined;
  if (isOpened && startMs !== null && allowed.endMs > startMs) {
    const opening = openingOf(context, series, { startMs: Math.max(startMs, allowed.startMs), endMs: allowed.endMs });
    requireUnopened(opening, before, { force: options.boolean("force") });
    recordLook = lookRecorder(context, opening);
  }
  const seen = before.find((other) => other.range.startMs < allowed.endMs && allowed.startMs < other.range.endMs);
  if (seen !== undefined) warnings.push(openedBefore(seen));
  return { range: allowed, recordLook };
}

function openingOf(
  context: CommandContext,
  { exchange, symbol }: SeriesId,
  range: TimeRange,
): HoldoutOpening {
  const { options, clock } = context, reason = options.string("reason")?.trim() || null;
  const userId = userName(context) ?? "";
  return { exchange, symbol, range, openedAtMs: clock.nowMs(), runId: null, userId, reason };
}

function lookRecorder({ clock, options }: CommandContext, opening: HoldoutOpening): RecordLook {
  return async (runId) => {
    await using record = await openHoldoutRecord();
    await record.open({ ...opening, runId, openedAtMs: clock.nowMs() }, { force: options.boolean("force") });
    return { code: "holdout-opened", message: "The holdout is opened, which is recorded for good" };
  };
}

function openedBefore({ range, openedAtMs, runId }: HoldoutOpening): Warning {
  const by = runId === null ? "" : ` by run ${runId}`;
  return {
    code: "holdout-opened-before",
    message: `The range has days of ${toIso(range.startMs)} to ${toIso(range.endMs)}, a holdout that was opened at ${
      toIso(openedAtMs)
    }${by}: what is chosen on them has been looked at`,
  };
}

function requireTogether({ options }: CommandContext, startMs: number | null): void {
  const isOpened = options.boolean("open-holdout");
  if (isOpened && options.boolean("check-leaks")) {
    throw new DomainError("usage", "--open-holdout is for one last test, and --check-leaks scores nothing", {
      hint: "Look for leaks without it: the holdout can be opened once",
    });
  }
  if (isOpened && startMs === null) {
    throw new DomainError("usage", "--open-holdout opens nothing as 'evaluation.holdout.start' seals nothing", {
      hint: "Leave it out, or seal newer data in config/model.json",
    });
  }
  if (isOpened && (options.string("sweep") !== undefined || options.string("resume") !== undefined)) {
    throw new DomainError("usage", "--open-holdout is for one last test, and a sweep chooses among many", {
      hint: "Sweep without it, and open the holdout with the settings that were best",
    });
  }
}
