/** A command's permission set as `deno.json` has it: lists only, so that a binary can drop what is not in one. */
export interface PermissionSet {
  /** Folders and files that may be read. */
  readonly read?: readonly string[];
  /** Folders and files that may be written. */
  readonly write?: readonly string[];
  /** Hosts, with a port where only that one is meant. */
  readonly net?: readonly string[];
  /** Environment variables. */
  readonly env?: readonly string[];
  /** System facts. */
  readonly sys?: readonly string[];
  /** Folders whose native libraries may be loaded. */
  readonly ffi?: readonly string[];
}

/** Kinds that are lists of names; FFI is a kind of its own in the binary, where its library lies in a temp folder. */
export const LISTED_KINDS = ["read", "write", "net", "env", "sys"] as const;

/** Entries that only exist beside the source; the binary carries what it needs of them, and needs no grant to read that. */
const SOURCE_ONLY = /^(src|node_modules|\.git|deno\.lock|feature_store\/sample)(\/|$)/;

/** All that any of the sets grants, sorted; what lies beside the source alone is left out. */
export function unionOfSets(
  sets: readonly PermissionSet[],
): Required<Omit<PermissionSet, "ffi">> & { readonly ffi: boolean } {
  const all = (kind: (typeof LISTED_KINDS)[number]) =>
    [...new Set(sets.flatMap((set) => set[kind] ?? []))].filter((entry) => !SOURCE_ONLY.test(entry)).sort();
  return {
    read: all("read"),
    write: all("write"),
    net: all("net"),
    env: all("env"),
    sys: all("sys"),
    ffi: sets.some((set) => (set.ffi ?? []).length > 0),
  };
}

/** Flags of `deno compile` for the union of the sets. */
export function unionFlags(sets: readonly PermissionSet[]): string[] {
  const union = unionOfSets(sets);
  return [
    ...LISTED_KINDS.filter((kind) => union[kind].length > 0).map((kind) => `--allow-${kind}=${union[kind].join(",")}`),
    // The library is unpacked into a temp folder whose name is not known beforehand.
    ...(union.ffi ? ["--allow-ffi"] : []),
  ];
}

/** What a command must give back of the union, as arguments of `Deno.permissions.revoke`. */
export function revocations(sets: readonly PermissionSet[], own: PermissionSet): Deno.PermissionDescriptor[] {
  const union = unionOfSets(sets);
  const surplus = (kind: (typeof LISTED_KINDS)[number]) =>
    // Taking back a part of what the command has would take all of it.
    union[kind].filter((entry) => !(own[kind] ?? []).some((granted) => covers(kind, granted, entry)));
  return [
    ...surplus("read").map((path) => ({ name: "read", path }) as const),
    ...surplus("write").map((path) => ({ name: "write", path }) as const),
    ...surplus("net").map((host) => ({ name: "net", host }) as const),
    ...surplus("env").map((variable) => ({ name: "env", variable }) as const),
    ...surplus("sys").map((kind) =>
      ({ name: "sys", kind: kind as Deno.SysPermissionDescriptor["kind"] & string }) as const
    ),
    ...(union.ffi && (own.ffi ?? []).length === 0 ? [{ name: "ffi" } as const] : []),
  ];
}

/** Whether a granted entry allows all that `entry` does: the same, a folder above it, or a host with any port. */
function covers(kind: (typeof LISTED_KINDS)[number], granted: string, entry: string): boolean {
  if (granted === entry) return true;
  if (kind === "net") return entry.startsWith(`${granted}:`);
  return (kind === "read" || kind === "write") && entry.startsWith(`${granted}/`);
}
