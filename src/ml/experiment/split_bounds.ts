import { DAY_MS, DomainError, startOfDay, toIsoDay } from "../../core/mod.ts";
import type { SplitBounds } from "../labels/mod.ts";
import type { ExperimentSettings } from "./settings.ts";

/**
 * Where the range is cut into training, validation and test, at UTC midnights.
 *
 * @throws {DomainError} `input-invalid` where the range is too short; `leak-detected` for shuffled rows.
 */
export function splitBounds({ range, split, minimumDays, horizonMinutes }: ExperimentSettings): SplitBounds {
  if (split.kind === "shuffled") {
    throw new DomainError(
      "leak-detected",
      `Cannot train with 'evaluation.split.kind' shuffled: each scored row would stand among training rows whose labels overlap its own`,
      {
        hint: "Set it to chronological: what a shuffled split scores beyond that is not skill",
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
  const testStartMs = startOfDay(range.endMs - Math.ceil(days * split.testShare) * DAY_MS);
  const trainingDays = (testStartMs - range.startMs) / DAY_MS;
  // A day's label takes a day from each span by the purge, so the tail needs a few.
  const tailDays = Math.max(Math.ceil(trainingDays * split.validationShare), horizonMinutes === 1440 ? 3 : 1);
  const validationStartMs = startOfDay(testStartMs - tailDays * DAY_MS);
  if (validationStartMs <= range.startMs + DAY_MS) {
    throw new DomainError(
      "input-invalid",
      `Cannot train on ${trainingDays.toFixed(1)} days as the validation takes ${tailDays}`,
      {
        hint: "Ingest a longer range, or lower 'evaluation.split.testShare' in config/model.json",
      },
    );
  }
  return { validationStartMs, testStartMs };
}
