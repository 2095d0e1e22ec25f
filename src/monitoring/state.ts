import { DomainError, toIso } from "../core/mod.ts";
import type { AlertEvent, OpenAlert } from "./alerting/alert_events.ts";
import type { DaySkill } from "./day_skill.ts";
import type { MonitorFindings } from "./findings.ts";

/** A full day of a version that was scored once; kept when the log is pruned. */
export interface KeptDay extends Omit<DaySkill, "full"> {
  /** Registered model. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
}

/** What monitoring remembers between runs (`reports/monitoring/state.json`). */
export interface MonitorState {
  /** Layout of the file. */
  readonly layout: 1;
  /** When it was written, ISO 8601 UTC. */
  readonly updatedAt: string;
  /** Full days by name, version and day. */
  readonly days: readonly KeptDay[];
  /** Alerts that were raised and are not over. */
  readonly open: readonly OpenAlert[];
  /** Events that the webhook has not taken yet, oldest first. */
  readonly undelivered: readonly AlertEvent[];
}

const EMPTY: MonitorState = { layout: 1, updatedAt: toIso(0), days: [], open: [], undelivered: [] };

/** The state in `path`, or an empty one where there is none. @throws {DomainError} `config-invalid`. */
export async function readState(path: string): Promise<MonitorState> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return EMPTY;
    throw error;
  }
  try {
    // Files of earlier versions have days alone.
    const state: MonitorState = { ...EMPTY, ...JSON.parse(text) };
    const lists = [state.days, state.open, state.undelivered];
    if (state.layout === 1 && lists.every(Array.isArray)) return state;
  } catch {
    // Falls through to the error below, which says the same for every kind of damage.
  }
  throw new DomainError("config-invalid", `Cannot read what was monitored before as '${path}' is damaged`, {
    hint: "Move it away; what the log still holds is scored again",
  });
}

/** The state with the full days of these findings in place of what it had for them. */
export function mergeState(state: MonitorState, findings: MonitorFindings, nowMs: number): MonitorState {
  const days = new Map(state.days.map((day) => [keyOf(day), day]));
  for (const { name, version, days: found } of Object.values(findings.skill)) {
    for (const { full, ...day } of found) {
      if (full) days.set(keyOf({ name, version, day: day.day }), { name, version, ...day });
    }
  }
  const sorted = [...days].sort(([a], [b]) => a < b ? -1 : 1).map(([, day]) => day);
  return { ...state, updatedAt: toIso(nowMs), days: sorted };
}

/** Writes the state beside its place and renames it. */
export async function writeState(path: string, state: MonitorState): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  await Deno.mkdir(folder, { recursive: true });
  const draft = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  await Deno.writeTextFile(draft, `${JSON.stringify(state, null, 1)}\n`);
  await Deno.rename(draft, path);
}

function keyOf({ name, version, day }: Pick<KeptDay, "name" | "version" | "day">): string {
  return `${name}\0${version.padStart(10, "0")}\0${day}`;
}
