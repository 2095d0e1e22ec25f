/** State of a run, in MLflow's words. */
export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";
/** Whether an entity is active or in the bin. */
export type LifecycleStage = "active" | "deleted";
/** Which life-cycle stages a search returns. */
export type ViewType = "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";

/** A key and its text. */
export interface KeyValue {
  /** Key. */
  readonly key: string;
  /** Value. */
  readonly value: string;
}

/** One observation of a metric. */
export interface Metric {
  /** Key. */
  readonly key: string;
  /** May be NaN or infinite. */
  readonly value: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /** Step of the observation, 0 by default. */
  readonly step: number;
  /** Logged model it belongs to. */
  readonly modelId?: string;
  /** Dataset it was measured on. */
  readonly datasetName?: string;
  /** Digest of that dataset. */
  readonly datasetDigest?: string;
  /** Run that logged it, where it stands among those of a logged model. */
  readonly runId?: string;
}

/** A named group of runs. */
export interface Experiment {
  /** Experiment. */
  readonly experimentId: string;
  /** Name. */
  readonly name: string;
  /** Root of its artifacts. */
  readonly artifactLocation: string;
  /** Active or deleted. */
  readonly lifecycleStage: LifecycleStage;
  /** Creation, epoch milliseconds. */
  readonly creationTime?: number;
  /** Last change, epoch milliseconds. */
  readonly lastUpdateTime?: number;
  /** Tags. */
  readonly tags: readonly KeyValue[];
}

/** Head of a run. */
export interface RunInfo {
  /** Run that made it. */
  readonly runId: string;
  /** Name shown to people. */
  readonly runName: string;
  /** Experiment. */
  readonly experimentId: string;
  /** Who made it; may be empty. */
  readonly userId: string;
  /** State. */
  readonly status: RunStatus;
  /** Start, epoch milliseconds. */
  readonly startTime: number;
  /** End, epoch milliseconds; unset while running. */
  readonly endTime?: number;
  /** Root of its artifacts. */
  readonly artifactUri: string;
  /** Active or deleted. */
  readonly lifecycleStage: LifecycleStage;
}

/** Tag that names the parent of a nested run. */
export const PARENT_RUN_TAG = "mlflow.parentRunId";

/** A dataset that a run read (MLflow's dataset entity). */
export interface Dataset {
  /** Name. */
  readonly name: string;
  /** At most 36 characters. */
  readonly digest: string;
  /** Kind of source, such as `local`. */
  readonly sourceType: string;
  /** JSON text. */
  readonly source: string;
  /** JSON text. */
  readonly schema?: string;
  /** JSON text. */
  readonly profile?: string;
}

/** A dataset with the tags of its use in a run; `mlflow.data.context` says for what. */
export interface DatasetInput {
  /** The dataset. */
  readonly dataset: Dataset;
  /** Tags. */
  readonly tags: readonly KeyValue[];
}

/** A run with all it logged; metrics are the latest of each key. */
export interface Run {
  /** What it is. */
  readonly info: RunInfo;
  /** Metrics. */
  readonly metrics: readonly Metric[];
  /** Parameters. */
  readonly params: readonly KeyValue[];
  /** Tags. */
  readonly tags: readonly KeyValue[];
  /** Datasets read. */
  readonly datasetInputs: readonly DatasetInput[];
  /** Logged models read. */
  readonly modelInputs: readonly { readonly modelId: string }[];
  /** Logged models made. */
  readonly modelOutputs: readonly { readonly modelId: string; readonly step: number }[];
}

/** State of a logged model. */
export type LoggedModelStatus = "PENDING" | "READY" | "UPLOAD_FAILED";

/** MLflow 3's model entity. */
export interface LoggedModel {
  /** `m-` and 32 hex digits. */
  readonly modelId: string;
  /** Experiment. */
  readonly experimentId: string;
  /** Name. */
  readonly name: string;
  /** Root of its artifacts. */
  readonly artifactUri: string;
  /** Creation, epoch milliseconds. */
  readonly creationTimestampMs: number;
  /** Last change, epoch milliseconds. */
  readonly lastUpdatedTimestampMs: number;
  /** State. */
  readonly status: LoggedModelStatus;
  /** Free text; empty where none. */
  readonly modelType: string;
  /** Run that made it. */
  readonly sourceRunId?: string;
  /** Detail of the state; may be empty. */
  readonly statusMessage?: string;
  /** Tags. */
  readonly tags: readonly KeyValue[];
  /** Parameters. */
  readonly params: readonly KeyValue[];
  /** Metrics. */
  readonly metrics: readonly Metric[];
}

/** A file or folder of artifacts; the path is relative to the artifact root. */
export interface ArtifactInfo {
  /** Path relative to the artifact root, with `/`. */
  readonly path: string;
  /** Whether it is a folder. */
  readonly isDirectory: boolean;
  /** Bytes; unset for folders. */
  readonly fileSize?: number;
}

/** A page of a search. */
export interface Page<T> {
  /** The entries of this page. */
  readonly items: readonly T[];
  /** Token of the next page; unset on the last. */
  readonly nextPageToken?: string;
}

/** A search of runs in MLflow's grammar (reference 4.5). */
export interface RunSearch {
  /** Experiments to look in. */
  readonly experimentIds: readonly string[];
  /** Clauses of MLflow's grammar. */
  readonly filter?: string;
  /** Columns to order by. */
  readonly orderBy?: readonly string[];
  /** Size of a page. */
  readonly maxResults?: number;
  /** Token of the page wanted. */
  readonly pageToken?: string;
  /** Which life-cycle stages. @default ACTIVE_ONLY */
  readonly viewType?: ViewType;
}

/** A dataset that runs of an experiment read, once per use (MLflow's dataset summary). */
export interface DatasetSummary {
  /** Experiment whose runs read it. */
  readonly experimentId: string;
  /** Name of the dataset. */
  readonly name: string;
  /** Digest of the dataset. */
  readonly digest: string;
  /** Tag `mlflow.data.context` of the use; unset where the run gave none. */
  readonly context?: string;
}

/** A search of logged models in MLflow's grammar (reference 4.5). */
export interface LoggedModelSearch {
  /** Experiments to look in. */
  readonly experimentIds: readonly string[];
  /** Clauses of MLflow's grammar. */
  readonly filter?: string;
  /** Only models with metrics on one of these datasets; the digest may be left open. */
  readonly datasets?: readonly { readonly datasetName: string; readonly datasetDigest?: string }[];
  /** Columns to order by: an attribute or `metrics.<key>`, ascending unless said otherwise. */
  readonly orderBy?: readonly {
    readonly fieldName: string;
    readonly ascending?: boolean;
    readonly datasetName?: string;
    readonly datasetDigest?: string;
  }[];
  /** Size of a page. */
  readonly maxResults?: number;
  /** Token of the page wanted. */
  readonly pageToken?: string;
}

/** Which runs are trials of one another: those on the same series with the same horizon. */
export interface TrialsOf {
  /** Parameter `symbol`. */
  readonly symbol: string;
  /** Parameter `horizon_minutes`. */
  readonly horizonMinutes: number;
}

/** Where artifacts of something live: a run's root or a logged model's. */
export type ArtifactOwner = { readonly runId: string } | { readonly modelId: string };

/**
 * Runs, and everything that hangs on them. Errors are {@linkcode TrackingError}, whose `errorCode` is MLflow's.
 */
export interface Tracker extends AsyncDisposable {
  /** The URI that a user would set as MLFLOW_TRACKING_URI. */
  readonly uri: string;

  /** Makes an experiment and returns its id. */
  createExperiment(
    name: string,
    options?: { readonly artifactLocation?: string; readonly tags?: readonly KeyValue[] },
  ): Promise<string>;
  /** The experiment of this id, deleted ones included. */
  getExperiment(experimentId: string): Promise<Experiment>;
  /** The experiment of this name, deleted ones included, or undefined. */
  getExperimentByName(name: string): Promise<Experiment | undefined>;
  /** Experiments that match, newest first. */
  searchExperiments(
    search?: {
      readonly filter?: string;
      readonly orderBy?: readonly string[];
      readonly maxResults?: number;
      readonly pageToken?: string;
      readonly viewType?: ViewType;
    },
  ): Promise<Page<Experiment>>;
  /** Renames an experiment. */
  renameExperiment(experimentId: string, name: string): Promise<void>;
  /** Marks an experiment and its runs deleted. */
  deleteExperiment(experimentId: string): Promise<void>;
  /** Brings an experiment and its runs back. */
  restoreExperiment(experimentId: string): Promise<void>;
  /** Sets a tag of an experiment. */
  setExperimentTag(experimentId: string, tag: KeyValue): Promise<void>;
  /** Removes a tag of an experiment; one that it lacks is RESOURCE_DOES_NOT_EXIST. */
  deleteExperimentTag(experimentId: string, key: string): Promise<void>;
  /** Datasets that runs of these experiments read, distinct, by experiment, name, digest, context; at most 1000. */
  searchDatasets(experimentIds: readonly string[]): Promise<readonly DatasetSummary[]>;

  /**
   * Runs ever started with these parameters, failed and deleted ones included, also those that are no longer in the store
   * (evaluation section 5); undefined where the store keeps no such record.
   */
  countTrials(of: TrialsOf): Promise<number | undefined>;

  /** Starts a run in state RUNNING; without a name one is invented. */
  createRun(
    run: {
      readonly experimentId: string;
      readonly runName?: string;
      readonly userId?: string;
      readonly startTime?: number;
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<Run>;
  /** The run of this id, deleted ones included. */
  getRun(runId: string): Promise<Run>;
  /** Changes only what is given. */
  updateRun(
    runId: string,
    change: { readonly status?: RunStatus; readonly endTime?: number; readonly runName?: string },
  ): Promise<RunInfo>;
  /** Marks a run deleted. */
  deleteRun(runId: string): Promise<void>;
  /** Brings a run back. */
  restoreRun(runId: string): Promise<void>;
  /** Runs that match, newest first. */
  searchRuns(search: RunSearch): Promise<Page<Run>>;
  /**
   * Logs any number of entries. A local store logs all or nothing; a remote one splits them to MLflow's limits
   * (1,000 entries a request), each part all or nothing, parameters first. Repeating a batch is harmless.
   */
  logBatch(
    runId: string,
    batch: {
      readonly metrics?: readonly Metric[];
      readonly params?: readonly KeyValue[];
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<void>;
  /** Removes a tag of a run. */
  deleteTag(runId: string, key: string): Promise<void>;
  /** Records what the run read. */
  logInputs(
    runId: string,
    inputs: { readonly datasets?: readonly DatasetInput[]; readonly models?: readonly { readonly modelId: string }[] },
  ): Promise<void>;
  /** Records the models that the run made. */
  logOutputs(runId: string, models: readonly { readonly modelId: string; readonly step: number }[]): Promise<void>;
  /** All observations of a metric, by timestamp, step, value. */
  metricHistory(
    runId: string,
    key: string,
    options?: { readonly maxResults?: number; readonly pageToken?: string },
  ): Promise<Page<Metric>>;

  /** Makes a logged model in state PENDING. */
  createLoggedModel(
    model: {
      readonly experimentId: string;
      /** @default an invented one */
      readonly name?: string;
      readonly sourceRunId?: string;
      readonly modelType?: string;
      readonly params?: readonly KeyValue[];
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<LoggedModel>;
  /** The logged model of this id. */
  getLoggedModel(modelId: string): Promise<LoggedModel>;
  /** Says how the upload ended, or that it begins again. */
  finalizeLoggedModel(modelId: string, status: LoggedModelStatus): Promise<LoggedModel>;
  /** Sets tags of a logged model. */
  setLoggedModelTags(modelId: string, tags: readonly KeyValue[]): Promise<void>;
  /** Removes a tag of a logged model; one that it lacks is RESOURCE_DOES_NOT_EXIST. */
  deleteLoggedModelTag(modelId: string, key: string): Promise<void>;
  /** Adds parameters to a logged model; one that it has keeps its value or is refused, as a run's. */
  logLoggedModelParams(modelId: string, params: readonly KeyValue[]): Promise<void>;
  /** Marks a logged model deleted; its files stay. Repeating it is fine. */
  deleteLoggedModel(modelId: string): Promise<void>;
  /** Logged models that match, newest first unless `orderBy` says otherwise. */
  searchLoggedModels(search: LoggedModelSearch): Promise<Page<LoggedModel>>;

  /**
   * Writes one artifact file; the path is relative, with `/`, checked against escaping the root.
   *
   * @param options.equalTo who may have the very same file: a store that can keep it once for both does.
   */
  writeArtifact(
    owner: ArtifactOwner,
    path: string,
    content: Uint8Array,
    options?: { readonly equalTo?: ArtifactOwner },
  ): Promise<void>;
  /** Content of an artifact file. */
  readArtifact(owner: ArtifactOwner, path: string): Promise<Uint8Array>;
  /** Direct children of `path` (the root by default); an unknown path has none. */
  listArtifacts(owner: ArtifactOwner, path?: string): Promise<readonly ArtifactInfo[]>;
}
