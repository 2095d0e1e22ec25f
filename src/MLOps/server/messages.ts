import type {
  ArtifactInfo,
  DatasetInput,
  Experiment,
  KeyValue,
  LoggedModel,
  Metric,
  ModelVersion,
  RegisteredModel,
  Run,
  RunInfo,
} from "../../core/mod.ts";

/** A JSON object in MLflow's conventions: snake_case, unset fields and empty lists left out. */
export type Message = Readonly<Record<string, unknown>>;

/** Drops unset fields and empty lists. */
export function message(fields: Readonly<Record<string, unknown>>): Message {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)),
  );
}

/** A double: what JSON cannot hold is text, as protobuf writes it. */
export function double(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** An experiment as a message. */
export function experimentMessage(experiment: Experiment): Message {
  return message({
    experiment_id: experiment.experimentId,
    name: experiment.name,
    artifact_location: experiment.artifactLocation,
    lifecycle_stage: experiment.lifecycleStage,
    last_update_time: experiment.lastUpdateTime,
    creation_time: experiment.creationTime,
    tags: keyValues(experiment.tags),
  });
}

/** The head of a run as a message; the id also under its old name. */
export function runInfoMessage(info: RunInfo): Message {
  return message({
    run_uuid: info.runId,
    run_id: info.runId,
    run_name: info.runName,
    experiment_id: info.experimentId,
    user_id: info.userId,
    status: info.status,
    start_time: info.startTime,
    end_time: info.endTime,
    artifact_uri: info.artifactUri,
    lifecycle_stage: info.lifecycleStage,
  });
}

/** A run as a message. */
export function runMessage(run: Run): Message {
  return {
    info: runInfoMessage(run.info),
    data: message({
      metrics: run.metrics.map((metric) => metricMessage(metric)),
      params: keyValues(run.params),
      tags: keyValues(run.tags),
    }),
    inputs: message({
      dataset_inputs: run.datasetInputs.map(datasetInputMessage),
      model_inputs: run.modelInputs.map(({ modelId }) => ({ model_id: modelId })),
    }),
    outputs: message({
      model_outputs: run.modelOutputs.map(({ modelId, step }) => ({ model_id: modelId, step })),
    }),
  };
}

/** One observation as a message; `runId` is added where points of several runs stand in one list. */
export function metricMessage(metric: Metric, runId?: string): Message {
  const { key, timestamp, step, modelId, datasetName, datasetDigest } = metric;
  const point = { key, value: double(metric.value), timestamp, step };
  // Nearly all are as plain as this, and a search answers with tens of thousands.
  if (modelId === undefined && datasetName === undefined && datasetDigest === undefined && runId === undefined) {
    return point;
  }
  return message({
    ...point,
    model_id: modelId,
    dataset_name: datasetName,
    dataset_digest: datasetDigest,
    run_id: runId,
  });
}

/** A logged model as a message. */
export function loggedModelMessage(model: LoggedModel): Message {
  return {
    info: message({
      model_id: model.modelId,
      experiment_id: model.experimentId,
      name: model.name,
      creation_timestamp_ms: model.creationTimestampMs,
      last_updated_timestamp_ms: model.lastUpdatedTimestampMs,
      artifact_uri: model.artifactUri,
      status: `LOGGED_MODEL_${model.status}`,
      model_type: model.modelType,
      source_run_id: model.sourceRunId ?? "",
      status_message: model.statusMessage,
      tags: keyValues(model.tags),
    }),
    data: message({
      params: keyValues(model.params),
      metrics: model.metrics.map((metric) => metricMessage(metric, metric.runId)),
    }),
  };
}

/** A file as a message, its path changed by `rename`. */
export function fileMessage(info: ArtifactInfo, rename: (path: string) => string = (path) => path): Message {
  return message({ path: rename(info.path), is_dir: info.isDirectory, file_size: info.fileSize });
}

/** A registered model as a message. */
export function registeredModelMessage(model: RegisteredModel): Message {
  return message({
    name: model.name,
    creation_timestamp: model.creationTimestamp,
    last_updated_timestamp: model.lastUpdatedTimestamp,
    description: model.description || undefined,
    latest_versions: model.latestVersions.map((version) => modelVersionMessage({ ...version, aliases: [] })),
    tags: keyValues(model.tags),
    aliases: model.aliases.map(({ alias, version }) => ({ alias, version })),
  });
}

/** A version as a message. */
export function modelVersionMessage(version: ModelVersion): Message {
  return message({
    name: version.name,
    version: version.version,
    creation_timestamp: version.creationTimestamp,
    last_updated_timestamp: version.lastUpdatedTimestamp,
    user_id: version.userId || undefined,
    current_stage: version.currentStage,
    description: version.description,
    source: version.source,
    run_id: version.runId,
    status: version.status,
    status_message: version.statusMessage || undefined,
    tags: keyValues(version.tags),
    run_link: version.runLink,
    aliases: [...version.aliases],
    model_id: version.modelId,
  });
}

function datasetInputMessage({ dataset, tags }: DatasetInput): Message {
  return message({
    tags: keyValues(tags),
    dataset: message({
      name: dataset.name,
      digest: dataset.digest,
      source_type: dataset.sourceType,
      source: dataset.source,
      schema: dataset.schema,
      profile: dataset.profile,
    }),
  });
}

function keyValues(entries: readonly KeyValue[]): Message[] {
  return entries.map(({ key, value }) => ({ key, value }));
}
