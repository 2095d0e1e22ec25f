import {
  type AliasChange,
  type ArtifactInfo,
  isDomainError,
  type KeyValue,
  type LoggedModel,
  type LoggedModelSearch,
  type ModelRegistry,
  type ModelVersion,
  type Page,
  type RegisteredModel,
  type Run,
  type Tracker,
  TrackingError,
} from "../../core/mod.ts";
import { artifactPathParts } from "../artifacts/artifact_path.ts";
import { listLocalArtifacts, readLocalArtifact } from "../artifacts/local_artifacts.ts";
import { appendToUri, type ArtifactRoot } from "../artifacts/location.ts";
import { loggedModelIdOf } from "../rules/names.ts";
import { pythonJson } from "../rules/text.ts";
import { Database, sqlitePath } from "./database.ts";
import { getLoggedModel, putLoggedModelTag } from "./logged_models.ts";
import { registeredModelRow, versionRow, withModelDetails } from "./registry_rows.ts";
import type { RegistrySearch } from "./registry_search.ts";
import * as writes from "./registry_writes.ts";
import { artifactRootOf, type SqliteStoreOptions } from "./store_options.ts";

/** Tag of a logged model that lists the versions made of it, as MLflow keeps it. */
const VERSIONS_TAG = "mlflow.modelVersions";

/** Options of {@linkcode SqliteRegistry.open}. */
export interface SqliteRegistryOptions extends SqliteStoreOptions {
  /** Where runs and logged models are, if not in the same database. */
  readonly tracker?: Pick<Tracker, "getRun" | "getLoggedModel" | "searchLoggedModels">;
}

/**
 * Registered models in MLflow's SQLite schema; their files are where the runs' are. What searches is loaded once it is
 * asked for: a service reads one version, and would keep the grammar of filters for months.
 */
export class SqliteRegistry implements ModelRegistry {
  /** The URI it was opened with. */
  readonly uri: string;
  readonly #db: Database;
  readonly #root: ArtifactRoot;
  readonly #nowMs: () => number;
  readonly #tracker: SqliteRegistryOptions["tracker"];

  private constructor(uri: string, db: Database, options: SqliteRegistryOptions) {
    this.uri = uri;
    this.#db = db;
    this.#root = artifactRootOf(db.path, options);
    this.#nowMs = options.nowMs ?? Date.now;
    this.#tracker = options.tracker;
  }

  /** Opens `sqlite:///path`, or creates it. @throws {TrackingError} as {@linkcode SqliteTracker.open} */
  static async open(uri: string, options: SqliteRegistryOptions = {}): Promise<SqliteRegistry> {
    return new SqliteRegistry(uri, await Database.open(sqlitePath(uri), options), options);
  }

  createRegisteredModel(
    name: string,
    options: { readonly description?: string; readonly tags?: readonly KeyValue[] } = {},
  ): Promise<RegisteredModel> {
    return this.#write((db, nowMs) => writes.createRegisteredModel(db, name, options, nowMs));
  }
  getRegisteredModel(name: string): Promise<RegisteredModel> {
    return this.#read((db) => withModelDetails(db, [registeredModelRow(db, name)])[0]!);
  }
  updateRegisteredModel(name: string, description: string): Promise<RegisteredModel> {
    return this.#write((db, nowMs) => writes.updateRegisteredModel(db, name, description, nowMs));
  }
  renameRegisteredModel(name: string, newName: string): Promise<RegisteredModel> {
    return this.#write((db, nowMs) => writes.renameRegisteredModel(db, name, newName, nowMs));
  }
  deleteRegisteredModel(name: string): Promise<void> {
    return this.#write((db) => writes.deleteRegisteredModel(db, name));
  }
  async searchRegisteredModels(search: RegistrySearch = {}): Promise<Page<RegisteredModel>> {
    const { searchRegisteredModels } = await import("./registry_search.ts");
    return await this.#read((db) => searchRegisteredModels(db, search));
  }
  setRegisteredModelTag(name: string, tag: KeyValue): Promise<void> {
    return this.#write((db) => writes.setRegisteredModelTag(db, name, tag));
  }
  deleteRegisteredModelTag(name: string, key: string): Promise<void> {
    return this.#write((db) => writes.deleteRegisteredModelTag(db, name, key));
  }

  async createModelVersion(
    version: {
      readonly name: string;
      readonly source: string;
      readonly runId?: string;
      readonly modelId?: string;
      readonly runLink?: string;
      readonly description?: string;
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<ModelVersion> {
    const { modelId: givenModelId, ...rest } = version;
    const modelId = givenModelId ?? loggedModelIdOf(version.source);
    const model = modelId === undefined ? undefined : await this.#loggedModel(modelId);
    const storageLocation = await this.#storageOf(version.source, model);
    const runId = version.runId ?? model?.sourceRunId;
    return await this.#write((db, nowMs) => {
      const made = writes.createModelVersion(
        db,
        { ...rest, storageLocation, ...(runId === undefined ? {} : { runId }) },
        nowMs,
      );
      if (modelId !== undefined) noteVersion(db, modelId, made);
      return made;
    });
  }
  getModelVersion(name: string, version: string): Promise<ModelVersion> {
    return this.#read((db) => writes.getModelVersion(db, name, version));
  }
  updateModelVersion(name: string, version: string, description: string): Promise<ModelVersion> {
    return this.#write((db, nowMs) => writes.updateModelVersion(db, name, version, description, nowMs));
  }
  transitionStage(name: string, version: string, stage: string, archiveExisting = false): Promise<ModelVersion> {
    return this.#write((db, nowMs) => writes.transitionStage(db, name, version, stage, archiveExisting, nowMs));
  }
  deleteModelVersion(name: string, version: string): Promise<void> {
    return this.#write((db, nowMs) => writes.deleteModelVersion(db, name, version, nowMs));
  }
  async searchModelVersions(search: RegistrySearch = {}): Promise<Page<ModelVersion>> {
    const { searchModelVersions } = await import("./registry_search.ts");
    return await this.#read((db) => searchModelVersions(db, search));
  }
  setModelVersionTag(name: string, version: string, tag: KeyValue): Promise<void> {
    return this.#write((db) => writes.setModelVersionTag(db, name, version, tag));
  }
  deleteModelVersionTag(name: string, version: string, key: string): Promise<void> {
    return this.#write((db) => writes.deleteModelVersionTag(db, name, version, key));
  }

  getVersionByAlias(name: string, alias: string): Promise<ModelVersion | undefined> {
    return this.#read((db) => {
      const version = writes.versionOfAlias(db, name, alias);
      return version === undefined ? undefined : writes.getModelVersion(db, name, version);
    });
  }
  moveAlias(name: string, alias: string, move: AliasChange): Promise<void> {
    return this.#write((db) => writes.moveAlias(db, name, alias, move));
  }
  setAlias(name: string, alias: string, version: string): Promise<void> {
    return this.#write((db) => writes.setAlias(db, name, alias, version));
  }
  deleteAlias(name: string, alias: string): Promise<void> {
    return this.#write((db) => writes.deleteAlias(db, name, alias));
  }

  downloadUri(name: string, version: string): Promise<string> {
    return this.#read((db) => {
      const { storage, source } = versionRow(db, name, version);
      return storage || source || "";
    });
  }
  async listModelFiles(name: string, version: string, path?: string): Promise<readonly ArtifactInfo[]> {
    return await listLocalArtifacts(await this.#folderOf(name, version), path);
  }
  async readModelFile(name: string, version: string, path: string): Promise<Uint8Array> {
    return await readLocalArtifact(await this.#folderOf(name, version), path);
  }
  changeCounter(): Promise<number> {
    return this.#read((db) => db.dataVersion());
  }

  /** Where the files of a source are: of `models:/…` resolved now, so that later readers need no second look. */
  async #storageOf(source: string, model: LoggedModel | undefined): Promise<string> {
    const named = /^models:\/+([^/@]+)(?:\/(\d+)|@([\w-]+))$/.exec(source);
    if (named === null) return loggedModelIdOf(source) === undefined ? source : model!.artifactUri;
    const [, name, number, alias] = named;
    const version = number ?? (await this.getVersionByAlias(name!, alias!))?.version;
    if (version === undefined) {
      throw new TrackingError("RESOURCE_DOES_NOT_EXIST", `Cannot find the model of the source '${source}'`);
    }
    return await this.downloadUri(name!, version);
  }

  async #folderOf(name: string, version: string): Promise<string> {
    const uri = await this.downloadUri(name, version);
    const modelId = loggedModelIdOf(uri);
    if (modelId !== undefined) return this.#root.localPath((await this.#loggedModel(modelId)).artifactUri);
    const inRun = /^runs:\/+([^/]+)\/(.+)$/.exec(uri);
    return this.#root.localPath(inRun === null ? uri : await this.#inRun(inRun[1]!, inRun[2]!));
  }

  /** `runs:/R/path`: a folder of the run's artifacts, or in MLflow 3 the run's logged model of that name. */
  async #inRun(runId: string, path: string): Promise<string> {
    const { info } = await this.#run(runId);
    const folder = appendToUri(info.artifactUri, ...artifactPathParts(path));
    if ((await listLocalArtifacts(this.#root.localPath(folder))).length > 0) return folder;
    const search = { experimentIds: [info.experimentId], filter: `name = '${path}' AND source_run_id = '${runId}'` };
    const found = /['/]/.test(path) ? [] : (await this.#searchLoggedModels(search)).items;
    return found[0]?.artifactUri ?? folder;
  }

  async #run(runId: string): Promise<Run> {
    if (this.#tracker !== undefined) return await this.#tracker.getRun(runId);
    const { getRun } = await import("./runs.ts");
    return await this.#read((db) => getRun(db, runId));
  }

  async #searchLoggedModels(search: LoggedModelSearch): Promise<Page<LoggedModel>> {
    if (this.#tracker !== undefined) return await this.#tracker.searchLoggedModels(search);
    const { searchLoggedModels } = await import("./logged_model_search.ts");
    return await this.#read((db) => searchLoggedModels(db, search));
  }

  async #loggedModel(modelId: string): Promise<LoggedModel> {
    try {
      return await this.#read((db) => getLoggedModel(db, modelId));
    } catch (error) {
      if (this.#tracker === undefined || !isDomainError(error, "not-found")) throw error;
      return await this.#tracker.getLoggedModel(modelId);
    }
  }

  #read<T>(work: (db: Database) => T): Promise<T> {
    return this.#db.read(() => work(this.#db));
  }

  #write<T>(work: (db: Database, nowMs: number) => T): Promise<T> {
    return this.#db.write(() => work(this.#db, this.#nowMs()));
  }

  /** Closes the file. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#db[Symbol.dispose]();
    return Promise.resolve();
  }
}

/** Adds a version to the logged model's list of them. */
function noteVersion(db: Database, modelId: string, made: ModelVersion): void {
  const exists = db.get("SELECT 1 FROM logged_models WHERE model_id = ?", modelId) !== undefined;
  if (!exists) return; // it lives in another store
  const known = getLoggedModel(db, modelId).tags.find(({ key }) => key === VERSIONS_TAG)?.value ?? "[]";
  let list: unknown;
  try {
    list = JSON.parse(known);
  } catch {
    list = [];
  }
  const entries = [...(Array.isArray(list) ? list : []), { name: made.name, version: Number(made.version) }];
  putLoggedModelTag(db, modelId, { key: VERSIONS_TAG, value: pythonJson(entries) });
}
