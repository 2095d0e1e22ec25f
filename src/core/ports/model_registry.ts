import type { ArtifactInfo, KeyValue, Page } from "./tracker.ts";

/** A registered model. */
export interface RegisteredModel {
  readonly name: string;
  readonly creationTimestamp: number;
  readonly lastUpdatedTimestamp: number;
  readonly description: string;
  readonly tags: readonly KeyValue[];
  readonly aliases: readonly { readonly alias: string; readonly version: string }[];
  readonly latestVersions: readonly ModelVersion[];
}

/** One version of a registered model. */
export interface ModelVersion {
  readonly name: string;
  /** A decimal number as text, as MLflow has it. */
  readonly version: string;
  readonly creationTimestamp: number;
  readonly lastUpdatedTimestamp: number;
  readonly userId: string;
  readonly currentStage: string;
  readonly description: string;
  /** As registered, for example `models:/m-…`. */
  readonly source: string;
  readonly runId: string;
  readonly runLink: string;
  readonly status: string;
  readonly statusMessage: string;
  readonly tags: readonly KeyValue[];
  readonly aliases: readonly string[];
  readonly modelId?: string;
}

/**
 * Registered models, versions and aliases. Errors are {@linkcode TrackingError}, whose `errorCode` is MLflow's.
 */
export interface ModelRegistry extends AsyncDisposable {
  readonly uri: string;
  createRegisteredModel(
    name: string,
    options?: { readonly description?: string; readonly tags?: readonly KeyValue[] },
  ): Promise<RegisteredModel>;
  getRegisteredModel(name: string): Promise<RegisteredModel>;
  updateRegisteredModel(name: string, description: string): Promise<RegisteredModel>;
  renameRegisteredModel(name: string, newName: string): Promise<RegisteredModel>;
  deleteRegisteredModel(name: string): Promise<void>;
  searchRegisteredModels(
    search?: {
      readonly filter?: string;
      readonly orderBy?: readonly string[];
      readonly maxResults?: number;
      readonly pageToken?: string;
    },
  ): Promise<Page<RegisteredModel>>;
  setRegisteredModelTag(name: string, tag: KeyValue): Promise<void>;
  deleteRegisteredModelTag(name: string, key: string): Promise<void>;
  createModelVersion(
    version: {
      readonly name: string;
      readonly source: string;
      readonly runId?: string;
      readonly modelId?: string;
      readonly description?: string;
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<ModelVersion>;
  getModelVersion(name: string, version: string): Promise<ModelVersion>;
  updateModelVersion(name: string, version: string, description: string): Promise<ModelVersion>;
  deleteModelVersion(name: string, version: string): Promise<void>;
  searchModelVersions(
    search?: {
      readonly filter?: string;
      readonly orderBy?: readonly string[];
      readonly maxResults?: number;
      readonly pageToken?: string;
    },
  ): Promise<Page<ModelVersion>>;
  setModelVersionTag(name: string, version: string, tag: KeyValue): Promise<void>;
  deleteModelVersionTag(name: string, version: string, key: string): Promise<void>;
  /** The version that the alias points to, or undefined where model or alias do not exist. */
  getVersionByAlias(name: string, alias: string): Promise<ModelVersion | undefined>;
  setAlias(name: string, alias: string, version: string): Promise<void>;
  deleteAlias(name: string, alias: string): Promise<void>;
  /** Where the version's files are. */
  downloadUri(name: string, version: string): Promise<string>;
  /** Direct children of `path` (root by default) of the version's model directory. */
  listModelFiles(name: string, version: string, path?: string): Promise<readonly ArtifactInfo[]>;
  readModelFile(name: string, version: string, path: string): Promise<Uint8Array>;
  /** Grows whenever another process may have changed the registry (`PRAGMA data_version`); remote stores return a fresh value each time. */
  changeCounter(): Promise<number>;
}
