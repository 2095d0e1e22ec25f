/** State of a run, in MLflow's words. */
export type RunStatus = "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";
/** Whether an entity is active or in the bin. */
export type LifecycleStage = "active" | "deleted";
/** Which life-cycle stages a search returns. */
export type ViewType = "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";

/** A key and its text. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** One observation of a metric. */
export interface Metric {
  readonly key: string;
  /** May be NaN or infinite. */
  readonly value: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly step: number;
  readonly modelId?: string;
  readonly datasetName?: string;
  readonly datasetDigest?: string;
}

/** A named group of runs. */
export interface Experiment {
  readonly experimentId: string;
  readonly name: string;
  readonly artifactLocation: string;
  readonly lifecycleStage: LifecycleStage;
  readonly creationTime?: number;
  readonly lastUpdateTime?: number;
  readonly tags: readonly KeyValue[];
}

/** Head of a run. */
export interface RunInfo {
  readonly runId: string;
  readonly runName: string;
  readonly experimentId: string;
  readonly userId: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime?: number;
  readonly artifactUri: string;
  readonly lifecycleStage: LifecycleStage;
}

/** A dataset that a run read (MLflow's dataset entity). */
export interface Dataset {
  readonly name: string;
  /** At most 36 characters. */
  readonly digest: string;
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
  readonly dataset: Dataset;
  readonly tags: readonly KeyValue[];
}

/** A run with all it logged; metrics are the latest of each key. */
export interface Run {
  readonly info: RunInfo;
  readonly metrics: readonly Metric[];
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly datasetInputs: readonly DatasetInput[];
  readonly modelInputs: readonly { readonly modelId: string }[];
  readonly modelOutputs: readonly { readonly modelId: string; readonly step: number }[];
}

/** State of a logged model. */
export type LoggedModelStatus = "PENDING" | "READY" | "UPLOAD_FAILED";

/** MLflow 3's model entity. */
export interface LoggedModel {
  /** `m-` and 32 hex digits. */
  readonly modelId: string;
  readonly experimentId: string;
  readonly name: string;
  readonly artifactUri: string;
  readonly creationTimestampMs: number;
  readonly lastUpdatedTimestampMs: number;
  readonly status: LoggedModelStatus;
  readonly modelType: string;
  readonly sourceRunId?: string;
  readonly statusMessage?: string;
  readonly tags: readonly KeyValue[];
  readonly params: readonly KeyValue[];
  readonly metrics: readonly Metric[];
}

/** A file or folder of artifacts; the path is relative to the artifact root. */
export interface ArtifactInfo {
  readonly path: string;
  readonly isDirectory: boolean;
  readonly fileSize?: number;
}

/** A page of a search. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken?: string;
}

/** A search of runs in MLflow's grammar (reference 4.5). */
export interface RunSearch {
  readonly experimentIds: readonly string[];
  readonly filter?: string;
  readonly orderBy?: readonly string[];
  readonly maxResults?: number;
  readonly pageToken?: string;
  readonly viewType?: ViewType;
}

/** Where artifacts of something live: a run's root or a logged model's. */
export type ArtifactOwner = { readonly runId: string } | { readonly modelId: string };

/**
 * Runs, and everything that hangs on them. Errors are {@linkcode TrackingError}, whose `errorCode` is MLflow's.
 */
export interface Tracker extends AsyncDisposable {
  /** The URI that a user would set as MLFLOW_TRACKING_URI. */
  readonly uri: string;

  createExperiment(
    name: string,
    options?: { readonly artifactLocation?: string; readonly tags?: readonly KeyValue[] },
  ): Promise<string>;
  getExperiment(experimentId: string): Promise<Experiment>;
  /** The experiment of this name, deleted ones included, or undefined. */
  getExperimentByName(name: string): Promise<Experiment | undefined>;
  searchExperiments(
    search?: {
      readonly filter?: string;
      readonly orderBy?: readonly string[];
      readonly maxResults?: number;
      readonly pageToken?: string;
      readonly viewType?: ViewType;
    },
  ): Promise<Page<Experiment>>;
  renameExperiment(experimentId: string, name: string): Promise<void>;
  deleteExperiment(experimentId: string): Promise<void>;
  restoreExperiment(experimentId: string): Promise<void>;
  setExperimentTag(experimentId: string, tag: KeyValue): Promise<void>;

  createRun(
    run: {
      readonly experimentId: string;
      readonly runName?: string;
      readonly userId?: string;
      readonly startTime?: number;
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<Run>;
  getRun(runId: string): Promise<Run>;
  updateRun(
    runId: string,
    change: { readonly status?: RunStatus; readonly endTime?: number; readonly runName?: string },
  ): Promise<RunInfo>;
  deleteRun(runId: string): Promise<void>;
  restoreRun(runId: string): Promise<void>;
  searchRuns(search: RunSearch): Promise<Page<Run>>;
  /** Logs all or nothing; any number of entries (an adapter splits them to the limits of its store). */
  logBatch(
    runId: string,
    batch: {
      readonly metrics?: readonly Metric[];
      readonly params?: readonly KeyValue[];
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<void>;
  deleteTag(runId: string, key: string): Promise<void>;
  logInputs(
    runId: string,
    inputs: { readonly datasets?: readonly DatasetInput[]; readonly models?: readonly { readonly modelId: string }[] },
  ): Promise<void>;
  logOutputs(runId: string, models: readonly { readonly modelId: string; readonly step: number }[]): Promise<void>;
  metricHistory(
    runId: string,
    key: string,
    options?: { readonly maxResults?: number; readonly pageToken?: string },
  ): Promise<Page<Metric>>;

  createLoggedModel(
    model: {
      readonly experimentId: string;
      readonly name: string;
      readonly sourceRunId?: string;
      readonly modelType?: string;
      readonly params?: readonly KeyValue[];
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<LoggedModel>;
  getLoggedModel(modelId: string): Promise<LoggedModel>;
  finalizeLoggedModel(modelId: string, status: "READY" | "UPLOAD_FAILED"): Promise<LoggedModel>;
  setLoggedModelTags(modelId: string, tags: readonly KeyValue[]): Promise<void>;
  searchLoggedModels(
    search: {
      readonly experimentIds: readonly string[];
      readonly filter?: string;
      readonly maxResults?: number;
      readonly pageToken?: string;
    },
  ): Promise<Page<LoggedModel>>;

  /** Writes one artifact file; the path is relative, with `/`, checked against escaping the root. */
  writeArtifact(owner: ArtifactOwner, path: string, content: Uint8Array): Promise<void>;
  readArtifact(owner: ArtifactOwner, path: string): Promise<Uint8Array>;
  /** Direct children of `path` (the root by default); an unknown path has none. */
  listArtifacts(owner: ArtifactOwner, path?: string): Promise<readonly ArtifactInfo[]>;
}
