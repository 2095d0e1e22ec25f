/**
 * MLflow's tracking store in memory: the same rules, plain maps, and searches by looking at each thing in turn. Honest
 * enough to be an oracle for the SQL ones.
 *
 * @module
 */
import type {
  ArtifactInfo,
  ArtifactOwner,
  Dataset,
  DatasetInput,
  DatasetSummary,
  Experiment,
  KeyValue,
  LoggedModel,
  LoggedModelSearch,
  Metric,
  Page,
  Run,
  RunInfo,
  RunSearch,
  RunStatus,
  Tracker,
  TrialsOf,
  ViewType,
} from "../../src/core/mod.ts";
import { TrackingError } from "../../src/core/mod.ts";
import * as entries from "../../src/MLOps/rules/entries.ts";
import { inventName, randomHex } from "../../src/MLOps/rules/invented_name.ts";
import * as names from "../../src/MLOps/rules/names.ts";
import { EXPERIMENT_SEARCH, RUN_SEARCH } from "../../src/MLOps/search/domains.ts";
import { parseFilter } from "../../src/MLOps/search/parse_filter.ts";
import { parseOrderBy } from "../../src/MLOps/search/parse_order.ts";
import { MemoryFiles } from "./memory_files.ts";
import { compareObservations, isShown, runFulfils, runValue, storedValue } from "./memory_matches.ts";
import { MemoryModels } from "./memory_models.ts";
import { fulfils, pageOf, pairs, sortBy, valueOf } from "./memory_search.ts";

export { MemoryRegistry } from "./memory_registry.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface StoredRun {
  info: Mutable<RunInfo>;
  readonly history: Metric[];
  readonly latest: Map<string, Metric>;
  readonly params: Map<string, string>;
  readonly tags: Map<string, string>;
  readonly datasets: { dataset: Dataset; tags: readonly KeyValue[] }[];
  readonly modelInputs: Set<string>;
  readonly modelOutputs: Map<string, number>;
}

interface StoredExperiment {
  head: Mutable<Omit<Experiment, "tags">>;
  readonly tags: Map<string, string>;
}

const MAX_DOUBLE = Number.MAX_VALUE;

function failed(message: string): TrackingError {
  return new TrackingError("RESOURCE_DOES_NOT_EXIST", message);
}

/** A tracking store in memory. */
export class MemoryTracker implements Tracker {
  readonly uri: string = `memory:${randomHex()}`;
  readonly #nowMs: () => number;
  readonly #experiments = new Map<string, StoredExperiment>();
  readonly #runs = new Map<string, StoredRun>();
  readonly #models: MemoryModels;
  readonly #files = new MemoryFiles();
  /** Datasets of an experiment by name and digest: the first description stays. */
  readonly #datasets = new Map<string, Dataset>();

  constructor(options: { readonly nowMs?: () => number } = {}) {
    this.#nowMs = options.nowMs ?? Date.now;
    this.#models = new MemoryModels(this.#nowMs);
    this.#addExperiment("0", "Default", "memory:/0", []);
  }

  #addExperiment(experimentId: string, name: string, artifactLocation: string, tags: readonly KeyValue[]): void {
    const nowMs = this.#nowMs();
    this.#experiments.set(experimentId, {
      head: {
        experimentId,
        name,
        artifactLocation,
        lifecycleStage: "active",
        creationTime: nowMs,
        lastUpdateTime: nowMs,
      },
      tags: new Map(tags.map(({ key, value }) => [key, value])),
    });
  }

  // deno-lint-ignore require-await -- the port is asynchronous; so are its errors
  async createExperiment(
    name: string,
    options: { readonly artifactLocation?: string; readonly tags?: readonly KeyValue[] } = {},
  ): Promise<string> {
    names.checkExperimentName(name);
    if (options.artifactLocation !== undefined) names.checkArtifactLocation(options.artifactLocation);
    options.tags?.forEach(entries.checkExperimentTag);
    this.#refuseTakenName(name);
    const id = String(Math.max(...[...this.#experiments.keys()].map(Number)) + 1);
    this.#addExperiment(id, name, options.artifactLocation || `memory:/${id}`, options.tags ?? []);
    return id;
  }
  #refuseTakenName(name: string): void {
    if (![...this.#experiments.values()].some(({ head }) => head.name === name)) return;
    throw new TrackingError("RESOURCE_ALREADY_EXISTS", `Experiment(name=${name}) already exists.`);
  }
  #experiment(experimentId: string): StoredExperiment {
    const found = this.#experiments.get(String(names.experimentNumber(experimentId)));
    if (found === undefined) throw failed(`No Experiment with id=${experimentId} exists`);
    return found;
  }
  #activeExperiment(experimentId: string): StoredExperiment {
    const found = this.#experiment(experimentId);
    if (found.head.lifecycleStage === "active") return found;
    throw entries.invalid(
      `The experiment ${experimentId} must be in the 'active' state. Current state is ${found.head.lifecycleStage}.`,
    );
  }
  #shownExperiment({ head, tags }: StoredExperiment): Experiment {
    return { ...head, tags: pairs(tags) };
  }
  // deno-lint-ignore require-await
  async getExperiment(experimentId: string): Promise<Experiment> {
    return this.#shownExperiment(this.#experiment(experimentId));
  }
  // deno-lint-ignore require-await
  async getExperimentByName(name: string): Promise<Experiment | undefined> {
    const found = [...this.#experiments.values()].find(({ head }) => head.name === name);
    return found === undefined ? undefined : this.#shownExperiment(found);
  }
  // deno-lint-ignore require-await
  async searchExperiments(
    search: {
      readonly filter?: string;
      readonly orderBy?: readonly string[];
      readonly maxResults?: number;
      readonly pageToken?: string;
      readonly viewType?: ViewType;
    } = {},
  ): Promise<Page<Experiment>> {
    const maxResults = names.checkMaxResults(search.maxResults ?? 1000);
    const clauses = parseFilter(search.filter, EXPERIMENT_SEARCH);
    const orders = parseOrderBy(
      search.orderBy?.length ? search.orderBy : ["creation_time DESC", "experiment_id ASC"],
      EXPERIMENT_SEARCH,
    );
    const attribute = ({ head }: StoredExperiment, key: string) =>
      ({
        name: head.name,
        experiment_id: head.experimentId,
        creation_time: head.creationTime,
        last_update_time: head.lastUpdateTime,
      })[key];
    const found = [...this.#experiments.values()].filter((one) =>
      isShown(one.head.lifecycleStage, search.viewType) &&
      clauses.every((clause) =>
        fulfils(clause.entity === "tag" ? one.tags.get(clause.key) : attribute(one, clause.key), clause)
      )
    ).sort((a, b) => Number(a.head.experimentId) - Number(b.head.experimentId));
    const sorted = sortBy(found, orders, (one, { key }) => {
      const value = attribute(one, key);
      return key === "experiment_id" ? Number(value) : value;
    });
    return pageOf(sorted.map((one) => this.#shownExperiment(one)), maxResults, search.pageToken);
  }
  // deno-lint-ignore require-await
  async renameExperiment(experimentId: string, name: string): Promise<void> {
    names.checkExperimentName(name);
    const { head } = this.#experiment(experimentId);
    if (head.lifecycleStage !== "active") {
      throw new TrackingError("INVALID_STATE", "Cannot rename a non-active experiment.", { code: "input-invalid" });
    }
    if (head.name !== name) this.#refuseTakenName(name);
    head.name = name;
    head.lastUpdateTime = this.#nowMs();
  }
  #moveExperiment(experimentId: string, to: "active" | "deleted"): void {
    const { head } = this.#experiment(experimentId);
    if (head.lifecycleStage === to) throw failed(`No Experiment with id=${experimentId} exists`);
    head.lifecycleStage = to;
    head.lastUpdateTime = this.#nowMs();
    for (const { info } of this.#runs.values()) {
      if (info.experimentId === head.experimentId) info.lifecycleStage = to;
    }
  }
  // deno-lint-ignore require-await
  async deleteExperiment(experimentId: string): Promise<void> {
    this.#moveExperiment(experimentId, "deleted");
  }
  // deno-lint-ignore require-await
  async restoreExperiment(experimentId: string): Promise<void> {
    this.#moveExperiment(experimentId, "active");
  }
  // deno-lint-ignore require-await
  async setExperimentTag(experimentId: string, tag: KeyValue): Promise<void> {
    entries.checkExperimentTag(tag);
    this.#activeExperiment(experimentId).tags.set(tag.key, tag.value);
  }
  // deno-lint-ignore require-await
  async deleteExperimentTag(experimentId: string, key: string): Promise<void> {
    if (this.#activeExperiment(experimentId).tags.delete(key)) return;
    throw failed(`No tag with name: ${key} in experiment with id ${experimentId}`);
  }
  // deno-lint-ignore require-await
  async searchDatasets(experimentIds: readonly string[]): Promise<readonly DatasetSummary[]> {
    const unique = new Map<string, DatasetSummary>();
    for (const { info, datasets } of this.#runs.values()) {
      if (!experimentIds.includes(info.experimentId)) continue;
      for (const { dataset: { name, digest }, tags } of datasets) {
        const context = valueOf(tags, entries.DATASET_CONTEXT_TAG);
        const summary = {
          experimentId: info.experimentId,
          name,
          digest,
          ...(context === undefined ? {} : { context }),
        };
        unique.set(JSON.stringify([Number(info.experimentId), name, digest, context ?? ""]), summary);
      }
    }
    return [...unique].sort(([a], [b]) => a < b ? -1 : 1).map(([, summary]) => summary).slice(0, 1000);
  }
  countTrials({ symbol, horizonMinutes }: TrialsOf): Promise<number> {
    const runs = [...this.#runs.values()].filter(({ params }) =>
      params.get("symbol") === symbol && params.get("horizon_minutes") === String(horizonMinutes)
    );
    return Promise.resolve(runs.length);
  }

  // deno-lint-ignore require-await
  async createRun(
    run: {
      readonly experimentId: string;
      readonly runName?: string;
      readonly userId?: string;
      readonly startTime?: number;
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<Run> {
    const { head } = this.#activeExperiment(run.experimentId);
    const tags = entries.cleanFirstTags(run.tags ?? []);
    const runName = names.resolveRunName(run.runName, tags, inventName);
    const runId = randomHex();
    this.#runs.set(runId, {
      info: {
        runId,
        runName,
        experimentId: head.experimentId,
        userId: run.userId ?? "",
        status: "RUNNING",
        startTime: run.startTime ?? this.#nowMs(),
        artifactUri: `${head.artifactLocation}/${runId}/artifacts`,
        lifecycleStage: "active",
      },
      history: [],
      latest: new Map(),
      params: new Map(),
      tags: new Map([...tags.map(({ key, value }) => [key, value] as const), [entries.RUN_NAME_TAG, runName]]),
      datasets: [],
      modelInputs: new Set(),
      modelOutputs: new Map(),
    });
    return this.#shownRun(this.#run(runId));
  }
  #run(runId: string): StoredRun {
    const found = this.#runs.get(runId);
    if (found === undefined) throw failed(`Run with id=${runId} not found`);
    return found;
  }
  #activeRun(runId: string): StoredRun {
    const found = this.#run(runId);
    if (found.info.lifecycleStage === "active") return found;
    throw entries.invalid(
      `The run ${runId} must be in the 'active' state. Current state is ${found.info.lifecycleStage}.`,
    );
  }
  #shownRun(run: StoredRun): Run {
    return {
      info: { ...run.info },
      metrics: [...run.latest.values()].sort((a, b) => a.key < b.key ? -1 : 1),
      params: pairs(run.params),
      tags: pairs(run.tags),
      datasetInputs: [...run.datasets].sort((a, b) =>
        `${a.dataset.name}\0${a.dataset.digest}` < `${b.dataset.name}\0${b.dataset.digest}` ? -1 : 1
      ),
      modelInputs: [...run.modelInputs].map((modelId) => ({ modelId })),
      modelOutputs: [...run.modelOutputs].map(([modelId, step]) => ({ modelId, step })),
    };
  }
  // deno-lint-ignore require-await
  async getRun(runId: string): Promise<Run> {
    return this.#shownRun(this.#run(runId));
  }
  // deno-lint-ignore require-await
  async updateRun(
    runId: string,
    change: { readonly status?: RunStatus; readonly endTime?: number; readonly runName?: string },
  ): Promise<RunInfo> {
    const run = this.#activeRun(runId);
    if (change.status !== undefined) run.info.status = change.status;
    if (change.endTime !== undefined) run.info.endTime = change.endTime;
    if (change.runName) {
      run.info.runName = change.runName;
      run.tags.set(entries.RUN_NAME_TAG, change.runName);
    }
    return { ...run.info };
  }
  // deno-lint-ignore require-await
  async deleteRun(runId: string): Promise<void> {
    this.#run(runId).info.lifecycleStage = "deleted";
  }
  // deno-lint-ignore require-await
  async restoreRun(runId: string): Promise<void> {
    this.#run(runId).info.lifecycleStage = "active";
  }
  // deno-lint-ignore require-await
  async searchRuns(search: RunSearch): Promise<Page<Run>> {
    const maxResults = names.checkMaxResults(search.maxResults ?? 1000);
    const clauses = parseFilter(search.filter, RUN_SEARCH);
    const orders = parseOrderBy(search.orderBy, RUN_SEARCH);
    const ids = search.experimentIds.map((id) => String(names.experimentNumber(id)));
    const found = [...this.#runs.values()].filter(({ info }) =>
      ids.includes(info.experimentId) && isShown(info.lifecycleStage, search.viewType)
    ).map((run) => this.#shownRun(run)).filter((run) => clauses.every((clause) => runFulfils(run, clause)));
    const natural = found.sort((a, b) => b.info.startTime - a.info.startTime || (a.info.runId < b.info.runId ? -1 : 1));
    return pageOf(sortBy(natural, orders, runValue), maxResults, search.pageToken);
  }
  // deno-lint-ignore require-await
  async logBatch(
    runId: string,
    batch: {
      readonly metrics?: readonly Metric[];
      readonly params?: readonly KeyValue[];
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<void> {
    const { metrics = [] } = batch;
    metrics.forEach((metric, i) => entries.checkMetric(metric, `metrics[${i}]`));
    const params = entries.cleanParams(batch.params ?? []), tags = entries.cleanTags(batch.tags ?? []);
    entries.checkParamKeysUnique(params);
    names.checkRunId(runId);
    const run = this.#activeRun(runId);
    for (const { key, value } of params) {
      const known = run.params.get(key);
      if (known !== undefined && known !== value) {
        throw new entries.ParamChangedError(runId, [{ key, known, given: value }]);
      }
    }
    metrics.forEach(({ modelId }) => modelId && this.#models.get(modelId));
    params.forEach(({ key, value }) => run.params.set(key, value));
    metrics.forEach((metric) => this.#logMetric(run, metric));
    for (const { key, value } of tags) {
      run.tags.set(key, value);
      if (key === entries.RUN_NAME_TAG && value !== "") run.info.runName = value;
    }
  }
  #logMetric(run: StoredRun, { key, value: given, timestamp, step, ...links }: Metric): void {
    const value = Number.isNaN(given) ? NaN : Math.max(-MAX_DOUBLE, Math.min(MAX_DOUBLE, given));
    const metric = { key, value, timestamp, step };
    const isSame = (other: Metric) =>
      other.key === key && Object.is(other.value, value) && other.timestamp === timestamp && other.step === step;
    if (!run.history.some(isSame)) run.history.push(metric);
    const known = run.latest.get(key);
    if (known === undefined || compareObservations(metric, known) > 0) run.latest.set(key, metric);
    if (!links.modelId || Number.isNaN(value)) return;
    this.#models.addMetric(links.modelId, { ...metric, ...links, runId: run.info.runId });
  }
  // deno-lint-ignore require-await
  async deleteTag(runId: string, key: string): Promise<void> {
    if (this.#activeRun(runId).tags.delete(key)) return;
    throw failed(`No tag with name: ${key} in run with id ${runId}`);
  }
  // deno-lint-ignore require-await
  async logInputs(
    runId: string,
    inputs: { readonly datasets?: readonly DatasetInput[]; readonly models?: readonly { readonly modelId: string }[] },
  ): Promise<void> {
    names.checkRunId(runId);
    const datasets = entries.cleanDatasets(inputs.datasets ?? []);
    const run = this.#activeRun(runId);
    for (const { dataset, tags } of datasets) {
      const key = JSON.stringify([run.info.experimentId, dataset.name, dataset.digest]);
      const stored = this.#datasets.get(key) ?? dataset;
      this.#datasets.set(key, stored);
      if (run.datasets.some((known) => known.dataset === stored)) continue;
      run.datasets.push({ dataset: stored, tags: [...tags].sort((a, b) => a.key < b.key ? -1 : 1) });
    }
    for (const { modelId } of inputs.models ?? []) run.modelInputs.add(modelId);
  }
  // deno-lint-ignore require-await
  async logOutputs(
    runId: string,
    models: readonly { readonly modelId: string; readonly step: number }[],
  ): Promise<void> {
    const run = this.#activeRun(runId);
    for (const { modelId, step } of models) {
      if (!run.modelOutputs.has(modelId)) run.modelOutputs.set(modelId, step);
    }
  }
  // deno-lint-ignore require-await
  async metricHistory(
    runId: string,
    key: string,
    options: { readonly maxResults?: number; readonly pageToken?: string } = {},
  ): Promise<Page<Metric>> {
    const all = (this.#runs.get(runId)?.history ?? []).filter((metric) => metric.key === key).sort((a, b) =>
      a.timestamp - b.timestamp || a.step - b.step || storedValue(a) - storedValue(b)
    );
    return pageOf(all, options.maxResults ?? Number.MAX_SAFE_INTEGER, options.pageToken);
  }

  // deno-lint-ignore require-await
  async createLoggedModel(
    model: Parameters<Tracker["createLoggedModel"]>[0],
  ): Promise<LoggedModel> {
    if (model.name !== undefined) names.checkLoggedModelName(model.name);
    return this.#models.create(this.#activeExperiment(model.experimentId).head, model);
  }
  // deno-lint-ignore require-await
  async getLoggedModel(modelId: string): Promise<LoggedModel> {
    return this.#models.get(modelId);
  }
  // deno-lint-ignore require-await
  async finalizeLoggedModel(modelId: string, status: "READY" | "UPLOAD_FAILED"): Promise<LoggedModel> {
    return this.#models.finalize(modelId, status);
  }
  // deno-lint-ignore require-await
  async setLoggedModelTags(modelId: string, tags: readonly KeyValue[]): Promise<void> {
    this.#models.setTags(modelId, tags);
  }
  // deno-lint-ignore require-await
  async deleteLoggedModelTag(modelId: string, key: string): Promise<void> {
    this.#models.deleteTag(modelId, key);
  }
  // deno-lint-ignore require-await
  async logLoggedModelParams(modelId: string, params: readonly KeyValue[]): Promise<void> {
    this.#models.logParams(modelId, params);
  }
  // deno-lint-ignore require-await
  async deleteLoggedModel(modelId: string): Promise<void> {
    this.#models.delete(modelId);
  }
  // deno-lint-ignore require-await
  async searchLoggedModels(search: LoggedModelSearch): Promise<Page<LoggedModel>> {
    return this.#models.search(search);
  }

  // deno-lint-ignore require-await
  async writeArtifact(owner: ArtifactOwner, path: string, content: Uint8Array): Promise<void> {
    this.#files.write(this.#rootOf(owner), path, content);
  }
  // deno-lint-ignore require-await
  async readArtifact(owner: ArtifactOwner, path: string): Promise<Uint8Array> {
    return this.#files.read(this.#rootOf(owner), path);
  }
  // deno-lint-ignore require-await
  async listArtifacts(owner: ArtifactOwner, path = ""): Promise<readonly ArtifactInfo[]> {
    return this.#files.list(this.#rootOf(owner), path);
  }
  #rootOf(owner: ArtifactOwner): string {
    return "runId" in owner ? this.#run(owner.runId).info.artifactUri : this.#models.get(owner.modelId).artifactUri;
  }
  /** A file under an artifact URI of this store, for the registry beside it. */
  readFile(root: string, path: string): Uint8Array {
    return this.#files.read(root, path);
  }
  /** Children of a folder under an artifact URI of this store. */
  listFiles(root: string, path = ""): ArtifactInfo[] {
    return this.#files.list(root, path);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
