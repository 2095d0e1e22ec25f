import { dirname } from "node:path";
import type { AlertEvent } from "./alert_events.ts";

/** Adds events to a file, a line of JSON each; the file and its folder are made where they are not there. */
export async function appendEvents(path: string, events: readonly AlertEvent[]): Promise<void> {
  if (events.length === 0) return;
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, events.map((event) => `${JSON.stringify(event)}\n`).join(""), { append: true });
}
