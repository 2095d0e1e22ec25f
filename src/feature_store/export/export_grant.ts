import { resolve } from "node:path";
import { DomainError, quoted } from "../../core/mod.ts";

/**
 * Asks Deno's permissions for a folder to export to: native code, which writes there, is not held by them.
 *
 * @throws {DomainError} `permission-denied`; `usage` where something else than a folder is there.
 */
export function requireExportGrant(folder: string): void {
  if (Deno.permissions.querySync({ name: "write", path: resolve(folder) }).state === "granted") {
    if (isFolderOrNothing(folder)) return;
    throw new DomainError("usage", `Cannot export to '${folder}' as it is no folder`, {
      hint: "Name a folder, which is made where it is not there: --export parquet:DIR",
    });
  }
  throw new DomainError("permission-denied", `Cannot export to '${folder}' as write access is not granted`, {
    hint: `Grant it: task ingest WRITE=${quoted(folder)} -- --export ${quoted(`parquet:${folder}`)}`,
  });
}

function isFolderOrNothing(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    // What may not be read, or a file in its path, is told where the files are written.
    return !(error instanceof Deno.errors.NotADirectory);
  }
}
