/**
 * MLflow's REST messages (reference 4.1) as the words of core, and back.
 *
 * @module
 */
import type {
  DatasetInput,
  Experiment,
  KeyValue,
  LifecycleStage,
  LoggedModel,
  LoggedModelStatus,
  Metric,
  ModelVersion,
  RegisteredModel,
  Run,
  RunInfo,
  RunStatus,
} from "../../core/mod.ts";
import { loggedModelIdOf } from "../rules/names.ts";
import type { Fields } from "./fields.ts";

const byKey = (a: { readonly key: string }, b: { readonly key: string }) => a.key < b.key ? -1 : a.key > b.key ? 1 : 0;

/** Pairs, by key. */
export function toPairs(list: readonly Fields[]): KeyValue[] {
  return list.map((pair) => ({ key: pair.text("key"), value: pair.textOr("value", "") })).sort(byKey);
}

/** An experiment. */
export function toExperiment(json: Fields): Experiment {
  const creationTime = json.numberOr("creation_time", undefined);
  const lastUpdateTime = json.numberOr("last_update_time", undefined);
  return {
    experimentId: json.text("experiment_id"),
    name: json.text("name"),
    artifactLocation: json.textOr("artifact_location", ""),
    lifecycleStage: json.textOr("lifecycle_stage", "active") as LifecycleStage,
    ...(creationTime === undefined ? {} : { creationTime }),
    ...(lastUpdateTime === undefined ? {} : { lastUpdateTime }),
    tags: toPairs(json.list("tags")),
  };
}

/** Head of a run. */
export function toRunInfo(json: Fields): RunInfo {
  const endTime = json.numberOr("end_time", undefined);
  return {
    runId: json.textOr("run_id", undefined) ?? json.text("run_uuid"),
    runName: json.textOr("run_name", ""),
    experimentId: json.text("experiment_id"),
    userId: json.textOr("user_id", ""),
    status: json.textOr("status", "RUNNING") as RunStatus,
    startTime: json.numberOr("start_time", 0),
    ...(endTime === undefined || endTime === 0 ? {} : { endTime }),
    artifactUri: json.textOr("artifact_uri", ""),
    lifecycleStage: json.textOr("lifecycle_stage", "active") as LifecycleStage,
  };
}

/** A metric. */
export function toMetric(json: Fields): Metric {
  const modelId = json.textOr("model_id", ""), datasetName = json.textOr("dataset_name", "");
  const datasetDigest = json.textOr("dataset_digest", "");
  return {
    key: json.text("key"),
    value: json.numberOr("value", 0),
    timestamp: json.numberOr("timestamp", 0),
    step: json.numberOr("step", 0),
    ...(modelId === "" ? {} : { modelId }),
    ...(datasetName === "" ? {} : { datasetName }),
    ...(datasetDigest === "" ? {} : { datasetDigest }),
  };
}

function toDatasetInput(json: Fields): DatasetInput {
  const dataset = json.fields("dataset");
  const schema = dataset.textOr("schema", undefined), profile = dataset.textOr("profile", undefined);
  return {
    dataset: {
      name: dataset.text("name"),
      digest: dataset.text("digest"),
      sourceType: dataset.textOr("source_type", ""),
      source: dataset.textOr("source", ""),
      ...(schema === undefined ? {} : { schema }),
      ...(profile === undefined ? {} : { profile }),
    },
    tags: toPairs(json.list("tags")),
  };
}

/** A run with all it logged. */
export function toRun(json: Fields): Run {
  const data = json.has("data") ? json.fields("data") : undefined;
  const inputs = json.has("inputs") ? json.fields("inputs") : undefined;
  const outputs = json.has("outputs") ? json.fields("outputs") : undefined;
  return {
    info: toRunInfo(json.fields("info")),
    // The latest of each key belongs to the run alone, whatever model or dataset it was logged for.
    metrics: (data?.list("metrics") ?? []).map(toMetric)
      .map(({ key, value, timestamp, step }) => ({ key, value, timestamp, step })).sort(byKey),
    params: toPairs(data?.list("params") ?? []),
    tags: toPairs(data?.list("tags") ?? []),
    datasetInputs: (inputs?.list("dataset_inputs") ?? []).map(toDatasetInput),
    modelInputs: (inputs?.list("model_inputs") ?? []).map((input) => ({ modelId: input.text("model_id") })),
    modelOutputs: (outputs?.list("model_outputs") ?? []).map((output) => ({
      modelId: output.text("model_id"),
      step: output.numberOr("step", 0),
    })),
  };
}

/** A logged model. */
export function toLoggedModel(json: Fields): LoggedModel {
  const info = json.fields("info");
  const data = json.has("data") ? json.fields("data") : undefined;
  const sourceRunId = info.textOr("source_run_id", ""), statusMessage = info.textOr("status_message", "");
  return {
    modelId: info.text("model_id"),
    experimentId: info.text("experiment_id"),
    name: info.text("name"),
    artifactUri: info.textOr("artifact_uri", ""),
    creationTimestampMs: info.numberOr("creation_timestamp_ms", 0),
    lastUpdatedTimestampMs: info.numberOr("last_updated_timestamp_ms", 0),
    status: info.textOr("status", "LOGGED_MODEL_PENDING").replace(/^LOGGED_MODEL_/, "") as LoggedModelStatus,
    modelType: info.textOr("model_type", ""),
    ...(sourceRunId === "" ? {} : { sourceRunId }),
    ...(statusMessage === "" ? {} : { statusMessage }),
    tags: toPairs(info.list("tags")),
    params: toPairs(data?.list("params") ?? []),
    metrics: (data?.list("metrics") ?? []).map(toMetric).sort(byKey),
  };
}

/** A model version. */
export function toModelVersion(json: Fields): ModelVersion {
  const source = json.textOr("source", "");
  const modelId = json.textOr("model_id", "") || loggedModelIdOf(source);
  return {
    name: json.text("name"),
    version: json.text("version"),
    creationTimestamp: json.numberOr("creation_timestamp", 0),
    lastUpdatedTimestamp: json.numberOr("last_updated_timestamp", 0),
    userId: json.textOr("user_id", ""),
    currentStage: json.textOr("current_stage", "None"),
    description: json.textOr("description", ""),
    source,
    runId: json.textOr("run_id", ""),
    runLink: json.textOr("run_link", ""),
    status: json.textOr("status", "READY"),
    statusMessage: json.textOr("status_message", ""),
    tags: toPairs(json.list("tags")),
    aliases: json.texts("aliases").sort(),
    ...(modelId === undefined ? {} : { modelId }),
  };
}

/** A registered model. */
export function toRegisteredModel(json: Fields): RegisteredModel {
  return {
    name: json.text("name"),
    creationTimestamp: json.numberOr("creation_timestamp", 0),
    lastUpdatedTimestamp: json.numberOr("last_updated_timestamp", 0),
    description: json.textOr("description", ""),
    tags: toPairs(json.list("tags")),
    aliases: json.list("aliases").map((pair) => ({ alias: pair.text("alias"), version: pair.text("version") }))
      .sort((a, b) => a.alias < b.alias ? -1 : 1),
    latestVersions: json.list("latest_versions").map(toModelVersion)
      .sort((a, b) => Number(a.version) - Number(b.version)),
  };
}

/** A double as JSON can hold it. */
export function fromDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** A metric as a request holds it. */
export function fromMetric(metric: Metric): Record<string, unknown> {
  const { key, timestamp, step, modelId, datasetName, datasetDigest } = metric;
  return {
    key,
    value: fromDouble(metric.value),
    timestamp,
    step,
    model_id: modelId,
    dataset_name: datasetName,
    dataset_digest: datasetDigest,
  };
}

/** A dataset input as a request holds it. */
export function fromDatasetInput({ dataset, tags }: DatasetInput): Record<string, unknown> {
  const { sourceType, ...rest } = dataset;
  return { dataset: { ...rest, source_type: sourceType }, tags };
}
