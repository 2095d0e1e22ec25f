/**
 * Prints the `deno run` flags that widen a command's permission set by what the user names:
 * `READ=DIR[,DIR…] WRITE=DIR[,…] NET=HOST:PORT[,…] HOST=… PORT=…`. A flag beside a set replaces the set's list of that
 * kind, so the list is read from deno.json and repeated with the addition: one source, nothing to keep equal. Each flag is
 * quoted for a shell, as folders may have blanks.
 *
 * @module
 */

import { isAbsolute, join } from "node:path";
import type { PermissionSet } from "../src/cli/permission_sets.ts";
import { quoted } from "../src/core/quoted.ts";

/**
 * Flags for `deno run`. Folders are relative to `callerDir`, where it is given: the program runs in the project's folder.
 *
 * @throws {RangeError} on a word that is no grant.
 */
export function grantFlags(set: PermissionSet, words: readonly string[], callerDir?: string): string[] {
  const folders = (list: string) =>
    list.split(",").map((path) => callerDir === undefined || isAbsolute(path) ? path : join(callerDir, path));
  const extra: Record<"read" | "write" | "net", string[]> = { read: [], write: [], net: [] };
  let host = "127.0.0.1";
  let port: string | undefined;
  for (const word of words) {
    const [, name, value] = /^([A-Z]+)=(.*)$/s.exec(word) ?? [];
    if (value === "") continue;
    if (name === "READ") extra.read.push(...folders(value!));
    else if (name === "WRITE") extra.write.push(...folders(value!));
    else if (name === "NET") extra.net.push(...value!.split(","));
    else if (name === "HOST") host = value!;
    else if (name === "PORT") port = value!;
    else throw new RangeError(`Unknown grant '${word}': READ, WRITE, NET, HOST and PORT can be given`);
  }
  if (port !== undefined) {
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
      throw new RangeError(`PORT must be a port number: current value is '${port}'`);
    }
    extra.net.push(`${host}:${port}`);
  } else if (host !== "127.0.0.1") throw new RangeError("HOST needs PORT beside it");
  // A folder to write to must be readable too: results are read back before they are renamed into place.
  extra.read.push(...extra.write);
  return (["read", "write", "net"] as const).flatMap((kind) => {
    if (extra[kind].length === 0) return [];
    return [`--allow-${kind}=${[...(set[kind] ?? []), ...extra[kind]].join(",")}`];
  });
}

if (import.meta.main) {
  const [command = "", ...words] = Deno.args;
  const sets = JSON.parse(Deno.readTextFileSync("deno.json")).permissions as Record<string, PermissionSet>;
  try {
    const set = sets[command];
    if (set === undefined) {
      throw new RangeError(`Task '${command}' takes no grants: ${Object.keys(sets).join(", ")} do`);
    }
    Deno.stdout.writeSync(
      new TextEncoder().encode(grantFlags(set, words, Deno.env.get("USER_WORKING_DIR")).map(quoted).join(" ")),
    );
  } catch (error) {
    Deno.stderr.writeSync(new TextEncoder().encode(`${(error as Error).message}\n`));
    Deno.exit(2);
  }
}
