import { toIso } from "../core/mod.ts";
import type { RollbackRequest, RolledBack } from "../MLOps/promotion/mod.ts";
import type { CommandResult } from "./command.ts";

/** What a rollback says. */
export function rollbackResult(
  { name, alias }: RollbackRequest,
  { version, from, atMs, fileCount }: RolledBack,
): CommandResult {
  return {
    json: {
      name,
      version: version.version,
      alias,
      runId: version.runId,
      previousVersion: from.version,
      rolledBackAt: toIso(atMs),
    },
    text:
      `${name} version ${version.version} is @${alias} again, in place of version ${from.version}; its ${fileCount} files are as they were logged`,
    next: ["task api", "task mlflow-ui"],
  };
}
