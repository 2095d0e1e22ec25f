import { MINUTE_MS, toIso } from "../core/mod.ts";
import { FULL_DAYS_NEEDED, scoreDays } from "./day_skill.ts";
import { type DriftReference, type FeatureDrift, measureDrift } from "./drift/measure_drift.ts";
import { estimateSkill } from "./estimated_skill.ts";
import type { VersionSkill } from "./findings.ts";
import { type ForecastGroup, joinGroup } from "./join.ts";
import type { MonitorDeps } from "./ports.ts";
import type { ScoredRows } from "./scored_rows.ts";

/** A version with what was found of it; the verdict is still without alerts. */
export interface ScoredVersion {
  readonly skill: Omit<VersionSkill, "verdict" | "aliases">;
  readonly drift: readonly FeatureDrift[];
  readonly rows: ScoredRows;
  readonly closedUntilMs: number;
  /** Last decision time that it forecast within the candles, epoch milliseconds; −Infinity of none. */
  readonly lastMs: number;
  /** Why something could not be told. */
  readonly lacking: readonly string[];
}

/** Scores a version's forecasts beside baselines on the same rows, and measures its drift. */
export async function scoreVersion(
  group: ForecastGroup,
  deps: MonitorDeps,
  { isCalendar, predictions }: Pick<DriftReference, "isCalendar" | "predictions">,
): Promise<ScoredVersion> {
  const { name, version, series, horizonMinutes } = group;
  const known = await deps.version(name, version);
  const joined = await joinGroup(group, known?.learntUntilMs ?? -Infinity, deps);
  const times = joined.outcomes.decisionTimeMs;
  const { baselines, training, lacking } = await deps.yardstick({
    ...{ name, version, series, horizonMinutes },
    decisionTimeMs: times,
  });
  const rows = { outcomes: joined.outcomes, forecasts: joined.forecasts, baselines };
  const days = scoreDays(rows, joined.closedUntilMs, deps.scoring);
  const fullDays = days.filter(({ full }) => full).length, enough = fullDays >= FULL_DAYS_NEEDED;
  const estimate = (probabilities: ArrayLike<number>) =>
    estimateSkill(probabilities, { horizonMinutes, bounds: enough }) ?? null;
  const scored = rows.outcomes.length;
  // A forecast from beyond the candles is one of a clock that jumped: it tells nothing of who serves, or of what.
  const endMs = joined.closedUntilMs === -Infinity ? Infinity : joined.closedUntilMs + horizonMinutes * MINUTE_MS;
  const within = joined.live.filter(({ decisionTimeMs }) => decisionTimeMs <= endMs);
  return {
    skill: {
      ...{ name, version, horizonMinutes, scored, fullDays, days },
      runId: group.runId,
      symbol: series.symbol,
      forecasts: group.forecasts.length,
      pending: joined.pending,
      unjoinable: joined.unjoinable,
      learnt: joined.learnt,
      from: scored === 0 ? null : toIso(times[0]!),
      to: scored === 0 ? null : toIso(times[scored - 1]!),
      metrics: scored === 0
        ? {}
        : deps.scoring.metrics(rows.outcomes, rows.forecasts, baselines, { intervals: enough }),
      estimated: estimate(joined.live.map(({ probabilityUp }) => probabilityUp)),
      estimatedOfScored: estimate(rows.forecasts.probabilityUp),
    },
    drift: await measureDrift(group, { live: within, predictions, known, training, isCalendar }),
    rows,
    closedUntilMs: joined.closedUntilMs,
    lastMs: within.at(-1)?.decisionTimeMs ?? -Infinity,
    lacking: [
      ...(known === undefined ? ["the registry does not know it, so nothing tells what it learnt from"] : []),
      ...lacking,
    ],
  };
}
