import type {
  ArtifactInfo,
  ArtifactOwner,
  DatasetInput,
  DatasetSummary,
  Experiment,
  KeyValue,
  LoggedModel,
  LoggedModelSearch,
  LoggedModelStatus,
  Metric,
  Page,
  Run,
  RunInfo,
  RunSearch,
  RunStatus,
  Tracker,
  TrialsOf,
  ViewType,
} from "../../core/mod.ts";
import {
  linkLocalArtifact,
  listLocalArtifacts,
  readLocalArtifact,
  writeLocalArtifact,
} from "../artifacts/local_artifacts.ts";
import type { ArtifactRoot } from "../artifacts/location.ts";
import { Database, sqlitePath } from "./database.ts";
import * as experiments from "./experiments.ts";
import * as inputs from "./inputs.ts";
import { searchLoggedModels } from "./logged_model_search.ts";
import * as models from "./logged_models.ts";
import { type Batch, cleanBatch, logBatch, metricHistory } from "./metrics.ts";
import { searchRuns } from "./run_search.ts";
import * as runs from "./runs.ts";
import { artifactRootOf, type SqliteStoreOptions } from "./store_options.ts";
import { countTrials } from "./trials.ts";

/** Runs in MLflow's SQLite schema and their artifacts on the local disk. */
export class SqliteTracker implements Tracker {
  /** The URI it was opened with. */
  readonly uri: string;
  readonly #db: Database;
  readonly #root: ArtifactRoot;
  readonly #nowMs: () => number;

  private constructor(uri: string, db: Database, root: ArtifactRoot, nowMs: () => number) {
    this.uri = uri;
    this.#db = db;
    this.#root = root;
    this.#nowMs = nowMs;
  }

  /**
   * Opens `sqlite:///path`, or creates it with experiment 0.
   *
   * @throws {TrackingError} `store-busy`, `store-damaged`, `config-invalid` for a URI that is none.
   */
  static async open(uri: string, options: SqliteStoreOptions = {}): Promise<SqliteTracker> {
    const db = await Database.open(sqlitePath(uri), options);
    const nowMs = options.nowMs ?? Date.now;
    const root = artifactRootOf(db.path, options);
    try {
      const hasDefault = await db.read(() => db.get("SELECT 1 FROM experiments WHERE experiment_id = 0") !== undefined);
      if (!hasDefault && options.readOnly !== true) {
        await db.write(() => experiments.ensureDefaultExperiment(db, root, nowMs()));
      }
    } catch (error) {
      db[Symbol.dispose]();
      throw error;
    }
    return new SqliteTracker(uri, db, root, nowMs);
  }

  createExperiment(
    name: string,
    options: { readonly artifactLocation?: string; readonly tags?: readonly KeyValue[] } = {},
  ): Promise<string> {
    return this.#write((db, nowMs) => experiments.createExperiment(db, this.#root, name, options, nowMs));
  }
  getExperiment(experimentId: string): Promise<Experiment> {
    return this.#read((db) => experiments.getExperiment(db, experimentId));
  }
  getExperimentByName(name: string): Promise<Experiment | undefined> {
    return this.#read((db) => experiments.getExperimentByName(db, name));
  }
  searchExperiments(
    search: {
      readonly filter?: string;
      readonly orderBy?: readonly string[];
      readonly maxResults?: number;
      readonly pageToken?: string;
      readonly viewType?: ViewType;
    } = {},
  ): Promise<Page<Experiment>> {
    return this.#read((db) => experiments.searchExperiments(db, search));
  }
  renameExperiment(experimentId: string, name: string): Promise<void> {
    return this.#write((db, nowMs) => experiments.renameExperiment(db, experimentId, name, nowMs));
  }
  deleteExperiment(experimentId: string): Promise<void> {
    return this.#write((db, nowMs) => experiments.moveExperiment(db, experimentId, "deleted", nowMs));
  }
  restoreExperiment(experimentId: string): Promise<void> {
    return this.#write((db, nowMs) => experiments.moveExperiment(db, experimentId, "active", nowMs));
  }
  setExperimentTag(experimentId: string, tag: KeyValue): Promise<void> {
    return this.#write((db) => experiments.setExperimentTag(db, experimentId, tag));
  }
  deleteExperimentTag(experimentId: string, key: string): Promise<void> {
    return this.#write((db) => experiments.deleteExperimentTag(db, experimentId, key));
  }
  searchDatasets(experimentIds: readonly string[]): Promise<readonly DatasetSummary[]> {
    return this.#read((db) => experiments.searchDatasets(db, experimentIds));
  }
  countTrials(of: TrialsOf): Promise<number> {
    return this.#read((db) => countTrials(db, of));
  }

  createRun(
    run: {
      readonly experimentId: string;
      readonly runName?: string;
      readonly userId?: string;
      readonly startTime?: number;
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<Run> {
    return this.#write((db, nowMs) => runs.createRun(db, run, nowMs));
  }
  getRun(runId: string): Promise<Run> {
    return this.#read((db) => runs.getRun(db, runId));
  }
  updateRun(
    runId: string,
    change: { readonly status?: RunStatus; readonly endTime?: number; readonly runName?: string },
  ): Promise<RunInfo> {
    return this.#write((db) => runs.updateRun(db, runId, change));
  }
  deleteRun(runId: string): Promise<void> {
    return this.#write((db, nowMs) => runs.moveRun(db, runId, "deleted", nowMs));
  }
  restoreRun(runId: string): Promise<void> {
    return this.#write((db, nowMs) => runs.moveRun(db, runId, "active", nowMs));
  }
  searchRuns(search: RunSearch): Promise<Page<Run>> {
    return this.#read((db) => searchRuns(db, search));
  }
  async logBatch(runId: string, batch: Batch): Promise<void> {
    const clean = cleanBatch(batch);
    await this.#write((db) => logBatch(db, runId, clean));
  }
  deleteTag(runId: string, key: string): Promise<void> {
    return this.#write((db) => runs.deleteRunTag(db, runId, key));
  }
  logInputs(
    runId: string,
    given: { readonly datasets?: readonly DatasetInput[]; readonly models?: readonly { readonly modelId: string }[] },
  ): Promise<void> {
    return this.#write((db) => inputs.logInputs(db, runId, given));
  }
  logOutputs(runId: string, made: readonly { readonly modelId: string; readonly step: number }[]): Promise<void> {
    return this.#write((db) => inputs.logOutputs(db, runId, made));
  }
  metricHistory(
    runId: string,
    key: string,
    options: { readonly maxResults?: number; readonly pageToken?: string } = {},
  ): Promise<Page<Metric>> {
    return this.#read((db) => metricHistory(db, runId, key, options));
  }

  createLoggedModel(
    model: {
      readonly experimentId: string;
      readonly name?: string;
      readonly sourceRunId?: string;
      readonly modelType?: string;
      readonly params?: readonly KeyValue[];
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<LoggedModel> {
    return this.#write((db, nowMs) => models.createLoggedModel(db, model, nowMs));
  }
  getLoggedModel(modelId: string): Promise<LoggedModel> {
    return this.#read((db) => models.getLoggedModel(db, modelId));
  }
  finalizeLoggedModel(modelId: string, status: LoggedModelStatus): Promise<LoggedModel> {
    return this.#write((db, nowMs) => models.finalizeLoggedModel(db, modelId, status, nowMs));
  }
  setLoggedModelTags(modelId: string, tags: readonly KeyValue[]): Promise<void> {
    return this.#write((db) => models.setLoggedModelTags(db, modelId, tags));
  }
  deleteLoggedModelTag(modelId: string, key: string): Promise<void> {
    return this.#write((db) => models.deleteLoggedModelTag(db, modelId, key));
  }
  logLoggedModelParams(modelId: string, params: readonly KeyValue[]): Promise<void> {
    return this.#write((db) => models.logLoggedModelParams(db, modelId, params));
  }
  deleteLoggedModel(modelId: string): Promise<void> {
    return this.#write((db, nowMs) => models.deleteLoggedModel(db, modelId, nowMs));
  }
  searchLoggedModels(search: LoggedModelSearch): Promise<Page<LoggedModel>> {
    return this.#read((db) => searchLoggedModels(db, search));
  }

  async writeArtifact(
    owner: ArtifactOwner,
    path: string,
    content: Uint8Array,
    { equalTo }: { readonly equalTo?: ArtifactOwner } = {},
  ): Promise<void> {
    const folder = await this.#folderOf(owner);
    if (equalTo !== undefined && await linkLocalArtifact(await this.#folderOf(equalTo), folder, path, content)) return;
    await writeLocalArtifact(folder, path, content);
  }
  async readArtifact(owner: ArtifactOwner, path: string): Promise<Uint8Array> {
    return await readLocalArtifact(await this.#folderOf(owner), path);
  }
  async listArtifacts(owner: ArtifactOwner, path?: string): Promise<readonly ArtifactInfo[]> {
    return await listLocalArtifacts(await this.#folderOf(owner), path);
  }

  async #folderOf(owner: ArtifactOwner): Promise<string> {
    const uri = "runId" in owner
      ? (await this.getRun(owner.runId)).info.artifactUri
      : (await this.getLoggedModel(owner.modelId)).artifactUri;
    return this.#root.localPath(uri);
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
