import type { Comparator, SearchAttribute, SearchDomain } from "./clause.ts";

const NUMERIC: readonly Comparator[] = [">", ">=", "!=", "=", "<", "<="];
const TEXT: readonly Comparator[] = ["!=", "=", "LIKE", "ILIKE"];
const LISTED: readonly Comparator[] = [...TEXT, "IN", "NOT IN"];
const NULLABLE: readonly Comparator[] = [...TEXT, "IS NULL", "IS NOT NULL"];

const text: SearchAttribute = { kind: "string", comparators: TEXT };
const listed: SearchAttribute = { kind: "string", comparators: LISTED };
const numeric: SearchAttribute = { kind: "number", comparators: NUMERIC };

/** Keys of a dataset in a run's filter. */
export const DATASET_KEYS: readonly string[] = ["name", "digest", "context"];

/** Runs: `metrics.`, `params.`, `tags.`, `attributes.`, `datasets.` */
export const RUN_SEARCH: SearchDomain = {
  dialect: "run",
  prefixes: {
    metric: "metric",
    metrics: "metric",
    parameter: "param",
    parameters: "param",
    param: "param",
    params: "param",
    tag: "tag",
    tags: "tag",
    attribute: "attribute",
    attributes: "attribute",
    attr: "attribute",
    run: "attribute",
    dataset: "dataset",
    datasets: "dataset",
  },
  attributes: {
    run_id: listed,
    run_name: text,
    status: text,
    artifact_uri: text,
    user_id: text,
    start_time: numeric,
    end_time: numeric,
  },
  aliases: {
    created: "start_time",
    Created: "start_time",
    "run name": "run_name",
    "Run name": "run_name",
    "Run Name": "run_name",
  },
  comparators: { metric: NUMERIC, param: NULLABLE, tag: NULLABLE, dataset: LISTED },
  orderAttributes: ["run_id", "run_name", "status", "artifact_uri", "user_id", "start_time", "end_time"],
  orderEntities: ["metric", "param", "tag"],
};

const SIMPLE_PREFIXES = {
  attribute: "attribute",
  attributes: "attribute",
  tag: "tag",
  tags: "tag",
} as const;

/** Experiments. */
export const EXPERIMENT_SEARCH: SearchDomain = {
  dialect: "experiment",
  prefixes: SIMPLE_PREFIXES,
  attributes: {
    name: text,
    experiment_id: { kind: "string", comparators: ["=", "!=", "IN", "NOT IN"] },
    creation_time: numeric,
    last_update_time: numeric,
  },
  aliases: {},
  comparators: { tag: NULLABLE },
  orderAttributes: ["name", "experiment_id", "creation_time", "last_update_time"],
  orderEntities: [],
  mayOrderTwice: true,
};

/** Registered models. */
export const REGISTERED_MODEL_SEARCH: SearchDomain = {
  dialect: "registered model",
  prefixes: SIMPLE_PREFIXES,
  attributes: { name: listed },
  aliases: { timestamp: "last_updated_timestamp" },
  comparators: { tag: TEXT },
  orderAttributes: ["name", "last_updated_timestamp"],
  orderEntities: [],
};

/** Model versions. */
export const MODEL_VERSION_SEARCH: SearchDomain = {
  dialect: "model version",
  prefixes: SIMPLE_PREFIXES,
  attributes: { name: listed, run_id: listed, source_path: text, version_number: numeric },
  aliases: {},
  comparators: { tag: TEXT },
  orderAttributes: ["name", "version_number", "creation_timestamp", "last_updated_timestamp"],
  orderEntities: [],
};

/** Logged models. */
export const LOGGED_MODEL_SEARCH: SearchDomain = {
  dialect: "logged model",
  prefixes: {
    metrics: "metric",
    metric: "metric",
    params: "param",
    param: "param",
    tags: "tag",
    tag: "tag",
    attributes: "attribute",
    attribute: "attribute",
  },
  attributes: {
    name: listed,
    model_id: listed,
    model_type: listed,
    status: listed,
    source_run_id: listed,
    creation_timestamp: numeric,
    last_updated_timestamp: numeric,
  },
  aliases: {
    creation_time: "creation_timestamp",
    creation_timestamp_ms: "creation_timestamp",
    last_updated_time: "last_updated_timestamp",
    last_updated_timestamp_ms: "last_updated_timestamp",
  },
  comparators: { metric: NUMERIC, param: LISTED, tag: LISTED },
  orderAttributes: [
    "name",
    "model_id",
    "model_type",
    "status",
    "source_run_id",
    "creation_timestamp",
    "last_updated_timestamp",
  ],
  orderEntities: ["metric"],
};
