import { DAY_MS, DomainError, MINUTE_MS, parseInstantOrDuration, toIso } from "../core/mod.ts";
import type { MonitorOptions } from "../monitoring/mod.ts";
import type { Command, CommandContext, CommandResult } from "./command.ts";
import { errorText, toKnownError } from "./error_text.ts";
import { type Look, look, type LookRequest, type MonitorSettings } from "./monitor_round.ts";

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
    follow: { type: "boolean", description: "Look again as days close, and every so many minutes, until stopped" },
    every: {
      type: "number",
      value: "MIN",
      goesWith: ["follow"],
      description: "With --follow: minutes between looks (default: config, 15)",
    },
  },
  examples: [
    { line: "task monitor", does: "every version that ever answered, beside the baselines on the same minutes" },
    { line: "task monitor -- --alias production --since P7D", does: "the version that serves, over the last week" },
    { line: "task monitor -- --json", does: "scored, pending, skill, drift and alerts as one object" },
    { line: "task monitor NET=hooks.example.org:443 -- --follow", does: "as a service that may post alerts there" },
  ],
  async run(context) {
    const { options } = context;
    if (context.positionals.length > 0) {
      throw new DomainError("usage", `Unknown word '${context.positionals[0]}' after 'monitor'`, {
        hint: "See the options with: task monitor -- --help",
      });
    }
    const every = options.number("every");
    if (every !== undefined && !(every > 0 && every <= 1440)) {
      throw new DomainError(
        "usage",
        `Option '--every' must be above 0 and at most 1440 minutes: current value is ${every}`,
      );
    }
    const settings = await loadSettings(options.string("config"));
    if (options.boolean("follow")) return await follow(context, settings, every ?? settings.monitor.everyMinutes);
    const request = requestOf(context, undefined, true);
    return await resultOf(await look(context, settings, request), settings, request);
  },
};

async function loadSettings(path: string | undefined): Promise<MonitorSettings> {
  const [{ loadMonitorConfig }, { loadApiConfig }, { loadModelConfig }, { loadIngestConfig }] = await Promise.all([
    import("../config/monitor_config.ts"),
    import("../config/api_config.ts"),
    import("../config/model_config.ts"),
    import("../config/ingest_config.ts"),
  ]);
  return {
    monitor: await loadMonitorConfig(path),
    api: await loadApiConfig(),
    model: await loadModelConfig(),
    reports: (await loadIngestConfig()).reports,
  };
}

function requestOf(context: CommandContext, before: Look | undefined, isLogProven: boolean): LookRequest {
  const { options, clock } = context;
  const range = rangeOf(options.string("since"), options.string("until"), clock.nowMs());
  return { ...range, alias: options.string("alias"), before, isLogProven };
}

function rangeOf(
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

/** Minutes after midnight by which an ingest that follows has the day's last candles. */
const DAY_CLOSED_MINUTES = 2;

/** Milliseconds until the next look: so many minutes, or less where the UTC day closes before. */
export function untilNextLook(nowMs: number, everyMinutes: number): number {
  const everyMs = everyMinutes * MINUTE_MS, offsetMs = DAY_CLOSED_MINUTES * MINUTE_MS;
  const closedMs = Math.floor((nowMs - offsetMs) / DAY_MS + 1) * DAY_MS + offsetMs;
  return Math.min(everyMs, closedMs - nowMs);
}

/** Looks again and again; whatever a look runs into is told, and the next one tries anew. */
async function follow(
  context: CommandContext,
  settings: MonitorSettings,
  everyMinutes: number,
): Promise<CommandResult> {
  const { clock, signal, output } = context, { eventLine, headline } = await import("./monitor_text.ts");
  let last: Look | undefined, provenDay = NaN;
  // What is wrong with the words of the command will not mend itself.
  const request = requestOf(context, undefined, false);
  while (!signal.aborted) {
    const nowMs = clock.nowMs(), day = Math.floor(nowMs / DAY_MS);
    try {
      const found = await look(context, settings, requestOf(context, last, day !== provenDay));
      provenDay = day;
      output.note(`${toIso(nowMs)}  ${headline(found.findings)}`);
      const known = new Set(last?.warnings.map(({ message }) => message));
      for (const { message } of found.warnings.filter((each) => !known.has(each.message))) output.note(message);
      for (const event of found.events) {
        if (output.json) output.note(eventLine(event));
        else output.announce(eventLine(event));
      }
      last = found;
    } catch (error) {
      if (signal.aborted) break;
      output.note(`${toIso(nowMs)}  ${errorText(toKnownError(error))}`);
    }
    try {
      await clock.sleep(untilNextLook(clock.nowMs(), everyMinutes), { signal });
    } catch {
      break;
    }
  }
  if (last === undefined) {
    throw new DomainError("interrupted", "Stopped before a first look at the forecasts was done");
  }
  return { ...await resultOf(last, settings, request), isAnnounced: !output.json };
}

async function resultOf(
  { findings, report, warnings }: Look,
  { monitor, api }: MonitorSettings,
  { sinceMs, untilMs, alias }: LookRequest,
): Promise<CommandResult> {
  const { describe, describeNothing, nextOf } = await import("./monitor_text.ts");
  const { scored, pending, unjoinable, skill, aliases, drift, alerts, log } = findings;
  const json = { scored, pending, unjoinable, skill, aliases, drift, alerts, report };
  if (Object.keys(skill).length > 0) {
    const text = `${describe(findings)}${report === null ? "" : `\n\n${report}`}`;
    return { json, text, warnings, next: nextOf(findings) };
  }
  const directory = monitor.predictionLog ?? api.predictionLog.directory;
  const { loggedSpan } = await import("../monitoring/mod.ts");
  const logged = await loggedSpan(directory), { predictions } = log;
  const asked = { ...(sinceMs === undefined ? {} : { sinceMs }), ...(untilMs === undefined ? {} : { untilMs }), alias };
  const span = logged === undefined
    ? null
    : { forecasts: logged.forecasts, from: toIso(logged.firstMs), to: toIso(logged.lastMs) };
  return {
    json: { ...json, logged: span },
    warnings,
    ...describeNothing({ directory, ...asked, predictions, logged }),
  };
}
