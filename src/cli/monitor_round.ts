import { DomainError, type FeatureReader, isDomainError, type Warning } from "../core/mod.ts";
import type { ApiConfig } from "../config/api_config.ts";
import type { ModelConfig } from "../config/model_config.ts";
import type { MonitorConfig } from "../config/monitor_config.ts";
import type { AlertEvent, MonitorFindings, MonitorOptions } from "../monitoring/mod.ts";
import type { Report } from "../reporting/mod.ts";
import type { CommandContext } from "./command.ts";
import { FileLock } from "./file_lock.ts";
import { tellAlerts } from "./monitor_alerts.ts";
import { isCalendarFeature, liveScoring } from "./monitor_scoring.ts";
import { registeredVersions } from "./monitor_versions.ts";
import { liveYardstick, yardstickDeps } from "./monitor_yardstick.ts";
import { openFeatureStore, openRegistry, openTracker } from "./runtime.ts";

/** All settings that a look reads. */
export interface MonitorSettings {
  readonly monitor: MonitorConfig;
  readonly api: ApiConfig;
  readonly model: ModelConfig;
  /** Folder of all reports. */
  readonly reports: string;
}

/** What a look is about. */
export interface LookRequest extends Pick<MonitorOptions, "sinceMs" | "untilMs"> {
  /** Only the version that this alias points to. */
  readonly alias: string | undefined;
  /** Whether the log is proven too: it is read once more for that. */
  readonly isLogProven: boolean;
  /** A report is written where there are other full days or alerts than these; always without any. */
  readonly before: Look | undefined;
}

/** What a look found and left behind. */
export interface Look {
  readonly findings: MonitorFindings;
  /** Path of the report, or null where none was written. */
  readonly report: string | null;
  /** What was told of alerts. */
  readonly events: readonly AlertEvent[];
  readonly warnings: readonly Warning[];
  /** What the last proof of the log said; among the warnings too. */
  readonly proof: readonly Warning[];
}

/** One look at the log: scores, state, metrics at the runs, report, alerts. One process looks at a time. */
export async function look(context: CommandContext, settings: MonitorSettings, request: LookRequest): Promise<Look> {
  const [{ mergeState, monitorForecasts, readState, writeState }, { monitoringReport }] = await Promise.all([
    import("../monitoring/mod.ts"),
    import("./monitor_report.ts"),
  ]);
  const { reports, api, monitor } = settings, folder = `${reports}/monitoring`, warnings: Warning[] = [];
  await Deno.mkdir(folder, { recursive: true });
  await using _lock = await FileLock.acquire(`${folder}/monitor.lock`, {
    message: "Cannot look at the forecasts as another monitor is at it",
    hint: "Wait for it, or stop it; with --follow it looks again later",
  });
  const nowMs = context.clock.nowMs(), directory = monitor.predictionLog ?? api.predictionLog.directory;
  await using registry = await unlessAbsent(() => openRegistry(context, { readOnly: true }));
  const only = await versionAt(registry, request.alias, api.modelUri);
  const versions = registeredVersions(registry), store = await storeForMoments(context, warnings);
  const { split } = settings.model.evaluation;
  const findings = await monitorForecasts({
    store,
    scoring: await liveScoring(),
    ...versions,
    yardstick: liveYardstick(yardstickDeps({ store, modelOf: versions.modelOf, split }, context.signal)),
    limits: settings.model.gate,
  }, {
    directory,
    ...(request.sinceMs === undefined ? {} : { sinceMs: request.sinceMs }),
    ...(request.untilMs === undefined ? {} : { untilMs: request.untilMs }),
    ...(only === undefined ? {} : { only }),
    isCalendar: isCalendarFeature,
  });
  warnings.push(...findings.warnings, ...logWarnings(findings));
  const proof = request.isLogProven ? await proveLog(directory, settings, registry) : request.before?.proof ?? [];
  warnings.push(...proof);
  if (Object.keys(findings.skill).length === 0) return { findings, report: null, events: [], warnings, proof };

  const statePath = `${folder}/state.json`;
  let state = mergeState(await readState(statePath), findings, nowMs);
  const backtests = await noteAtRuns(context, findings, warnings);
  const { before } = request;
  const report = before !== undefined && !isNews(findings, before.findings)
    ? before.report
    : await writeReport(context, monitoringReport(findings, { nowMs, backtests }), reports);
  // Only now: whatever the receivers of alerts do, the rest is done.
  const told = await tellAlerts(context, monitor.alerts, { findings, state, nowMs, statePath });
  state = told.state;
  await writeState(statePath, state);
  return { findings, report, events: told.events, warnings: [...warnings, ...told.warnings], proof };
}

type Registry = Awaited<ReturnType<typeof openRegistry>>;

/** A store of runs that does not exist yet is none, not a failure. */
async function unlessAbsent<T>(open: () => Promise<T>): Promise<T | undefined> {
  try {
    return await open();
  } catch (error) {
    if (isDomainError(error, "not-found")) return undefined;
    throw error;
  }
}

async function versionAt(registry: Registry | undefined, alias: string | undefined, modelUri: string) {
  if (alias === undefined) return undefined;
  const { parseModelUri } = await import("../api/mod.ts");
  const { name } = parseModelUri(modelUri);
  const version = await registry?.getVersionByAlias(name, alias);
  if (version !== undefined) return { name, version: version.version };
  throw new DomainError("not-found", `Cannot monitor as no version of '${name}' has the alias '${alias}'`, {
    hint: "Point it at one: task register -- --alias NAME, or leave --alias out to see every version",
  });
}

/** The store, opened for each reading alone: an ingest can go on while baselines are fitted. */
async function storeForMoments(
  context: CommandContext,
  warnings: Warning[],
): Promise<Pick<FeatureReader, "span" | "loadCandles"> | undefined> {
  const withStore = async <T>(read: (store: FeatureReader) => Promise<T>) => {
    await using store = await openFeatureStore(context, { mode: "read" });
    return await read(store);
  };
  const isThere = await unlessAbsent(() => withStore(() => Promise.resolve(true)));
  if (isThere === undefined) {
    warnings.push({ code: "no-candles", message: "There is no feature store, so no outcome is known" });
    return undefined;
  }
  return {
    span: (series) => withStore((store) => store.span(series)),
    loadCandles: (query) => withStore((store) => store.loadCandles(query)),
  };
}

function logWarnings({ log }: MonitorFindings): Warning[] {
  const told: [count: number, code: string, message: string][] = [
    [
      log.unreadable,
      "log-unreadable",
      `${log.unreadable} lines of the log are no records; a killed service leaves one`,
    ],
    [log.lost, "log-lost", `The service could not log ${log.lost} records`],
    [log.late, "log-late", `${log.late} forecasts were given when their outcome was known, by the service's clock`],
  ];
  return told.filter(([count]) => count > 0).map(([, code, message]) => ({ code, message }));
}

/** An edited log proves nothing; without its key, or the registry with its anchors, nobody can tell, which is told too. */
async function proveLog(
  directory: string,
  { api }: MonitorSettings,
  registry: Registry | undefined,
): Promise<Warning[]> {
  const { keyGone, readAnchors, readKey, verifyLog, writtenInstances } = await import("../api/mod.ts");
  const notProven = (why: string): Warning[] => [
    { code: "log-not-proven", message: `Nobody could tell whether the log was altered: ${why}` },
  ];
  try {
    const anchors = registry === undefined ? new Map<string, never>() : await readAnchors(registry);
    const written = await writtenInstances(directory), { keyFile } = api.predictionLog;
    // Anchors without a log are of one that somebody took away.
    if (written.length === 0 && anchors.size === 0) return [];
    const key = await readKey(keyFile);
    if (key === undefined) {
      return notProven(keyGone(keyFile, written.length > 0 ? written : [...anchors.keys()]).message);
    }
    const instances = await verifyLog(directory, { key, anchors });
    const altered = instances.flatMap(({ instance, problem }) =>
      problem === null ? [] : [{
        code: "log-altered",
        message: `The log of ${instance} is not as it was written, so its scores prove nothing: ${problem}`,
      }]
    );
    if (registry !== undefined) return altered;
    return [...altered, ...notProven("there is no model registry, which the anchors of its end are in")];
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === "interrupted") throw error;
    return notProven(error.message);
  }
}

/** What a run's backtest said, by run. */
export type Backtests = ReadonlyMap<string, Readonly<Record<string, number>>>;

/** Puts the live scores at the runs of the versions, and reads their backtests; a run that is gone or out of reach is a warning. */
async function noteAtRuns(
  context: CommandContext,
  findings: MonitorFindings,
  warnings: Warning[],
): Promise<Backtests> {
  const { liveMetrics } = await import("../monitoring/mod.ts");
  const versions = Object.values(findings.skill).filter(({ runId, scored }) => runId !== "" && scored > 0);
  const backtests = new Map<string, Readonly<Record<string, number>>>();
  const warn = (error: unknown, what: string) => {
    if (!(error instanceof DomainError) || error.code === "interrupted") throw error;
    warnings.push({
      code: "run-not-noted",
      message: `The live scores of ${what} are not at the run: ${error.message}`,
    });
  };
  if (versions.length === 0) return backtests;
  try {
    await using tracker = await openTracker(context, { create: false });
    for (const skill of versions) {
      try {
        const { metrics } = await tracker.getRun(skill.runId);
        backtests.set(skill.runId, Object.fromEntries(metrics.map(({ key, value }) => [key, value])));
        await liveMetrics(tracker, skill);
      } catch (error) {
        warn(error, `${skill.name}/${skill.version}`);
      }
    }
  } catch (error) {
    warn(error, "all versions");
  }
  return backtests;
}

/** Whether there are other full days or alerts than before. */
function isNews(findings: MonitorFindings, before: MonitorFindings): boolean {
  const gist = ({ alerts, skill }: MonitorFindings) =>
    JSON.stringify([
      alerts.map(({ code, name, version }) => [code, name, version]),
      Object.entries(skill).map(([key, { fullDays }]) => [key, fullDays]),
    ]);
  return gist(findings) !== gist(before);
}

async function writeReport({ progress, signal }: CommandContext, report: Report, outDir: string): Promise<string> {
  const { renderReport } = await import("../reporting/mod.ts");
  const target = { outDir, formats: ["pdf", "html", "json"] as const };
  const { files } = await renderReport(report, target, { progress, signal });
  return files.find((file) => file.endsWith(".pdf")) ?? files[0]!;
}
