/**
 * Prints the `deno run` flags that widen a command's permission set by what the user names:
 * `READ=DIR[,DIR…] WRITE=DIR[,…] NET=HOST:PORT[,…] HOST=… PORT=…`. A flag beside a set replaces the set's list of that
 * kind, so the list is read from deno.json and repeated with the addition: one source, nothing to keep equal.
 *
 * @module
 */

import type { PermissionSet } from "../src/cli/permission_sets.ts";

/** Flags for `deno run`, one a word. @throws {RangeError} on a word that is no grant. */
export function grantFlags(set: PermissionSet, words: readonly string[]): string[] {
  const extra: Record<"read" | "write" | "net", string[]> = { read: [], write: [], net: [] };
  let host = "127.0.0.1";
  let port: string | undefined;
  for (const word of words) {
    const [, name, value] = /^([A-Z]+)=(.*)$/s.exec(word) ?? [];
    if (value === "") continue;
    if (value !== undefined && /\s/.test(value)) {
      throw new RangeError(
        `Cannot grant a name with a blank in it, as grants are separate words: current value is '${value}'`,
      );
    }
    if (name === "READ") extra.read.push(...value!.split(","));
    else if (name === "WRITE") extra.write.push(...value!.split(","));
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
    Deno.stdout.writeSync(new TextEncoder().encode(grantFlags(set, words).join(" ")));
  } catch (error) {
    Deno.stderr.writeSync(new TextEncoder().encode(`${(error as Error).message}\n`));
    Deno.exit(2);
  }
}
