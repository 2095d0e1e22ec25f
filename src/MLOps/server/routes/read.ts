import type { DatasetInput, KeyValue, Metric } from "../../../core/mod.ts";
import { type Fields, invalidParameter } from "../fields.ts";

/** Filter, order and page of a search request. */
export interface PageRequest {
  readonly filter?: string;
  readonly orderBy?: readonly string[];
  readonly maxResults?: number;
  readonly pageToken?: string;
}

/** Reads a search request; what its parts may hold is the store's to check. */
export function readPage(fields: Fields): PageRequest {
  const filter = fields.string("filter");
  const orderBy = fields.strings("order_by");
  const maxResults = fields.integer("max_results");
  const pageToken = fields.string("page_token");
  return {
    ...(filter ? { filter } : {}),
    ...(orderBy.length > 0 ? { orderBy } : {}),
    ...(maxResults === undefined ? {} : { maxResults }),
    ...(pageToken ? { pageToken } : {}),
  };
}

/** Reads a list of tags; a tag without a value is empty. */
export function readTags(fields: Fields, name = "tags"): KeyValue[] {
  return fields.messages(name).map((tag) => ({ key: tag.requiredString("key"), value: tag.string("value") ?? "" }));
}

/** Reads a list of parameters; a parameter without a value is empty. */
export function readParams(fields: Fields, name = "params"): KeyValue[] {
  return readTags(fields, name);
}

/** Reads an observation of a metric. */
export function readMetric(fields: Fields): Metric {
  const modelId = fields.string("model_id");
  const datasetName = fields.string("dataset_name");
  const datasetDigest = fields.string("dataset_digest");
  if (!datasetName !== !datasetDigest) {
    throw invalidParameter("Both dataset_name and dataset_digest must be provided if one is provided");
  }
  return {
    key: fields.requiredString("key"),
    value: fields.requiredDouble("value"),
    timestamp: fields.requiredInteger("timestamp"),
    step: fields.integer("step") ?? 0,
    ...(modelId ? { modelId } : {}),
    ...(datasetName ? { datasetName } : {}),
    ...(datasetDigest ? { datasetDigest } : {}),
  };
}

/** Reads a dataset with the tags of its use. */
export function readDatasetInput(fields: Fields): DatasetInput {
  const dataset = fields.requiredMessage("dataset");
  const schema = dataset.string("schema");
  const profile = dataset.string("profile");
  return {
    tags: readTags(fields),
    dataset: {
      name: dataset.requiredString("name"),
      digest: dataset.requiredString("digest"),
      sourceType: dataset.requiredString("source_type"),
      source: dataset.requiredString("source"),
      ...(schema === undefined ? {} : { schema }),
      ...(profile === undefined ? {} : { profile }),
    },
  };
}
