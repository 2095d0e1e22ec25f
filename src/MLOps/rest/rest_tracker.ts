import {
  type ArtifactInfo,
  type ArtifactOwner,
  type DatasetInput,
  type DatasetSummary,
  type Experiment,
  type KeyValue,
  type LoggedModel,
  type LoggedModelSearch,
  type LoggedModelStatus,
  type Metric,
  type Page,
  type Run,
  type RunInfo,
  type RunSearch,
  type RunStatus,
  type Tracker,
  TrackingError,
  type ViewType,
} from "../../core/mod.ts";
import { artifactPathParts } from "../artifacts/artifact_path.ts";
import {
  checkMetric,
  checkParamKeysUnique,
  cleanDatasets,
  cleanFirstTags,
  cleanParams,
  cleanTags,
} from "../rules/entries.ts";
import { DEFAULT_LOGGED_MODEL_RESULTS, DEFAULT_SEARCH_RESULTS } from "../rules/limits.ts";
import { Fields } from "./fields.ts";
import { MlflowHttp, type MlflowHttpOptions } from "./http.ts";
import { RemoteArtifacts } from "./remote_artifacts.ts";
import { splitBatch } from "./split_batch.ts";
import { fromDatasetInput, toExperiment, toLoggedModel, toMetric, toRun, toRunInfo } from "./wire.ts";

/** Observations of one request for a metric's history, as the Python client asks for. */
const HISTORY_PAGE = 25_000;

/** Runs on an MLflow server, over its REST API. Nothing is sent before the first call. */
export class RestTracker implements Tracker {
  /** The URI it was opened with, without credentials. */
  readonly uri: string;
  readonly #http: MlflowHttp;
  readonly #artifacts: RemoteArtifacts;
  /** Artifact roots by run or model id: they never change. */
  readonly #roots = new Map<string, string>();

  /** A client of the server at `uri` (`http://host:port`). */
  constructor(uri: string, options: MlflowHttpOptions = {}) {
    this.#http = new MlflowHttp(uri, options);
    this.#artifacts = new RemoteArtifacts(this.#http);
    this.uri = this.#http.base;
  }

  async createExperiment(
    name: string,
    options: { readonly artifactLocation?: string; readonly tags?: readonly KeyValue[] } = {},
  ): Promise<string> {
    const { artifactLocation, tags } = options;
    const body = { name, artifact_location: artifactLocation, tags };
    return (await this.#http.send("POST", "experiments/create", body, { repeatable: false })).text("experiment_id");
  }
  async getExperiment(experimentId: string): Promise<Experiment> {
    const answer = await this.#http.get("experiments/get", { experiment_id: experimentId });
    return toExperiment(answer.fields("experiment"));
  }
  async getExperimentByName(name: string): Promise<Experiment | undefined> {
    try {
      const answer = await this.#http.get("experiments/get-by-name", { experiment_name: name });
      return toExperiment(answer.fields("experiment"));
    } catch (error) {
      if (error instanceof TrackingError && error.errorCode === "RESOURCE_DOES_NOT_EXIST") return undefined;
      throw error;
    }
  }
  async searchExperiments(
    search: {
      readonly filter?: string;
      readonly orderBy?: readonly string[];
      readonly maxResults?: number;
      readonly pageToken?: string;
      readonly viewType?: ViewType;
    } = {},
  ): Promise<Page<Experiment>> {
    const answer = await this.#http.send("POST", "experiments/search", {
      max_results: search.maxResults ?? DEFAULT_SEARCH_RESULTS,
      filter: search.filter?.trim(),
      order_by: search.orderBy,
      page_token: search.pageToken,
      view_type: search.viewType ?? "ACTIVE_ONLY",
    });
    return pageOf(answer, "experiments", toExperiment);
  }
  async renameExperiment(experimentId: string, name: string): Promise<void> {
    await this.#http.send("POST", "experiments/update", { experiment_id: experimentId, new_name: name });
  }
  async deleteExperiment(experimentId: string): Promise<void> {
    await this.#http.send("POST", "experiments/delete", { experiment_id: experimentId }, { repeatable: false });
  }
  async restoreExperiment(experimentId: string): Promise<void> {
    await this.#http.send("POST", "experiments/restore", { experiment_id: experimentId }, { repeatable: false });
  }
  async setExperimentTag(experimentId: string, tag: KeyValue): Promise<void> {
    await this.#http.send("POST", "experiments/set-experiment-tag", { experiment_id: experimentId, ...tag });
  }
  async deleteExperimentTag(experimentId: string, key: string): Promise<void> {
    const body = { experiment_id: experimentId, key };
    await this.#http.send("POST", "experiments/delete-experiment-tag", body, { repeatable: false });
  }
  async searchDatasets(experimentIds: readonly string[]): Promise<readonly DatasetSummary[]> {
    if (experimentIds.length === 0) return [];
    const url = new URL(`${this.#http.base}/ajax-api/2.0/mlflow/experiments/search-datasets`);
    const body = JSON.stringify({ experiment_ids: experimentIds });
    const response = await this.#http.request({ method: "POST", url, body });
    return new Fields(await response.json()).list("dataset_summaries").map((summary) => {
      const context = summary.textOr("context", "");
      return {
        experimentId: summary.text("experiment_id"),
        name: summary.text("name"),
        digest: summary.text("digest"),
        ...(context === "" ? {} : { context }),
      };
    });
  }
  /** A server keeps no record that this could be asked for. */
  countTrials(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async createRun(
    run: {
      readonly experimentId: string;
      readonly runName?: string;
      readonly userId?: string;
      readonly startTime?: number;
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<Run> {
    const answer = await this.#http.send("POST", "runs/create", {
      experiment_id: run.experimentId,
      run_name: run.runName,
      user_id: run.userId,
      start_time: run.startTime ?? Date.now(),
      tags: cleanFirstTags(run.tags ?? []),
    }, { repeatable: false });
    return toRun(answer.fields("run"));
  }
  async getRun(runId: string): Promise<Run> {
    return toRun((await this.#http.get("runs/get", { run_id: runId })).fields("run"));
  }
  async updateRun(
    runId: string,
    change: { readonly status?: RunStatus; readonly endTime?: number; readonly runName?: string },
  ): Promise<RunInfo> {
    const answer = await this.#http.send("POST", "runs/update", {
      run_id: runId,
      status: change.status,
      end_time: change.endTime,
      run_name: change.runName,
    });
    return toRunInfo(answer.fields("run_info"));
  }
  async deleteRun(runId: string): Promise<void> {
    await this.#http.send("POST", "runs/delete", { run_id: runId });
  }
  async restoreRun(runId: string): Promise<void> {
    await this.#http.send("POST", "runs/restore", { run_id: runId });
  }
  async searchRuns(search: RunSearch): Promise<Page<Run>> {
    if (search.experimentIds.length === 0) return { items: [] };
    const answer = await this.#http.send("POST", "runs/search", {
      experiment_ids: search.experimentIds,
      filter: search.filter?.trim(),
      run_view_type: search.viewType ?? "ACTIVE_ONLY",
      max_results: search.maxResults ?? DEFAULT_SEARCH_RESULTS,
      order_by: search.orderBy,
      page_token: search.pageToken,
    });
    return pageOf(answer, "runs", toRun);
  }
  async logBatch(
    runId: string,
    batch: {
      readonly metrics?: readonly Metric[];
      readonly params?: readonly KeyValue[];
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<void> {
    // Checked here as well, so that a bad entry refuses the whole batch and not a later part of it.
    const metrics = batch.metrics ?? [];
    metrics.forEach((metric, i) => checkMetric(metric, `metrics[${i}]`));
    const params = cleanParams(batch.params ?? []);
    checkParamKeysUnique(params);
    for (const part of splitBatch({ metrics, params, tags: cleanTags(batch.tags ?? []) })) {
      await this.#http.send("POST", "runs/log-batch", { run_id: runId, ...part });
    }
  }
  async deleteTag(runId: string, key: string): Promise<void> {
    await this.#http.send("POST", "runs/delete-tag", { run_id: runId, key }, { repeatable: false });
  }
  async logInputs(
    runId: string,
    inputs: { readonly datasets?: readonly DatasetInput[]; readonly models?: readonly { readonly modelId: string }[] },
  ): Promise<void> {
    await this.#http.send("POST", "runs/log-inputs", {
      run_id: runId,
      datasets: cleanDatasets(inputs.datasets ?? []).map(fromDatasetInput),
      models: inputs.models?.map(({ modelId }) => ({ model_id: modelId })),
    });
  }
  async logOutputs(
    runId: string,
    models: readonly { readonly modelId: string; readonly step: number }[],
  ): Promise<void> {
    const body = { run_id: runId, models: models.map(({ modelId, step }) => ({ model_id: modelId, step })) };
    await this.#http.send("POST", "runs/outputs", body, { repeatable: false });
  }
  async metricHistory(
    runId: string,
    key: string,
    options: { readonly maxResults?: number; readonly pageToken?: string } = {},
  ): Promise<Page<Metric>> {
    const { maxResults } = options;
    const items: Metric[] = [];
    let pageToken = options.pageToken;
    do {
      const answer = await this.#http.get("metrics/get-history", {
        run_id: runId,
        metric_key: key,
        max_results: maxResults ?? HISTORY_PAGE,
        page_token: pageToken,
      });
      const page = pageOf(answer, "metrics", (json) => {
        const { key, value, timestamp, step } = toMetric(json);
        return { key, value, timestamp, step };
      });
      if (maxResults !== undefined) return page;
      items.push(...page.items);
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    return { items };
  }

  async createLoggedModel(
    model: {
      readonly experimentId: string;
      readonly name?: string;
      readonly sourceRunId?: string;
      readonly modelType?: string;
      readonly params?: readonly KeyValue[];
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<LoggedModel> {
    const answer = await this.#http.send("POST", "logged-models", {
      experiment_id: model.experimentId,
      name: model.name,
      source_run_id: model.sourceRunId,
      model_type: model.modelType,
      params: cleanParams(model.params ?? []),
      tags: cleanTags(model.tags ?? []),
    }, { repeatable: false });
    return toLoggedModel(answer.fields("model"));
  }
  async getLoggedModel(modelId: string): Promise<LoggedModel> {
    return toLoggedModel((await this.#http.get(modelPath(modelId))).fields("model"));
  }
  async finalizeLoggedModel(modelId: string, status: LoggedModelStatus): Promise<LoggedModel> {
    const body = { model_id: modelId, status: `LOGGED_MODEL_${status}` };
    return toLoggedModel((await this.#http.send("PATCH", modelPath(modelId), body)).fields("model"));
  }
  async setLoggedModelTags(modelId: string, tags: readonly KeyValue[]): Promise<void> {
    await this.#http.send("PATCH", `${modelPath(modelId)}/tags`, { model_id: modelId, tags: cleanTags(tags) });
  }
  async deleteLoggedModelTag(modelId: string, key: string): Promise<void> {
    await this.#http.send("DELETE", `${modelPath(modelId)}/tags/${encodeURIComponent(key)}`, {}, { repeatable: false });
  }
  async logLoggedModelParams(modelId: string, params: readonly KeyValue[]): Promise<void> {
    await this.#http.send("POST", `${modelPath(modelId)}/params`, { model_id: modelId, params: cleanParams(params) });
  }
  async deleteLoggedModel(modelId: string): Promise<void> {
    await this.#http.send("DELETE", modelPath(modelId), {}, { repeatable: false });
  }
  async searchLoggedModels(search: LoggedModelSearch): Promise<Page<LoggedModel>> {
    if (search.experimentIds.length === 0) return { items: [] };
    const answer = await this.#http.send("POST", "logged-models/search", {
      experiment_ids: search.experimentIds,
      filter: search.filter?.trim(),
      datasets: search.datasets?.map(({ datasetName, datasetDigest }) => ({
        dataset_name: datasetName,
        dataset_digest: datasetDigest,
      })),
      order_by: search.orderBy?.map(({ fieldName, ascending, datasetName, datasetDigest }) => ({
        field_name: fieldName,
        ascending,
        dataset_name: datasetName,
        dataset_digest: datasetDigest,
      })),
      max_results: search.maxResults ?? DEFAULT_LOGGED_MODEL_RESULTS,
      page_token: search.pageToken,
    });
    return pageOf(answer, "models", toLoggedModel);
  }

  async writeArtifact(owner: ArtifactOwner, path: string, content: Uint8Array): Promise<void> {
    artifactPathParts(path); // refused before the server is asked for the root
    await this.#artifacts.write(await this.#rootOf(owner), path, content);
  }
  async readArtifact(owner: ArtifactOwner, path: string): Promise<Uint8Array> {
    artifactPathParts(path);
    return await this.#artifacts.read(await this.#rootOf(owner), path);
  }
  async listArtifacts(owner: ArtifactOwner, path = ""): Promise<readonly ArtifactInfo[]> {
    artifactPathParts(path);
    return await this.#artifacts.list(await this.#rootOf(owner), path);
  }

  async #rootOf(owner: ArtifactOwner): Promise<string> {
    const id = "runId" in owner ? owner.runId : owner.modelId;
    const known = this.#roots.get(id);
    if (known !== undefined) return known;
    const root = "runId" in owner
      ? (await this.getRun(owner.runId)).info.artifactUri
      : (await this.getLoggedModel(owner.modelId)).artifactUri;
    this.#roots.set(id, root);
    return root;
  }

  /** Nothing is held open. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A page of an answer. */
export function pageOf<T>(answer: Fields, name: string, read: (json: Fields) => T): Page<T> {
  const items = answer.list(name).map(read);
  const nextPageToken = answer.textOr("next_page_token", "");
  return nextPageToken === "" ? { items } : { items, nextPageToken };
}

function modelPath(modelId: string): string {
  return `logged-models/${encodeURIComponent(modelId)}`;
}
