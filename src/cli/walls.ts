import { type PermissionSet, revocations } from "./permission_sets.ts";

/** Every subcommand's permission set, by name, from the `deno.json` beside the source or inside the binary. */
export async function commandSets(): Promise<Readonly<Record<string, PermissionSet>>> {
  const { default: config } = await import("../../deno.json", { with: { type: "json" } });
  const { test: _test, build: _build, ...sets } = config.permissions;
  return sets;
}

/**
 * In the compiled binary, drops every permission that the chosen command's set lacks, before anything else is
 * imported. Under `deno run` the flags given are the walls, and stay.
 */
export async function narrowToCommand(command: string, args: readonly string[] = []): Promise<void> {
  if (!Deno.build.standalone) return;
  // `doctor --walls NAME` stands where NAME would stand.
  const probed = command === "doctor" ? /(?:^|\0)--walls[=\0]([^\0]+)/.exec(args.join("\0"))?.[1] : undefined;
  const sets = await commandSets();
  for (const descriptor of revocations(Object.values(sets), sets[probed ?? command] ?? {})) {
    Deno.permissions.revokeSync(descriptor);
  }
}

/** In the compiled binary, gives FFI back once DuckDB's library is loaded: it goes on working without. */
export function dropForeignFunctions(): void {
  if (Deno.build.standalone) Deno.permissions.revokeSync({ name: "ffi" });
}
