import { DAY_MS, DomainError, startOfDay, toIsoDay } from "../../core/mod.ts";
import { type Fold, foldBetween, walkForwardFolds } from "../labels/mod.ts";
import type { ExperimentSettings } from "./settings.ts";

/** What a run fits: models that are scored, each on the step after its training span, and the one that is logged. */
export interface ExperimentFolds {
  /** Ascending in time; test spans follow each other without a hole. */
  readonly folds: readonly Fold[];
  /** The same recipe on the last training span before the range's end; nothing is scored with it. */
  readonly refit: Fold;
}

/** Days of training at a day's horizon, whose labels are few; a range that is shorter takes those of the others. */
const DAYS_AT_A_DAY = 365;
const DAY_MINUTES = 1440;
/** A day's label takes a day from each span by the purge, so its validation needs a few. */
const FEWEST_VALIDATION_DAYS = { day: 3, other: 1 } as const;

/**
 * The folds of a run (evaluation section 4), cut at UTC midnights.
 *
 * @throws {DomainError} `input-invalid` where the range is too short for one; `leak-detected` for shuffled rows.
 */
export function experimentFolds(settings: ExperimentSettings): ExperimentFolds {
  const { range, split, minimumDays } = settings;
  if (split.kind === "shuffled") {
    throw new DomainError(
      "leak-detected",
      `Cannot train with 'evaluation.split.kind' shuffled: each scored row would stand among training rows whose labels overlap its own`,
      {
        hint: "Set it to walk-forward: what a shuffled split scores beyond that is not skill",
      },
    );
  }
  const days = (range.endMs - range.startMs) / DAY_MS;
  if (days < minimumDays) {
    throw new DomainError(
      "input-invalid",
      `Cannot train on ${days.toFixed(1)} days (${toIsoDay(range.startMs)} to ${
        toIsoDay(range.endMs)
      }) as at least ${minimumDays} are needed`,
      { hint: "Ingest a longer range, or lower 'minimumDays' in config/model.json" },
    );
  }
  return split.kind === "chronological" ? chronological(settings) : walkForward(settings);
}

/** Why a walk-forward at a day's horizon trains on less than a year, as a sentence without a final period; else undefined. */
export function shortTraining(settings: ExperimentSettings): string | undefined {
  const { range, split: { kind, stepDays }, horizonMinutes, quick } = settings, trainDays = trainDaysOf(settings);
  if (kind !== "walk-forward" || horizonMinutes !== DAY_MINUTES || quick || trainDays >= DAYS_AT_A_DAY) {
    return undefined;
  }
  const days = Math.floor((range.endMs - range.startMs) / DAY_MS);
  return `Each step trains on ${trainDays} days and not on the ${DAYS_AT_A_DAY} of a day's horizon: these and a step of ` +
    `${stepDays} need ${DAYS_AT_A_DAY + stepDays} days, the range has ${days}`;
}

/** A year at a day's horizon, where a whole step is left to score. */
function trainDaysOf({ range, split, horizonMinutes, quick }: ExperimentSettings): number {
  const days = (range.endMs - range.startMs) / DAY_MS;
  const long = horizonMinutes === DAY_MINUTES && !quick && days >= DAYS_AT_A_DAY + split.stepDays;
  return long ? Math.max(split.trainDays, DAYS_AT_A_DAY) : split.trainDays;
}

function walkForward(settings: ExperimentSettings): ExperimentFolds {
  const { range, split, horizonMinutes } = settings, { embargoMinutes } = split;
  const trainDays = trainDaysOf(settings);
  const spans = { horizonMinutes, embargoMinutes, trainDays, validationDays: validationDaysOf(settings, trainDays) };
  const folds = walkForwardFolds(range, {
    ...spans,
    stepDays: split.stepDays,
    ...(split.folds === null ? {} : { folds: split.folds }),
  });
  return { folds, refit: refitFold(settings, spans, folds) };
}

/** One fold: the newest part of the range is scored. */
function chronological(settings: ExperimentSettings): ExperimentFolds {
  const { range, split, horizonMinutes } = settings, { embargoMinutes } = split;
  const days = (range.endMs - range.startMs) / DAY_MS;
  const testStartMs = startOfDay(range.endMs - Math.ceil(days * split.testShare) * DAY_MS);
  const trainDays = (testStartMs - range.startMs) / DAY_MS, validationDays = validationDaysOf(settings, trainDays);
  if (trainDays <= validationDays + 1) {
    throw new DomainError(
      "input-invalid",
      `Cannot train on ${trainDays.toFixed(1)} days as the validation takes ${validationDays}`,
      { hint: "Ingest a longer range, or lower 'evaluation.split.testShare' in config/model.json" },
    );
  }
  const spans = { horizonMinutes, embargoMinutes, trainDays, validationDays };
  const folds = [foldBetween({ ...spans, index: 0, testStartMs, testEndMs: range.endMs })];
  return { folds, refit: refitFold(settings, spans, folds) };
}

function validationDaysOf({ split, horizonMinutes }: ExperimentSettings, trainDays: number): number {
  const fewest = horizonMinutes === DAY_MINUTES ? FEWEST_VALIDATION_DAYS.day : FEWEST_VALIDATION_DAYS.other;
  return Math.max(Math.ceil(trainDays * split.validationShare), fewest);
}

/** Its labels end by the range's end, wherever in the day that is. */
function refitFold(
  { range }: ExperimentSettings,
  spans: Omit<Parameters<typeof foldBetween>[0], "index" | "testStartMs" | "testEndMs">,
  folds: readonly Fold[],
): Fold {
  return foldBetween({ ...spans, index: folds.at(-1)!.index + 1, testStartMs: range.endMs, testEndMs: range.endMs });
}
