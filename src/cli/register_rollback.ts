import { DomainError, type ModelRegistry, toIso, type Tracker } from "../core/mod.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { loadForecastModel } from "./runtime.ts";
import { userName } from "./user_name.ts";

/** Which alias goes back, and why. */
export interface Rollback {
  readonly tracker: Tracker;
  readonly registry: ModelRegistry;
  readonly name: string;
  readonly alias: string;
  readonly reason: string;
}

/**
 * Points an alias back at the version that held it before, once the files of that version are proven again. The gate is
 * not asked: it compares with what holds the alias now, which is what somebody wants to be rid of.
 *
 * @throws {DomainError} `not-found` where nothing holds the alias, or nothing held it before; as the proof of the files.
 */
export async function rollBack(context: CommandContext, rollback: Rollback): Promise<CommandResult> {
  const { tracker, registry, name, alias, reason } = rollback;
  const { PREVIOUS_TAG, proveRunModel, recordAliasMove } = await import("../MLOps/promotion/mod.ts");
  const holder = await registry.getVersionByAlias(name, alias);
  if (holder === undefined) {
    throw new DomainError("not-found", `Cannot roll back as no version of '${name}' holds @${alias}`, {
      hint: "Register a run first: task register",
    });
  }
  const previous = holder.tags.find(({ key }) => key === PREVIOUS_TAG)?.value;
  if (previous === undefined) {
    throw new DomainError(
      "not-found",
      `Cannot roll back as no version held @${alias} before version ${holder.version}`,
      {
        hint: "Register an older run: task register -- --run-id ID --force --reason TEXT",
      },
    );
  }
  const version = await registry.getModelVersion(name, previous);
  const run = await tracker.getRun(version.runId);
  const { fileCount } = await proveRunModel(tracker, run, await loadForecastModel());
  await registry.setAlias(name, alias, previous);
  const atMs = context.clock.nowMs(), by = userName(context);
  await recordAliasMove(registry, name, alias, {
    to: previous,
    from: holder.version,
    atMs,
    ...(by === undefined ? {} : { by }),
    kind: "rollback",
    why: reason,
  });
  return {
    json: {
      name,
      version: previous,
      alias,
      runId: version.runId,
      previousVersion: holder.version,
      rolledBackAt: toIso(atMs),
    },
    text:
      `${name} version ${previous} is @${alias} again, in place of version ${holder.version}; its ${fileCount} files are as they were logged`,
    next: ["task api", "task mlflow-ui"],
  };
}
