import { DAY_MS, type Metric, type Tracker } from "../core/mod.ts";
import type { VersionSkill } from "./findings.ts";

/** Scores of a day that go to the model's run. */
const LOGGED = [
  "qlike",
  "log_loss",
  "accuracy",
  "pinball",
  "coverage_90",
  "baseline_har_x_qlike",
  "baseline_ewma_qlike",
  "baseline_climatology_log_loss",
  "baseline_contrarian_log_loss",
  "baseline_har_x_pinball",
  "qlike_gain_har_x",
  "qlike_gain_ewma",
  "log_loss_gain_climatology",
  "log_loss_gain_contrarian",
  "pinball_gain_har_x",
] as const;

/**
 * Notes a version's full days at its run as metrics `live.<metric>`, a step a UTC day (days since the epoch), and the
 * verdict as the tag `monitor.verdict`. Days that the run has are skipped.
 *
 * @returns number of days noted.
 */
export async function liveMetrics(
  tracker: Pick<Tracker, "metricHistory" | "logBatch">,
  skill: VersionSkill,
): Promise<number> {
  const known = new Set<number>();
  for (const metric of LOGGED) {
    let pageToken: string | undefined;
    do {
      const page = await tracker.metricHistory(skill.runId, `live.${metric}`, {
        ...(pageToken === undefined ? {} : { pageToken }),
      });
      for (const { step } of page.items) known.add(step);
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
  }
  const fresh = skill.days.filter(({ full, day }) => full && !known.has(stepOf(day)));
  const metrics: Metric[] = fresh.flatMap(({ day, metrics }) =>
    LOGGED.filter((metric) => Number.isFinite(metrics[metric])).map((metric) => ({
      key: `live.${metric}`,
      value: metrics[metric]!,
      step: stepOf(day),
      timestamp: (stepOf(day) + 1) * DAY_MS,
    }))
  );
  await tracker.logBatch(skill.runId, { metrics, tags: [{ key: "monitor.verdict", value: skill.verdict }] });
  return fresh.length;
}

function stepOf(day: string): number {
  return Date.parse(day) / DAY_MS;
}
