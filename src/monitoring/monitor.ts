import { DAY_MS, MINUTE_MS, type Warning } from "../core/mod.ts";
import { alertsOf, type MonitorAlert } from "./alerts.ts";
import { scoreAliases } from "./alias_skill.ts";
import { FULL_DAYS_NEEDED } from "./day_skill.ts";
import type { FeatureDrift } from "./drift/measure_drift.ts";
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
  const skill: Record<string, VersionSkill> = {}, drift: FeatureDrift[] = [], alerts: MonitorAlert[] = [];
  const warnings: Warning[] = [];
  const newestMs = Math.max(...groups.map(({ forecasts }) => forecasts.at(-1)!.decisionTimeMs));
  const scoredVersions: (ScoredVersion & { readonly group: ForecastGroup })[] = [];
  for (const group of groups) {
    const found = await scoreVersion(group, deps, {
      isCalendar,
      predictions: samples.of(group.name, group.version),
    });
    const holdings = await deps.holdings(group.name), key = keyOf(group, skill);
    const enough = found.skill.fullDays >= FULL_DAYS_NEEDED;
    // What serves no more needs nobody's attention: its verdict says how it ended.
    const raised = enough ? alertsOf(found.skill, { drift: found.drift, holdings, limits: deps.limits }) : [];
    if (found.lastMs > newestMs - DAY_MS) alerts.push(...raised);
    skill[key] = {
      ...found.skill,
      aliases: heldNow(holdings, group.version),
      verdict: !enough ? "insufficient" : raised.length > 0 ? "alert" : "sound",
    };
    drift.push(...found.drift);
    warnings.push(...found.lacking.map((reason) => ({ code: "not-measured", message: `${key}: ${reason}` })));
    if (found.skill.learnt > 0) {
      warnings.push({
        code: "learnt-from",
        message: `${key}: ${found.skill.learnt} forecasts are of minutes that it learnt from, and are not scored`,
      });
    }
    scoredVersions.push({ ...found, group });
  }
  const total = (count: (each: VersionSkill) => number) =>
    Object.values(skill).reduce((sum, each) => sum + count(each), 0);
  return {
    scored: total(({ scored }) => scored),
    pending: total(({ pending }) => pending),
    unjoinable: total(({ unjoinable }) => unjoinable),
    skill,
    aliases: await aliasesOf(scoredVersions, deps),
    drift,
    alerts,
    log,
    warnings,
  };
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
  versions: readonly (ScoredVersion & { readonly group: ForecastGroup })[],
  deps: MonitorDeps,
): Promise<Record<string, AliasSkill>> {
  const found: Record<string, AliasSkill> = {};
  const kindOf = ({ group: { name, series, horizonMinutes } }: (typeof versions)[number]) =>
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
