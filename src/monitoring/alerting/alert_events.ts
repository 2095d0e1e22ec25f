import { toIso } from "../../core/mod.ts";
import type { MonitorAlert } from "../alerts.ts";
import type { MonitorFindings, VersionSkill } from "../findings.ts";

/** An alert that was raised and is not over. */
export interface OpenAlert extends MonitorAlert {
  /** Since when, ISO 8601 UTC. */
  readonly since: string;
  /** When it was told last, ISO 8601 UTC. */
  readonly toldAt: string;
}

/** Something to tell about an alert. */
export interface AlertEvent extends MonitorAlert {
  /** `raised` once, `repeated` while it goes on, `resolved` when it is over. */
  readonly status: "raised" | "repeated" | "resolved";
  /** When, ISO 8601 UTC. */
  readonly at: string;
  /** Since when the alert is open, ISO 8601 UTC. */
  readonly since: string;
}

/** What is to be told now, and which alerts are open from here on. */
export interface AlertChanges {
  /** What is to be told, new and repeated ones first. */
  readonly events: readonly AlertEvent[];
  /** What is open from here on. */
  readonly open: readonly OpenAlert[];
}

/**
 * Compares what was found with the alerts that are open: a new one is told once, and again after `repeatMs` while it goes
 * on. One is over when its version was judged and nothing speaks against it; a look at other versions, at too few days or
 * without baselines says nothing about it.
 */
export function alertEvents(
  open: readonly OpenAlert[],
  { alerts, skill }: Pick<MonitorFindings, "alerts" | "skill">,
  { nowMs, repeatMs }: { readonly nowMs: number; readonly repeatMs: number },
): AlertChanges {
  const at = toIso(nowMs), before = new Map(open.map((alert) => [keyOf(alert), alert]));
  const events: AlertEvent[] = [], stillOpen: OpenAlert[] = [];
  for (const alert of alerts) {
    const known = before.get(keyOf(alert));
    before.delete(keyOf(alert));
    const since = known?.since ?? at, sinceToldMs = known === undefined ? Infinity : nowMs - Date.parse(known.toldAt);
    // A clock that was set back must not silence it for the time that it went back by.
    const isDue = sinceToldMs >= repeatMs || sinceToldMs < 0;
    if (isDue) events.push({ status: known === undefined ? "raised" : "repeated", at, since, ...alert });
    stillOpen.push({ ...alert, since, toldAt: isDue ? at : known!.toldAt });
  }
  const judged = new Set(
    Object.values(skill).filter(isJudged).map(({ name, version }) => JSON.stringify([name, version])),
  );
  for (const alert of before.values()) {
    const { toldAt: _, since, ...rest } = alert;
    if (judged.has(JSON.stringify([alert.name, alert.version]))) {
      events.push({ status: "resolved", at, since, ...rest });
    } else stillOpen.push(alert);
  }
  return { events, open: stillOpen };
}

function isJudged({ verdict, metrics }: VersionSkill): boolean {
  return verdict !== "insufficient" && Object.keys(metrics).some((name) => name.includes("_gain_"));
}

function keyOf({ code, name, version }: MonitorAlert): string {
  return JSON.stringify([code, name, version]);
}
