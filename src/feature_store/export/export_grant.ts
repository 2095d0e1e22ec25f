import { resolve } from "node:path";
import { DomainError, quoted } from "../../core/mod.ts";

/**
 * Asks Deno's permissions for a folder to export to: native code, which writes there, is not held by them.
 *
 * @throws {DomainError} `permission-denied`.
 */
export function requireExportGrant(folder: string): void {
  if (Deno.permissions.querySync({ name: "write", path: resolve(folder) }).state === "granted") return;
  throw new DomainError("permission-denied", `Cannot export to '${folder}' as write access is not granted`, {
    hint: `Grant it: task ingest WRITE=${quoted(folder)} -- --export ${quoted(`parquet:${folder}`)}`,
  });
}
