import { DAY_MS, MINUTE_MS, type Warning } from "../core/mod.ts";
import { alertsOf, type MonitorAlert } from "./alerts.ts";
import { scoreAliases } from "./alias_skill.ts";
import { FULL_DAYS_NEEDED } from "./day_skill.ts";
import type { AliasSkill, MonitorFindings, VersionSkill } from "./findings.ts";
import { type ForecastGroup, ForecastGroups } from "./join.ts";
import type { AliasHolding, MonitorDeps } from "./ports.ts";
import { PredictionSamples } from "./prediction_sample.ts";
import { type LoggedPredictions, type LogReading, readForecasts } from "./read_log.ts";
import { type ScoredVersion, scoreVersion } from "./score_version.ts";

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

/** Joins the prediction log with what happened, and scores each version and alias beside baselines on the same rows. */
export async function monitorForecasts(deps: MonitorDeps, options: MonitorOptions): Promise<MonitorFindings> {
  const { isCalendar = () => false } = options;
  const { groups, log, samples } = await gather(options);
  const scoredVersions: OwnVersion[] = [];
  for (const group of groups) {
    const predictions = samples.of(group.name, group.version);
    scoredVersions.push({ ...await scoreVersion(group, deps, { isCalendar, predictions }), group });
  }
  const skill: Record<string, VersionSkill> = {}, alerts: MonitorAlert[] = [], warnings: Warning[] = [];
  const newestMs = Math.max(...scoredVersions.map(({ lastMs }) => lastMs));
  for (const { group, ...found } of scoredVersions) {
    const holdings = await deps.holdings(group.name), key = keyOf(group, skill);
    const enough = found.skill.fullDays >= FULL_DAYS_NEEDED;
    const raised = enough ? alertsOf(found.skill, { drift: found.drift, holdings, limits: deps.limits }) : [];
    // What serves no more needs nobody's attention: its verdict says how it ended.
    if (found.lastMs > newestMs - DAY_MS) alerts.push(...raised);
    skill[key] = {
      ...found.skill,
      aliases: heldNow(holdings, group.version),
      verdict: !enough ? "insufficient" : raised.length > 0 ? "alert" : "sound",
    };
    warnings.push(...warningsOf(key, found));
  }
  const total = (count: (each: VersionSkill) => number) =>
    Object.values(skill).reduce((sum, each) => sum + count(each), 0);
  return {
    scored: total(({ scored }) => scored),
    pending: total(({ pending }) => pending),
    unjoinable: total(({ unjoinable }) => unjoinable),
    skill,
    aliases: await aliasesOf(scoredVersions, deps),
    drift: scoredVersions.flatMap(({ drift }) => drift),
    alerts,
    log,
    warnings,
  };
}

/** A version with the group that it was scored from. */
type OwnVersion = ScoredVersion & { readonly group: ForecastGroup };

function warningsOf(key: string, { skill: { learnt }, lacking }: Pick<ScoredVersion, "skill" | "lacking">): Warning[] {
  return [
    ...lacking.map((reason) => ({ code: "not-measured", message: `${key}: ${reason}` })),
    ...(learnt === 0 ? [] : [{
      code: "learnt-from",
      message: `${key}: ${learnt} forecasts are of minutes that it learnt from, and are not scored`,
    }]),
  ];
}

async function gather(
  { directory, sinceMs = -Infinity, untilMs = Infinity, only }: MonitorOptions,
): Promise<
  { readonly groups: readonly ForecastGroup[]; readonly log: LogReading; readonly samples: PredictionSamples }
> {
  const log: LogReading = { predictions: 0, lost: 0, unreadable: 0, repeated: 0, late: 0 };
  const groups = new ForecastGroups(), samples = new PredictionSamples();
  const onPredictions = (predictions: LoggedPredictions) => {
    if (predictions.atMs >= sinceMs && predictions.atMs < untilMs) samples.add(predictions);
  };
  for await (const forecast of readForecasts(directory, log, { sinceMs, onPredictions })) {
    const { decisionTimeMs, name, version, atMs, horizonMinutes } = forecast;
    if (decisionTimeMs < sinceMs || decisionTimeMs >= untilMs) continue;
    if (only !== undefined && (name !== only.name || version !== only.version)) continue;
    if (!groups.add(forecast)) log.repeated++;
    else if (atMs >= decisionTimeMs + horizonMinutes * MINUTE_MS) log.late++;
  }
  return { groups: groups.all(), log, samples };
}

/** `<name>/<version>`; with symbol and horizon where a version forecast more than one. */
function keyOf(
  { name, version, series, horizonMinutes }: ForecastGroup,
  taken: Readonly<Record<string, unknown>>,
): string {
  const key = `${name}/${version}`;
  return Object.hasOwn(taken, key) ? `${key} ${series.symbol} ${horizonMinutes}m` : key;
}

function heldNow(holdings: readonly AliasHolding[], version: string): string[] {
  return holdings.filter((each) => each.version === version && each.untilMs === Infinity).map(({ alias }) => alias);
}

async function aliasesOf(
  versions: readonly OwnVersion[],
  deps: MonitorDeps,
): Promise<Record<string, AliasSkill>> {
  const found: Record<string, AliasSkill> = {};
  const kindOf = ({ group: { name, series, horizonMinutes } }: OwnVersion) =>
    JSON.stringify([name, series.exchange, series.symbol, horizonMinutes]);
  for (const [, own] of Map.groupBy(versions, kindOf)) {
    const { name, series, horizonMinutes } = own[0]!.group;
    const aliases = scoreAliases({
      ...{ name, horizonMinutes },
      versions: own.map(({ skill: { version }, rows, closedUntilMs }) => ({ version, rows, closedUntilMs })),
      holdings: await deps.holdings(name),
    }, deps.scoring);
    for (const skill of aliases) {
      const key = `${name}@${skill.alias}`;
      found[Object.hasOwn(found, key) ? `${key} ${series.symbol} ${horizonMinutes}m` : key] = skill;
    }
  }
  return found;
}
