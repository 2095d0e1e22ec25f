import type { KeyValue, LoggedModel, LoggedModelSearch, Metric, Page } from "../../src/core/mod.ts";
import { TrackingError } from "../../src/core/mod.ts";
import * as entries from "../../src/MLOps/rules/entries.ts";
import { inventName, randomHex } from "../../src/MLOps/rules/invented_name.ts";
import * as names from "../../src/MLOps/rules/names.ts";
import type { OrderBy } from "../../src/MLOps/search/clause.ts";
import { LOGGED_MODEL_SEARCH } from "../../src/MLOps/search/domains.ts";
import { decodeSearchOffset, encodeSearchOffset } from "../../src/MLOps/search/page_token.ts";
import { parseFilter } from "../../src/MLOps/search/parse_filter.ts";
import { modelAttribute, modelFulfils } from "./memory_matches.ts";
import { pairs, sortBy } from "./memory_search.ts";

interface StoredModel {
  head: { -readonly [K in keyof Omit<LoggedModel, "tags" | "params" | "metrics">]: LoggedModel[K] };
  deleted: boolean;
  readonly tags: Map<string, string>;
  readonly params: Map<string, string>;
  readonly metrics: (Metric & { readonly runId: string })[];
}

/** Logged models in memory. */
export class MemoryModels {
  readonly #nowMs: () => number;
  readonly #models = new Map<string, StoredModel>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Makes a model in an experiment that the caller has shown to be active. */
  create(
    experiment: { readonly experimentId: string; readonly artifactLocation: string },
    model: {
      readonly name?: string;
      readonly sourceRunId?: string;
      readonly modelType?: string;
      readonly params?: readonly KeyValue[];
      readonly tags?: readonly KeyValue[];
    },
  ): LoggedModel {
    const modelId = `m-${randomHex()}`;
    const nowMs = this.#nowMs();
    this.#models.set(modelId, {
      head: {
        modelId,
        experimentId: experiment.experimentId,
        name: model.name ?? inventName(),
        artifactUri: `${experiment.artifactLocation}/models/${modelId}/artifacts`,
        creationTimestampMs: nowMs,
        lastUpdatedTimestampMs: nowMs,
        status: "PENDING",
        modelType: model.modelType ?? "",
        ...(model.sourceRunId === undefined ? {} : { sourceRunId: model.sourceRunId }),
      },
      deleted: false,
      params: new Map(entries.cleanParams(model.params ?? []).map(({ key, value }) => [key, value])),
      tags: new Map(entries.cleanTags(model.tags ?? []).map(({ key, value }) => [key, value])),
      metrics: [],
    });
    return this.get(modelId);
  }

  #model(modelId: string): StoredModel {
    const found = this.#models.get(modelId);
    if (found !== undefined && !found.deleted) return found;
    throw new TrackingError("RESOURCE_DOES_NOT_EXIST", `Logged model with ID '${modelId}' not found.`);
  }

  #shown({ head, tags, params, metrics }: StoredModel): LoggedModel {
    const shown = [...metrics].sort((a, b) => a.key < b.key ? -1 : a.key > b.key ? 1 : a.timestamp - b.timestamp)
      .map(({ runId: _, ...metric }) => ({ ...metric, modelId: head.modelId }));
    return { ...head, tags: pairs(tags), params: pairs(params), metrics: shown };
  }

  /** The model of this id. */
  get(modelId: string): LoggedModel {
    return this.#shown(this.#model(modelId));
  }

  /** Ends the upload. */
  finalize(modelId: string, status: "READY" | "UPLOAD_FAILED"): LoggedModel {
    const model = this.#model(modelId);
    model.head.status = status;
    model.head.lastUpdatedTimestampMs = this.#nowMs();
    return this.#shown(model);
  }

  /** Sets tags. */
  setTags(modelId: string, tags: readonly KeyValue[]): void {
    const model = this.#model(modelId);
    for (const { key, value } of entries.cleanTags(tags)) model.tags.set(key, value);
  }

  /** Removes a tag. */
  deleteTag(modelId: string, key: string): void {
    if (this.#model(modelId).tags.delete(key)) return;
    throw new TrackingError(
      "RESOURCE_DOES_NOT_EXIST",
      `No tag with key '${key}' found for model with ID '${modelId}'.`,
    );
  }

  /** Adds parameters. */
  logParams(modelId: string, params: readonly KeyValue[]): void {
    const model = this.#model(modelId);
    for (const { key, value } of entries.cleanParams(params)) {
      const known = model.params.get(key);
      if (known !== undefined && known !== value) throw entries.invalid("Changing param values is not allowed.");
      model.params.set(key, value);
    }
  }

  /** Adds an observation of a run, where it is not there yet. */
  addMetric(modelId: string, metric: Metric & { readonly runId: string }): void {
    const { metrics } = this.#model(modelId);
    const isThere = metrics.some(({ key, timestamp, step, runId }) =>
      key === metric.key && timestamp === metric.timestamp && step === metric.step && runId === metric.runId
    );
    if (!isThere) metrics.push(metric);
  }

  /** Marks a model deleted. */
  delete(modelId: string): void {
    const model = this.#model(modelId);
    model.deleted = true;
    model.head.lastUpdatedTimestampMs = this.#nowMs();
  }

  /** Models that match. */
  search(search: LoggedModelSearch): Page<LoggedModel> {
    const maxResults = names.checkMaxResults(search.maxResults ?? 50);
    const scope = {
      experiment_ids: search.experimentIds,
      filter_string: search.filter ?? null,
      order_by: search.orderBy ?? null,
    };
    const offset = decodeSearchOffset(scope, search.pageToken);
    const clauses = parseFilter(search.filter, LOGGED_MODEL_SEARCH);
    const natural = [...this.#models.values()].filter(({ deleted, head }) =>
      !deleted && search.experimentIds.includes(head.experimentId)
    ).map((model) => this.#shown(model)).filter((model) => modelFulfils(model, clauses, search.datasets ?? []))
      .sort((a, b) => b.creationTimestampMs - a.creationTimestampMs || (a.modelId < b.modelId ? -1 : 1));
    const orders = (search.orderBy ?? []).map(({ fieldName, ascending = true }): OrderBy => ({
      entity: fieldName.startsWith("metrics.") ? "metric" : "attribute",
      key: fieldName.replace(/^metrics\./, ""),
      ascending,
    }));
    const sorted = sortBy(
      natural,
      orders,
      (model, { entity, key }) =>
        entity === "metric"
          ? model.metrics.filter((metric) => metric.key === key).sort((a, b) => b.timestamp - a.timestamp)[0]?.value
          : modelAttribute(model, LOGGED_MODEL_SEARCH.aliases[key] ?? key),
    );
    const items = sorted.slice(offset, offset + maxResults);
    if (offset + maxResults >= sorted.length) return { items };
    return { items, nextPageToken: encodeSearchOffset(scope, offset + maxResults) };
  }
}
