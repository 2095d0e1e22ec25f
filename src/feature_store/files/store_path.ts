import { basename, dirname, join, resolve } from "node:path";
import { DomainError } from "../../core/mod.ts";

/** How a store is opened. */
export type StoreMode = "read" | "write";

/**
 * Absolute path of a store, with links followed, after checking that this process may read (and, for `write`, write)
 * it. DuckDB is native code that Deno's permissions do not hold, so this check stands in for theirs.
 *
 * @throws {DomainError} `permission-denied` naming the flag that is missing; `not-found` where there is no store to read
 * (a writer's folder is made); `input-invalid` where the path is a folder.
 */
export function checkStorePath(path: string, mode: StoreMode): string {
  const asked = resolve(path);
  requirePermission("read", asked);
  if (mode === "write") {
    requirePermission("write", asked);
    Deno.mkdirSync(dirname(asked), { recursive: true });
  }
  const folder = realPath(dirname(asked));
  if (folder === undefined) throw missingStore(path);
  let file = join(folder, basename(asked));
  const target = realPath(file);
  if (target !== undefined) {
    file = target;
    if (Deno.statSync(file).isDirectory) {
      throw new DomainError("input-invalid", `Cannot open the feature store as '${path}' is a folder`, {
        hint: "Name the database file, such as feature_store/bitcoin.duckdb",
      });
    }
  } else if (mode === "read") throw missingStore(path);
  requirePermission("read", file);
  if (mode === "write") requirePermission("write", file);
  return file;
}

function missingStore(path: string): DomainError {
  return new DomainError("not-found", `Cannot open the feature store as '${path}' does not exist`, {
    hint: "Fill it first: task ingest",
  });
}

function requirePermission(name: "read" | "write", path: string): void {
  if (Deno.permissions.querySync({ name, path }).state === "granted") return;
  throw new DomainError(
    "permission-denied",
    `Cannot open the feature store as ${name} access to '${path}' is not granted`,
    {
      hint: `Grant it with --allow-${name}=${path}, or keep the store in feature_store/`,
    },
  );
}

function realPath(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
