import { DAY_MS, toIso, toIsoDay } from "../core/mod.ts";
import { alertsOf, type MonitorAlert } from "./alerts.ts";
import { driftLimit, type FeatureDrift, populationStability } from "./drift.ts";
import { type ForecastGroup, ForecastGroups, type JoinedGroup, joinGroup, sliceJoined } from "./join.ts";
import type { FeatureReference, MonitorDeps } from "./ports.ts";
import { type LogReading, readForecasts } from "./read_log.ts";

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

/** How a version has done so far. */
export interface VersionSkill {
  /** Registered model. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Run that made it; may be empty. */
  readonly runId: string;
  /** Minutes ahead. */
  readonly horizonMinutes: number;
  /** Whose candles: `BTC/USDT`. */
  readonly symbol: string;
  /** Decision times forecast. */
  readonly forecasts: number;
  /** Forecasts whose outcome is known. */
  readonly scored: number;
  /** Forecasts whose label has not closed. */
  readonly pending: number;
  /** Forecasts after which minutes are missing for good. */
  readonly unjoinable: number;
  /** First and last scored decision time, ISO 8601 UTC; null where there is none. */
  readonly from: string | null;
  /** Last scored decision time. */
  readonly to: string | null;
  /** Number of full days. */
  readonly fullDays: number;
  /** `insufficient` until there are {@linkcode FULL_DAYS_NEEDED} full days. */
  readonly verdict: "insufficient" | "sound" | "alert";
  /** Scores beside baselines on the same rows; empty where nothing is scored. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The same day by day. */
  readonly days: readonly DaySkill[];
}

/** What {@linkcode monitorForecasts} found. */
export interface MonitorFindings {
  /** Forecasts whose outcome is known, over all versions. */
  readonly scored: number;
  /** Forecasts whose label has not closed. */
  readonly pending: number;
  /** Forecasts after which minutes are missing for good. */
  readonly unjoinable: number;
  /** By `<name>/<version>`. */
  readonly skill: Readonly<Record<string, VersionSkill>>;
  /** Features that were compared with the training rows. */
  readonly drift: readonly FeatureDrift[];
  /** What should be looked at. */
  readonly alerts: readonly MonitorAlert[];
  /** What else the log held. */
  readonly log: LogReading;
}

/** Options of {@linkcode monitorForecasts}. */
export interface MonitorOptions {
  /** Folder of the prediction log. */
  readonly directory: string;
  /** Decision times before it are left out. @default none */
  readonly sinceMs?: number;
  /** Decision times from it on are left out. @default none */
  readonly untilMs?: number;
  /** Only this version. @default all */
  readonly only?: { readonly name: string; readonly version: string };
  /** Features that follow the calendar alone: a few days of them differ from half a year without any drift. */
  readonly isCalendar?: (feature: string) => boolean;
}

/** Joins the prediction log with what happened, and scores each version beside baselines on the same rows. */
export async function monitorForecasts(deps: MonitorDeps, options: MonitorOptions): Promise<MonitorFindings> {
  const { directory, sinceMs = -Infinity, untilMs = Infinity, only } = options;
  const log: LogReading = { predictions: 0, lost: 0, unreadable: 0 };
  const groups = new ForecastGroups();
  for await (const forecast of readForecasts(directory, log)) {
    if (forecast.decisionTimeMs < sinceMs || forecast.decisionTimeMs >= untilMs) continue;
    if (only !== undefined && (forecast.name !== only.name || forecast.version !== only.version)) continue;
    groups.add(forecast);
  }
  const skill: Record<string, VersionSkill> = {};
  const drift: FeatureDrift[] = [];
  const alerts: MonitorAlert[] = [];
  let scored = 0, pending = 0, unjoinable = 0;
  for (const group of groups.all()) {
    const joined = await joinGroup(group, deps);
    const days = scoreDays(joined, deps);
    const fullDays = days.filter(({ full }) => full).length;
    const enough = fullDays >= FULL_DAYS_NEEDED;
    const rows = joined.outcomes.length;
    const metrics = rows === 0
      ? {}
      : deps.scoring.metrics(joined.outcomes, joined.forecasts, joined.candles!, { intervals: enough });
    const moved = enough ? await driftOf(group, deps, options.isCalendar) : [];
    const own = enough ? alertsOf(group, metrics, moved) : [];
    skill[keyOf(group, skill)] = {
      name: group.name,
      version: group.version,
      runId: group.runId,
      horizonMinutes: group.horizonMinutes,
      symbol: group.series.symbol,
      forecasts: group.forecasts.length,
      scored: rows,
      pending: joined.pending,
      unjoinable: joined.unjoinable,
      from: rows === 0 ? null : toIso(joined.outcomes.decisionTimeMs[0]!),
      to: rows === 0 ? null : toIso(joined.outcomes.decisionTimeMs[rows - 1]!),
      fullDays,
      verdict: !enough ? "insufficient" : own.length > 0 ? "alert" : "sound",
      metrics,
      days,
    };
    drift.push(...moved);
    alerts.push(...own);
    scored += rows;
    pending += joined.pending;
    unjoinable += joined.unjoinable;
  }
  return { scored, pending, unjoinable, skill, drift, alerts, log };
}

/** `<name>/<version>`; with the symbol where a version forecast more than one. */
function keyOf({ name, version, series }: ForecastGroup, taken: Readonly<Record<string, unknown>>): string {
  const key = `${name}/${version}`;
  return Object.hasOwn(taken, key) ? `${key} ${series.symbol}` : key;
}

function scoreDays(joined: JoinedGroup, deps: MonitorDeps): DaySkill[] {
  const times = joined.outcomes.decisionTimeMs;
  const days: DaySkill[] = [];
  for (let from = 0; from < times.length;) {
    const day = Math.floor(times[from]! / DAY_MS);
    let to = from;
    while (to < times.length && Math.floor(times[to]! / DAY_MS) === day) to++;
    const { outcomes, forecasts } = sliceJoined(joined, from, to);
    days.push({
      day: toIsoDay(day * DAY_MS),
      scored: to - from,
      full: to - from >= FULL_DAY_ROWS && (day + 1) * DAY_MS <= joined.closedUntilMs,
      metrics: deps.scoring.metrics(outcomes, forecasts, joined.candles!, { intervals: false }),
    });
    from = to;
  }
  return days;
}

async function driftOf(
  group: ForecastGroup,
  deps: MonitorDeps,
  isCalendar: (feature: string) => boolean = () => false,
): Promise<FeatureDrift[]> {
  const references = await deps.references(group.name, group.version);
  if (references === undefined) return [];
  const { featureNames, shapes } = references;
  // Rows of another width belong to no known feature order.
  const rows = group.forecasts.filter(({ features }) => features.length === featureNames.length);
  const of = (reference: FeatureReference): FeatureDrift => {
    const column = featureNames.indexOf(reference.feature);
    const psi = populationStability(reference, Float32Array.from(rows, ({ features }) => features[column]!));
    const limit = driftLimit(reference, rows.length);
    const { name, version } = group;
    return { name, version, feature: reference.feature, psi, limit, rows: rows.length, drifted: psi > limit };
  };
  if (rows.length === 0) return [];
  return shapes.map(of).filter(({ feature }) => !isCalendar(feature)).sort((a, b) => b.psi - a.psi);
}
