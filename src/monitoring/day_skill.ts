import { DAY_MS, toIsoDay } from "../core/mod.ts";
import type { Scoring } from "./ports.ts";
import { type ScoredRows, sliceRows } from "./scored_rows.ts";

/** Full days that a version needs before anything is said with an interval, or an alarm is raised. */
export const FULL_DAYS_NEEDED = 5;
/** Scored minutes that make a day full: nine in ten. */
export const FULL_DAY_ROWS = 1296;

/** Scores of a UTC day of decisions. */
export interface DaySkill {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  /** Forecasts scored. */
  readonly scored: number;
  /** Whether the labels of the whole day have closed and nine in ten of its minutes were scored: it changes no more. */
  readonly full: boolean;
  /** Scores by metric name. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Scores day by day. A day's labels have closed once those up to `closedUntilMs` have, past its end. */
export function scoreDays(rows: ScoredRows, closedUntilMs: number, scoring: Scoring): DaySkill[] {
  const times = rows.outcomes.decisionTimeMs;
  const days: DaySkill[] = [];
  for (let from = 0; from < times.length;) {
    const day = Math.floor(times[from]! / DAY_MS);
    let to = from;
    while (to < times.length && Math.floor(times[to]! / DAY_MS) === day) to++;
    const { outcomes, forecasts, baselines } = sliceRows(rows, from, to);
    days.push({
      day: toIsoDay(day * DAY_MS),
      scored: to - from,
      full: to - from >= FULL_DAY_ROWS && (day + 1) * DAY_MS <= closedUntilMs,
      metrics: scoring.metrics(outcomes, forecasts, baselines, { intervals: false }),
    });
    from = to;
  }
  return days;
}
