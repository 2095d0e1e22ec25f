import {
  DomainError,
  type FeatureReader,
  isDomainError,
  parseInstantOrDuration,
  toIso,
  type Warning,
} from "../core/mod.ts";
import type { MonitorFindings, MonitorOptions } from "../monitoring/mod.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { figure } from "./monitor_report.ts";
import { openFeatureStore, openRegistry, openTracker } from "./runtime.ts";
import { renderTable } from "./table.ts";

const FOLLOW_EVERY_MS = 60_000;

/** `monitor`: logged forecasts against what happened. */
export const command: Command = {
  summary: "Score logged forecasts against what happened",
  options: {
    since: {
      type: "string",
      value: "DATE",
      description: "First decision time: a date, or back from now, P30D (default: all)",
    },
    until: { type: "string", value: "DATE", description: "End of the decision times, exclusive (default: all)" },
    alias: {
      type: "string",
      value: "NAME",
      description: "Only the version that this alias points to now (default: all versions)",
    },
    follow: { type: "boolean", description: "Go on every minute until stopped" },
  },
  examples: [
    { line: "task monitor", does: "every version that ever answered, beside plain methods on the same minutes" },
    { line: "task monitor -- --alias production --since P7D", does: "the version that serves, over the last week" },
    { line: "task monitor -- --json", does: "scored, pending, skill, drift and alerts as one object" },
  ],
  async run(context) {
    if (context.positionals.length > 0) {
      throw new DomainError("usage", `Unknown word '${context.positionals[0]}' after 'monitor'`, {
        hint: "See the options with: task monitor -- --help",
      });
    }
    if (!context.options.boolean("follow")) return await round(context, "always");
    let last = await round(context, "always");
    while (!context.signal.aborted) {
      context.output.note(`${toIso(context.clock.nowMs())}  ${headline(last.findings)}`);
      try {
        await context.clock.sleep(FOLLOW_EVERY_MS, { signal: context.signal });
      } catch {
        break;
      }
      last = await round(context, { unlessAs: last.findings, report: last.report });
    }
    return last;
  },
};

/** Whether a round writes a report: always, or only where there are other full days or alerts than before. */
type WhenToReport = "always" | { readonly unlessAs: MonitorFindings; readonly report: string | null };

interface Round extends CommandResult {
  readonly findings: MonitorFindings;
  readonly report: string | null;
}

async function round(context: CommandContext, when: WhenToReport): Promise<Round> {
  const { options, clock } = context;
  const [{ mergeState, monitorForecasts, readState, writeState }, scoring, { loadApiConfig }, { loadIngestConfig }] =
    await Promise.all([
      import("../monitoring/mod.ts"),
      import("./monitor_scoring.ts"),
      import("../config/api_config.ts"),
      import("../config/ingest_config.ts"),
    ]);
  const apiConfig = await loadApiConfig(options.string("config"));
  const { reports } = await loadIngestConfig();
  const nowMs = clock.nowMs();
  const warnings: Warning[] = [];
  const directory = apiConfig.predictionLog.directory;
  await using registry = await openLocal(() => openRegistry(context, { readOnly: true }));
  const only = await versionAt(registry, options.string("alias"), apiConfig.modelUri);
  let findings: MonitorFindings;
  {
    await using store = await openStore(context, warnings);
    findings = await monitorForecasts({
      store,
      scoring: await scoring.liveScoring(),
      references: registry === undefined ? () => Promise.resolve(undefined) : scoring.referencesFrom(registry),
    }, {
      directory,
      ...range(options.string("since"), options.string("until"), nowMs),
      ...(only === undefined ? {} : { only }),
      isCalendar: scoring.isCalendarFeature,
    });
  }
  const { log } = findings;
  if (log.unreadable > 0) {
    warnings.push({
      code: "log-unreadable",
      message: `${log.unreadable} lines of the log are no records; a killed service leaves one`,
    });
  }
  if (log.lost > 0) warnings.push({ code: "log-lost", message: `The service could not log ${log.lost} records` });
  if (Object.keys(findings.skill).length === 0) return nothing(findings, directory, warnings);

  const statePath = `${reports}/monitoring/state.json`;
  await writeState(statePath, mergeState(await readState(statePath), findings, nowMs));
  await noteAtRuns(context, findings, warnings);
  const previous = when === "always" ? undefined : when;
  const report = previous !== undefined && !isNews(findings, previous.unlessAs)
    ? previous.report
    : await writeReport(context, findings, reports, nowMs);
  return {
    findings,
    report,
    json: { ...resultOf(findings), report },
    text: `${describe(findings)}${report === null ? "" : `\n\n${report}`}`,
    warnings,
    next: nextOf(findings),
  };
}

function resultOf({ scored, pending, unjoinable, skill, drift, alerts }: MonitorFindings) {
  return { scored, pending, unjoinable, skill, drift, alerts };
}

function nothing(findings: MonitorFindings, directory: string, warnings: readonly Warning[]): Round {
  const { predictions } = findings.log;
  const text = predictions > 0
    ? `No forecast is logged in '${directory}' for these versions and times; its ${predictions} answers to given rows have no outcome`
    : `No forecast is logged in '${directory}' yet`;
  return {
    findings,
    report: null,
    json: { ...resultOf(findings), report: null },
    text,
    warnings,
    next: [
      "task api          it logs a forecast at each closed minute",
      "task ingest       brings the minutes in",
    ],
  };
}

function range(
  since: string | undefined,
  until: string | undefined,
  nowMs: number,
): Pick<MonitorOptions, "sinceMs" | "untilMs"> {
  const sinceMs = since === undefined ? undefined : parseInstantOrDuration(since, nowMs, "--since");
  const untilMs = until === undefined ? undefined : parseInstantOrDuration(until, nowMs, "--until");
  if (sinceMs !== undefined && untilMs !== undefined && untilMs <= sinceMs) {
    throw new DomainError(
      "usage",
      `Option '--until' must be after '--since': they are ${toIso(untilMs)} and ${toIso(sinceMs)}`,
    );
  }
  return { ...(sinceMs === undefined ? {} : { sinceMs }), ...(untilMs === undefined ? {} : { untilMs }) };
}

type Registry = Awaited<ReturnType<typeof openRegistry>>;

/** A store of runs that does not exist yet is none, not a failure. */
async function openLocal<T>(open: () => Promise<T>): Promise<T | undefined> {
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

async function openStore(context: CommandContext, warnings: Warning[]): Promise<FeatureReader | undefined> {
  try {
    return await openFeatureStore(context, { mode: "read" });
  } catch (error) {
    if (!isDomainError(error, "not-found")) throw error;
    warnings.push({ code: "no-candles", message: "There is no feature store, so no outcome is known" });
    return undefined;
  }
}

/** The live scores, at the runs of the versions; a run that is gone or out of reach is a warning. */
async function noteAtRuns(context: CommandContext, findings: MonitorFindings, warnings: Warning[]): Promise<void> {
  const { liveMetrics } = await import("../monitoring/mod.ts");
  const versions = Object.values(findings.skill).filter(({ runId, scored }) => runId !== "" && scored > 0);
  if (versions.length === 0) return;
  try {
    await using tracker = await openTracker(context);
    for (const skill of versions) await liveMetrics(tracker, skill);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    warnings.push({ code: "run-not-noted", message: `The live scores are not at the run: ${error.message}` });
  }
}

/** Whether there are other full days or alerts than before. */
function isNews(findings: MonitorFindings, before: MonitorFindings): boolean {
  const gist = ({ alerts, skill }: MonitorFindings) =>
    JSON.stringify([
      alerts.map(({ code, name, version }) => [code, name, version]),
      Object.values(skill).map(({ fullDays }) => fullDays),
    ]);
  return gist(findings) !== gist(before);
}

async function writeReport(
  context: CommandContext,
  findings: MonitorFindings,
  outDir: string,
  nowMs: number,
): Promise<string> {
  const [{ renderReport }, { monitoringReport }] = await Promise.all([
    import("../reporting/mod.ts"),
    import("./monitor_report.ts"),
  ]);
  const { progress, signal } = context;
  const { files } = await renderReport(monitoringReport(findings, nowMs), { outDir, formats: ["html", "json"] }, {
    progress,
    signal,
  });
  return files.find((file) => file.endsWith(".html")) ?? files[0]!;
}

function headline({ scored, pending, unjoinable, alerts }: MonitorFindings): string {
  return `${scored} scored, ${pending} pending, ${unjoinable} unjoinable, ${alerts.length} alerts`;
}

function describe(findings: MonitorFindings): string {
  const table = renderTable(
    [
      { title: "version" },
      { title: "scored", align: "right" },
      { title: "pending", align: "right" },
      { title: "unjoinable", align: "right" },
      { title: "QLIKE", align: "right" },
      { title: "EWMA's", align: "right" },
      { title: "log-loss", align: "right" },
      { title: "coin's", align: "right" },
      { title: "cover 90 %", align: "right" },
      { title: "verdict" },
    ],
    Object.entries(findings.skill).map(([key, { scored, pending, unjoinable, metrics, verdict, fullDays }]) => [
      key,
      String(scored),
      String(pending),
      String(unjoinable),
      figure(metrics["qlike"], 4),
      figure(metrics["baseline_ewma_qlike"], 4),
      figure(metrics["log_loss"], 4),
      figure(metrics["baseline_coin_log_loss"], 4),
      figure(metrics["coverage_90"], 3),
      verdict === "insufficient" ? `${fullDays} of 5 full days` : verdict,
    ]),
  );
  const alerts = findings.alerts.map(({ name, version, message, command }) =>
    `${name}/${version}: ${message}\n  ${command}`
  );
  return [table, ...alerts].join("\n\n");
}

function nextOf({ scored, alerts }: MonitorFindings): string[] {
  if (alerts.length > 0) return alerts.map(({ command }) => command);
  return scored === 0
    ? ["task ingest        brings in the minutes that decide"]
    : ["task mlflow-ui     shows live scores beside the backtest"];
}
