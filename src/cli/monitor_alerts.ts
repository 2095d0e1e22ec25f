import type { Warning } from "../core/mod.ts";
import type { MonitorConfig } from "../config/monitor_config.ts";
import type { AlertEvent, MonitorFindings, MonitorState } from "../monitoring/mod.ts";
import type { CommandContext } from "./command.ts";

/** What there is to tell. */
export interface AlertsToTell {
  readonly findings: MonitorFindings;
  readonly state: MonitorState;
  readonly nowMs: number;
  readonly statePath: string;
}

/** What was told, and the state from here on. */
export interface ToldAlerts {
  readonly events: readonly AlertEvent[];
  readonly state: MonitorState;
  readonly warnings: readonly Warning[];
}

/** Events that are kept for a webhook that takes none; the oldest make way. */
const MOST_UNDELIVERED = 200;

/**
 * Tells what changed of the alerts: a line each in the file, then one post to the webhook with all that it has not taken
 * yet. A receiver that fails is a warning. What is to be delivered is in the state before it is sent, so that a kill
 * loses no event; it may tell one twice.
 */
export async function tellAlerts(
  context: CommandContext,
  { file, repeatHours, webhook }: MonitorConfig["alerts"],
  { findings, state, nowMs, statePath }: AlertsToTell,
): Promise<ToldAlerts> {
  const { alertEvents, appendEvents, writeState } = await import("../monitoring/mod.ts");
  const warnings: Warning[] = [];
  const { events, open } = alertEvents(state.open, findings, { nowMs, repeatMs: repeatHours * 3_600_000 });
  if (file !== null) {
    try {
      await appendEvents(file, events);
    } catch (error) {
      warnings.push({
        code: "alert-file",
        message: `Alerts could not be added to '${file}': ${(error as Error).message}`,
      });
    }
  }
  if (webhook.url === null) return { events, state: { ...state, open, undelivered: [] }, warnings };
  const undelivered = [...state.undelivered, ...events].slice(-MOST_UNDELIVERED);
  const pending = { ...state, open, undelivered };
  await writeState(statePath, pending);
  const problem = undelivered.length === 0 ? undefined : await post(context, webhook, webhook.url, undelivered);
  if (problem !== undefined) {
    warnings.push({
      code: "webhook-failed",
      message: `${undelivered.length} events wait for the webhook, which did not take them: ${problem}`,
    });
    return { events, state: pending, warnings };
  }
  return { events, state: { ...pending, undelivered: [] }, warnings };
}

/** Posts events; why that failed, or undefined. */
async function post(
  { clock, signal, env }: CommandContext,
  { timeoutSeconds, attempts }: MonitorConfig["alerts"]["webhook"],
  url: string,
  events: readonly AlertEvent[],
): Promise<string | undefined> {
  const { postEvents } = await import("../monitoring/mod.ts");
  const { hostname, port, protocol } = new URL(url);
  const host = `${hostname}:${port === "" ? protocol === "https:" ? 443 : 80 : port}`;
  if ((await Deno.permissions.query({ name: "net", host })).state !== "granted") {
    return `its host is not granted; start it with: task monitor NET=${host} (under deno run: --allow-net=${host})`;
  }
  const delivery = await postEvents(events, {
    ...{ url, attempts, clock, signal },
    secret: env("MONITOR_WEBHOOK_SECRET"),
    timeoutMs: timeoutSeconds * 1000,
  });
  return delivery.delivered ? undefined : delivery.reason;
}
