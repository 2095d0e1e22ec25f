import { DomainError, parseInstant, type SeriesId, type TimeRange, type Warning } from "../core/mod.ts";
import type { ModelConfig } from "../config/model_config.ts";
import type { CommandContext } from "./command.ts";
import { openHoldoutRecord } from "./runtime.ts";
import { userName } from "./user_name.ts";

/**
 * The range of a run outside of the sealed holdout, or with `--open-holdout` all of it: the opening is recorded before a
 * candle of it is read.
 *
 * @throws {DomainError} `input-invalid` where an asked end is sealed, `gate-refused` where it was opened before, `usage`
 * for options that do not go together.
 */
export async function rangeBesideHoldout(
  context: CommandContext,
  { evaluation: { holdout } }: ModelConfig,
  series: SeriesId,
  range: TimeRange,
  warnings: Warning[],
): Promise<TimeRange> {
  const { options } = context, isOpened = options.boolean("open-holdout");
  const startMs = holdout.start === null ? null : parseInstant(holdout.start, "evaluation.holdout.start");
  requireTogether(context, startMs);
  const { outsideHoldout } = await import("../ml/holdout.ts");
  const isEndAsked = options.string("until") !== undefined;
  const { range: allowed, warning } = outsideHoldout(range, { startMs, isEndAsked, isOpened });
  if (warning !== undefined) warnings.push(warning);
  if (isOpened && startMs !== null && allowed.endMs > startMs) {
    const reason = options.string("reason")?.trim() || null;
    await using record = await openHoldoutRecord(context);
    await record.open({
      exchange: series.exchange,
      symbol: series.symbol,
      range: { startMs: Math.max(startMs, allowed.startMs), endMs: allowed.endMs },
      openedAtMs: context.clock.nowMs(),
      runId: null, // the run begins once its data are known
      userId: userName(context) ?? "",
      reason,
    }, { force: options.boolean("force") });
    warnings.push({ code: "holdout-opened", message: "The holdout is opened, which is recorded for good" });
  }
  return allowed;
}

function requireTogether({ options }: CommandContext, startMs: number | null): void {
  const isOpened = options.boolean("open-holdout");
  if (!isOpened && (options.boolean("force") || options.string("reason") !== undefined)) {
    throw new DomainError("usage", "--force and --reason of track go with --open-holdout alone", {
      hint: "Leave them out, or open the holdout with --open-holdout",
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
