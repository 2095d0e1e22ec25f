import {
  type KeyValue,
  type LoggedModel,
  type ModelRegistry,
  type ModelVersion,
  type Run,
  TrackingError,
} from "../../core/mod.ts";
import { type AliasMove, withAliasMove } from "./alias_history.ts";

/** Where a promotion keeps its evidence among the run's artifacts. */
export const GATE_FILE = "gate.json";

/** Tag of a version: the one that held the alias before it. */
export const PREVIOUS_TAG = "promotion.previous_version";

/** What {@linkcode promote} does. */
export interface Promotion {
  /** Registered model; made where there is none. */
  readonly name: string;
  /** Alias to point at the version. */
  readonly alias: string;
  /** Run that the model comes from. */
  readonly run: Run;
  /** The run's model. */
  readonly logged: LoggedModel;
  /** A line about the version. */
  readonly description: string;
  /** Evidence and lineage as tags of the version. */
  readonly tags: readonly KeyValue[];
  /** Who moves the alias, when and why, for its history. */
  readonly move: Pick<AliasMove, "atMs" | "by" | "kind" | "why">;
  /** Version that the run was compared with, undefined where nothing held the alias. */
  readonly from: string | undefined;
  /** Version of the run's model to take. @default the newest of them, or a new one */
  readonly version?: ModelVersion;
}

/** A version that holds its alias. */
export interface Promoted {
  /** The version, with the alias among its own. */
  readonly version: ModelVersion;
  /** Version that held the alias before, or undefined. */
  readonly previousVersion: string | undefined;
  /** Whether the version was there already. */
  readonly reused: boolean;
}

/**
 * Makes a version of the run's model, or takes the one made before, and points the alias at it. The alias moves last and
 * in one step, its history with it: a promotion that is cut off has changed nothing that a service looks at, and is
 * finished by doing it again.
 *
 * @throws {DomainError} `gate-refused` where something else holds the alias by now than what the run was compared with.
 */
export async function promote(registry: ModelRegistry, promotion: Promotion): Promise<Promoted> {
  const { name, alias, run, logged, from } = promotion;
  await ensureModel(registry, name);
  const source = `models:/${logged.modelId}`;
  const known = promotion.version ??
    (await registry.searchModelVersions({ filter: `run_id = '${run.info.runId}'` })).items
      .filter((version) => version.name === name && version.source === source)
      .sort((a, b) => Number(b.version) - Number(a.version))[0];
  // Doing it again must not make a version its own predecessor.
  const previousVersion = known !== undefined && from === known.version
    ? known.tags.find(({ key }) => key === PREVIOUS_TAG)?.value
    : from;
  const tags = [
    ...promotion.tags,
    ...(previousVersion === undefined ? [] : [{ key: PREVIOUS_TAG, value: previousVersion }]),
  ];
  let version = known;
  if (version === undefined) {
    version = await registry.createModelVersion({
      name,
      source,
      runId: run.info.runId,
      modelId: logged.modelId,
      description: promotion.description,
      tags,
    });
  } else {
    // Evidence of the earlier judgement that the new one does not replace would be read as part of it.
    const stale = version.tags.filter(({ key }) => key.startsWith("gate.") && !tags.some((tag) => tag.key === key));
    for (const { key } of stale) await registry.deleteModelVersionTag(name, version.version, key);
    for (const tag of tags) await registry.setModelVersionTag(name, version.version, tag);
  }
  const { version: to } = version;
  const moved = { to, ...(from === undefined ? {} : { from }), ...promotion.move };
  if (from !== to) {
    await registry.moveAlias(name, alias, { from, to, tag: (model) => withAliasMove(model, alias, moved) });
  }
  return {
    version: await registry.getModelVersion(name, version.version),
    previousVersion,
    reused: known !== undefined,
  };
}

async function ensureModel(registry: ModelRegistry, name: string): Promise<void> {
  try {
    await registry.createRegisteredModel(name);
  } catch (error) {
    if (!(error instanceof TrackingError) || error.errorCode !== "RESOURCE_ALREADY_EXISTS") throw error;
  }
}
