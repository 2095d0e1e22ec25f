import { quoted } from "./quoted.ts";

/** A permission that the runtime asked for and did not have. */
export interface LackingGrant {
  /** What was to be done: `read`, `write` or `reach`. */
  readonly act: "read" | "write" | "reach";
  /** The file, folder or host. */
  readonly place: string;
  /** How a task is given it: `READ=/data`. */
  readonly grant: string;
}

const GRANTS = { read: ["read", "READ"], write: ["write", "WRITE"], net: ["reach", "NET"] } as const;

/**
 * What Deno's `NotCapable` asks for. Its own advice is a flag of the runtime, which users of tasks and of the binary do not
 * give.
 *
 * @returns undefined where the message names nothing that a task can be given.
 */
export function lackingGrant(error: Pick<Error, "message">): LackingGrant | undefined {
  const [, kind, place] = /^Requires (read|write|net) access to "(.+?)"(?:,|$)/.exec(error.message) ?? [];
  if (kind === undefined || place === undefined) return undefined;
  const [act, word] = GRANTS[kind as keyof typeof GRANTS];
  return { act, place, grant: `${word}=${quoted(place)}` };
}
