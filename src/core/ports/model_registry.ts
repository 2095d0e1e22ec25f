import type { ArtifactInfo, KeyValue, Page } from "./tracker.ts";

/** A registered model. */
export interface RegisteredModel {
  /** Name. */
  readonly name: string;
  /** Creation, epoch milliseconds. */
  readonly creationTimestamp: number;
  /** Last change, epoch milliseconds. */
  readonly lastUpdatedTimestamp: number;
  /** Free text; empty where none. */
  readonly description: string;
  /** Tags. */
  readonly tags: readonly KeyValue[];
  /** Aliases that point here. */
  readonly aliases: readonly { readonly alias: string; readonly version: string }[];
  /** Newest version of each stage. */
  readonly latestVersions: readonly ModelVersion[];
}

/** One version of a registered model. */
export interface ModelVersion {
  /** Name. */
  readonly name: string;
  /** A decimal number as text, as MLflow has it. */
  readonly version: string;
  /** Creation, epoch milliseconds. */
  readonly creationTimestamp: number;
  /** Last change, epoch milliseconds. */
  readonly lastUpdatedTimestamp: number;
  /** Who made it; may be empty. */
  readonly userId: string;
  /** MLflow's old stage, `None` for new versions. */
  readonly currentStage: string;
  /** Free text; empty where none. */
  readonly description: string;
  /** As registered, for example `models:/m-…`. */
  readonly source: string;
  /** Run that made it. */
  readonly runId: string;
  /** Link to the run; may be empty. */
  readonly runLink: string;
  /** State. */
  readonly status: string;
  /** Detail of the state; may be empty. */
  readonly statusMessage: string;
  /** Tags. */
  readonly tags: readonly KeyValue[];
  /** Aliases that point here. */
  readonly aliases: readonly string[];
  /** Logged model it belongs to. */
  readonly modelId?: string;
}

/** What {@linkcode ModelRegistry.moveAlias} does. */
export interface AliasChange {
  /** Version that the alias points at, or undefined where it points at none. */
  readonly from: string | undefined;
  /** Version that it is to point at. */
  readonly to: string;
  /** The tag to set, made from the model as it is; may be asked more than once. */
  tag(model: RegisteredModel): KeyValue;
}

/**
 * Registered models, versions and aliases. Errors are {@linkcode TrackingError}, whose `errorCode` is MLflow's.
 */
export interface ModelRegistry extends AsyncDisposable {
  /** The URI that a user would set. */
  readonly uri: string;
  /** Makes a registered model without versions. */
  createRegisteredModel(
    name: string,
    options?: { readonly description?: string; readonly tags?: readonly KeyValue[] },
  ): Promise<RegisteredModel>;
  /** The model of this name. */
  getRegisteredModel(name: string): Promise<RegisteredModel>;
  /** Sets the description. */
  updateRegisteredModel(name: string, description: string): Promise<RegisteredModel>;
  /** Renames a model with all its versions. */
  renameRegisteredModel(name: string, newName: string): Promise<RegisteredModel>;
  /** Deletes a model with all its versions. */
  deleteRegisteredModel(name: string): Promise<void>;
  /** Models that match, by name. */
  searchRegisteredModels(
    search?: {
      readonly filter?: string;
      readonly orderBy?: readonly string[];
      readonly maxResults?: number;
      readonly pageToken?: string;
    },
  ): Promise<Page<RegisteredModel>>;
  /** Sets a tag of a model. */
  setRegisteredModelTag(name: string, tag: KeyValue): Promise<void>;
  /** Removes a tag of a model. */
  deleteRegisteredModelTag(name: string, key: string): Promise<void>;
  /** Adds a version, numbered one above the highest ever used. */
  createModelVersion(
    version: {
      readonly name: string;
      readonly source: string;
      readonly runId?: string;
      readonly modelId?: string;
      /** Web address of the run, where it lives on another server. */
      readonly runLink?: string;
      readonly description?: string;
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<ModelVersion>;
  /** The version of this number. */
  getModelVersion(name: string, version: string): Promise<ModelVersion>;
  /** Sets the description. */
  updateModelVersion(name: string, version: string, description: string): Promise<ModelVersion>;
  /**
   * Moves a version to a stage (`None`, `Staging`, `Production`, `Archived`, in any case); with `archiveExisting`
   * other versions of that stage go to `Archived`. MLflow deprecates stages; aliases replace them.
   */
  transitionStage(name: string, version: string, stage: string, archiveExisting?: boolean): Promise<ModelVersion>;
  /** Deletes a version; its number is never used again. */
  deleteModelVersion(name: string, version: string): Promise<void>;
  /** Versions that match, newest change first. */
  searchModelVersions(
    search?: {
      readonly filter?: string;
      readonly orderBy?: readonly string[];
      readonly maxResults?: number;
      readonly pageToken?: string;
    },
  ): Promise<Page<ModelVersion>>;
  /** Sets a tag of a version. */
  setModelVersionTag(name: string, version: string, tag: KeyValue): Promise<void>;
  /** Removes a tag of a version. */
  deleteModelVersionTag(name: string, version: string, key: string): Promise<void>;
  /** The version that the alias points to, or undefined where model or alias do not exist. */
  getVersionByAlias(name: string, alias: string): Promise<ModelVersion | undefined>;
  /** Points the alias at the version. */
  setAlias(name: string, alias: string, version: string): Promise<void>;
  /**
   * Points the alias at a version where it still points at `from`, and sets a tag of the model that keeps the history. One
   * step in a store on this machine; on a server three requests, the tag last.
   *
   * @throws {TrackingError} RESOURCE_CONFLICT (`gate-refused`) where the alias points elsewhere by now.
   */
  moveAlias(name: string, alias: string, move: AliasChange): Promise<void>;
  /** Removes the alias. */
  deleteAlias(name: string, alias: string): Promise<void>;
  /** Where the version's files are. */
  downloadUri(name: string, version: string): Promise<string>;
  /** Direct children of `path` (root by default) of the version's model directory. */
  listModelFiles(name: string, version: string, path?: string): Promise<readonly ArtifactInfo[]>;
  /** Content of a file of the version's model directory. */
  readModelFile(name: string, version: string, path: string): Promise<Uint8Array>;
  /** Differs whenever another process may have changed or replaced the registry (`PRAGMA data_version`); remote stores return a fresh value each time. */
  changeCounter(): Promise<number>;
}
