import {
  type Clock,
  DomainError,
  isDomainError,
  type LoadForecastModel,
  type ModelRegistry,
  type ModelVersion,
  type Tracker,
} from "../../core/mod.ts";
import { type AliasMove, readAliasMoves, withAliasMove } from "./alias_history.ts";
import { PREVIOUS_TAG } from "./promote.ts";
import { proveRunModel } from "./run_model.ts";

/** What {@linkcode rollBack} works with. */
export interface RollbackDeps {
  /** Runs, their models and files. */
  readonly tracker: Tracker;
  /** Versions and aliases. */
  readonly registry: ModelRegistry;
  /** Proves and loads a model. */
  readonly loadModel: LoadForecastModel;
  /** Says when. */
  readonly clock: Pick<Clock, "nowMs">;
}

/** Which alias goes back, and why. */
export interface RollbackRequest {
  /** Registered model. */
  readonly name: string;
  /** Alias to move. */
  readonly alias: string;
  /** Version to go back to, one of {@linkcode earlierHolders}. @default the one before */
  readonly to?: string;
  /** Who asks; unset where the system does not say. */
  readonly by?: string;
  /** Why, for the history. */
  readonly why: string;
}

/** An alias that went back. */
export interface RolledBack {
  /** Version that holds the alias again. */
  readonly version: ModelVersion;
  /** Version that held it until now. */
  readonly from: ModelVersion;
  /** When, epoch milliseconds. */
  readonly atMs: number;
  /** Files of the version, proven again. */
  readonly fileCount: number;
}

/** The version that holds an alias, and those that held it before, newest first. */
export async function earlierHolders(
  registry: ModelRegistry,
  name: string,
  alias: string,
): Promise<{ readonly holder: ModelVersion | undefined; readonly earlier: readonly ModelVersion[] }> {
  const holder = await registry.getVersionByAlias(name, alias);
  if (holder === undefined) return { holder, earlier: [] };
  const moves = readAliasMoves(await registry.getRegisteredModel(name), alias);
  const earlier: ModelVersion[] = [];
  const seen = new Set([holder.version]);
  for (let version: ModelVersion | undefined = holder; version !== undefined;) {
    const previous: string | undefined = previousHolder(version, moves);
    // A run that was promoted twice is its own predecessor's predecessor.
    if (previous === undefined || seen.has(previous)) break;
    seen.add(previous);
    version = await versionOrNone(registry, name, previous);
    if (version !== undefined) earlier.push(version);
  }
  return { holder, earlier };
}

/**
 * The version before this one by the alias's own moves. The tag of a version knows of one alias only, and counts where
 * an alias has no history: it was moved before histories were kept.
 */
function previousHolder({ version, tags }: ModelVersion, moves: readonly AliasMove[]): string | undefined {
  if (moves.length === 0) return tags.find(({ key }) => key === PREVIOUS_TAG)?.value;
  // Back from a rollback is what somebody wanted to be rid of.
  const arrival = moves.findLast(({ to, kind }) => to === version && kind !== "rollback");
  if (arrival !== undefined) return arrival.from;
  // Another program moved the alias here, from where it was left.
  return moves.some(({ to }) => to === version) ? undefined : moves.at(-1)!.to;
}

/**
 * Points an alias back at a version that held it before, once the files of that version are proven again. The gate is
 * not asked: it compares with what holds the alias now, which is what somebody wants to be rid of.
 *
 * @throws {DomainError} `not-found` where nothing holds the alias, or nothing held it before; `usage` for a version that
 *   never held it; `gate-refused` where the alias was moved meanwhile; as the proof of the files.
 */
export async function rollBack(
  { tracker, registry, loadModel, clock }: RollbackDeps,
  { name, alias, to, by, why }: RollbackRequest,
): Promise<RolledBack> {
  const { holder, earlier } = await earlierHolders(registry, name, alias);
  if (holder === undefined) {
    throw new DomainError("not-found", `Cannot roll back as no version of '${name}' holds @${alias}`, {
      hint: "Register a run first: task register",
    });
  }
  const version = to === undefined ? earlier[0] : earlier.find((candidate) => candidate.version === to);
  if (version === undefined && (to === undefined || earlier.length === 0)) {
    throw new DomainError(
      "not-found",
      `Cannot roll back as no version held @${alias} before version ${holder.version}`,
      { hint: "Register an older run: task register -- --run-id ID --force --reason TEXT" },
    );
  }
  if (version === undefined) {
    const known = earlier.map((candidate) => candidate.version).join(", ");
    throw new DomainError("usage", `Cannot roll back to version ${to} as it did not hold @${alias} before`, {
      hint: `Versions that did: ${known}`,
    });
  }
  const { fileCount } = await proveRunModel(tracker, await tracker.getRun(version.runId), loadModel);
  const atMs = clock.nowMs();
  const move: AliasMove = {
    to: version.version,
    from: holder.version,
    atMs,
    ...(by === undefined ? {} : { by }),
    kind: "rollback",
    why,
  };
  await registry.moveAlias(name, alias, {
    from: holder.version,
    to: version.version,
    tag: (model) => withAliasMove(model, alias, move),
  });
  return { version, from: holder, atMs, fileCount };
}

async function versionOrNone(
  registry: ModelRegistry,
  name: string,
  version: string,
): Promise<ModelVersion | undefined> {
  try {
    return await registry.getModelVersion(name, version);
  } catch (error) {
    if (isDomainError(error, "not-found")) return undefined;
    throw error;
  }
}
