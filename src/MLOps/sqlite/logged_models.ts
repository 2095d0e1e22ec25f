import { type KeyValue, type LoggedModel, type LoggedModelStatus, type Metric, TrackingError } from "../../core/mod.ts";
import { appendToUri } from "../artifacts/location.ts";
import { cleanModelEntries } from "../rules/entries.ts";
import { noLoggedModel } from "../rules/names.ts";
import { inventName, randomHex } from "../rules/invented_name.ts";
import { MAX_PARAM_VALUE_LENGTH, MAX_TAG_VALUE_LENGTH } from "../rules/limits.ts";
import { checkLoggedModelName } from "../rules/names.ts";
import type { Database } from "./database.ts";
import { requireActiveExperiment } from "./experiments.ts";
import { pythonRepr } from "../rules/text.ts";

const STATUS_OF: Readonly<Record<number, LoggedModelStatus>> = { 1: "PENDING", 2: "READY", 3: "UPLOAD_FAILED" };

/** Integers that stand for the states in the database. */
export const STATUS_NUMBER: Readonly<Record<LoggedModelStatus, number>> = { PENDING: 1, READY: 2, UPLOAD_FAILED: 3 };

/** Columns of a model that {@linkcode MODEL_COLUMNS} selects. */
export interface ModelRow {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly location: string;
  readonly created: number;
  readonly updated: number;
  readonly status: number;
  readonly type: string | null;
  readonly run: string | null;
  readonly message: string | null;
}

/** Columns of `logged_models m` that make a {@linkcode ModelRow}. */
export const MODEL_COLUMNS =
  `m.model_id AS id, CAST(m.experiment_id AS TEXT) AS experiment, m.name AS name, m.artifact_location AS location,
  m.creation_timestamp_ms AS created, m.last_updated_timestamp_ms AS updated, m.status AS status, m.model_type AS type,
  m.source_run_id AS run, m.status_message AS message`;

/** Makes a logged model in state PENDING. */
export function createLoggedModel(
  db: Database,
  model: {
    readonly experimentId: string;
    readonly name?: string;
    readonly sourceRunId?: string;
    readonly modelType?: string;
    readonly params?: readonly KeyValue[];
    readonly tags?: readonly KeyValue[];
  },
  nowMs: number,
): LoggedModel {
  if (model.name !== undefined) checkLoggedModelName(model.name);
  const experiment = requireActiveExperiment(db, model.experimentId);
  const id = `m-${randomHex()}`;
  db.run(
    `INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms,
       last_updated_timestamp_ms, status, lifecycle_stage, model_type, source_run_id)
     VALUES (?, ?, ?, ?, ?, ?, 1, 'active', ?, ?)`,
    id,
    experiment.experimentId,
    model.name ?? inventName(),
    appendToUri(experiment.artifactLocation, "models", id, "artifacts"),
    nowMs,
    nowMs,
    model.modelType ?? "",
    model.sourceRunId ?? null,
  );
  putParams(db, id, experiment.experimentId, model.params ?? []);
  putTags(db, id, experiment.experimentId, cleanTags(model.tags ?? []));
  return getLoggedModel(db, id);
}

/** The logged model of this id. @throws {TrackingError} RESOURCE_DOES_NOT_EXIST, also for deleted ones. */
export function getLoggedModel(db: Database, modelId: string): LoggedModel {
  return withModelData(db, [modelRow(db, modelId)])[0]!;
}

/** Says how the upload of a model ended. */
export function finalizeLoggedModel(
  db: Database,
  modelId: string,
  status: LoggedModelStatus,
  nowMs: number,
): LoggedModel {
  modelRow(db, modelId);
  db.run(
    "UPDATE logged_models SET status = ?, last_updated_timestamp_ms = ? WHERE model_id = ?",
    STATUS_NUMBER[status],
    nowMs,
    modelId,
  );
  return getLoggedModel(db, modelId);
}

/** Marks a model deleted; one that is so already stays as it is. */
export function deleteLoggedModel(db: Database, modelId: string, nowMs: number): void {
  const isThere = db.get("SELECT 1 FROM logged_models WHERE model_id = ?", modelId) !== undefined;
  if (!isThere) throw noLoggedModel(modelId);
  db.run(
    `UPDATE logged_models SET lifecycle_stage = 'deleted', last_updated_timestamp_ms = ?
     WHERE model_id = ? AND coalesce(lifecycle_stage, 'active') = 'active'`,
    nowMs,
    modelId,
  );
}

/** Adds parameters to a model; another value for one it has is refused. */
export function logLoggedModelParams(db: Database, modelId: string, params: readonly KeyValue[]): void {
  putParams(db, modelId, modelRow(db, modelId).experiment, params);
}

/** Sets tags of a model. */
export function setLoggedModelTags(db: Database, modelId: string, tags: readonly KeyValue[]): void {
  putTags(db, modelId, modelRow(db, modelId).experiment, cleanTags(tags));
}

/** Removes a tag of a model. */
export function deleteLoggedModelTag(db: Database, modelId: string, key: string): void {
  modelRow(db, modelId);
  if (db.run("DELETE FROM logged_model_tags WHERE model_id = ? AND tag_key = ?", modelId, key) > 0) return;
  throw new TrackingError(
    "RESOURCE_DOES_NOT_EXIST",
    `No tag with key ${pythonRepr(key)} found for model with ID ${pythonRepr(modelId)}.`,
  );
}

function modelRow(db: Database, modelId: string): ModelRow {
  const row = db.get<ModelRow>(
    `SELECT ${MODEL_COLUMNS} FROM logged_models m
     WHERE m.model_id = ? AND (m.lifecycle_stage IS NULL OR m.lifecycle_stage = 'active')`,
    modelId,
  );
  if (row !== undefined) return row;
  throw noLoggedModel(modelId);
}

function putParams(db: Database, modelId: string, experimentId: string, params: readonly KeyValue[]): void {
  for (const { key, value } of cleanModelEntries(params, "params", MAX_PARAM_VALUE_LENGTH)) {
    db.run(
      `INSERT INTO logged_model_params (model_id, experiment_id, param_key, param_value) VALUES (?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
      modelId,
      experimentId,
      key,
      value,
    );
    const known = db.get<{ value: string }>(
      "SELECT param_value AS value FROM logged_model_params WHERE model_id = ? AND param_key = ?",
      modelId,
      key,
    )!;
    if (known.value === value) continue;
    throw new TrackingError(
      "INVALID_PARAMETER_VALUE",
      `Changing param values is not allowed. Param with key='${key}' was already logged with value='${known.value}' for ` +
        `model ID='${modelId}'. Attempted logging new value '${value}'.`,
    );
  }
}

/** Keeps a tag as it is: MLflow's lists of versions are longer than what a client may send. */
export function putLoggedModelTag(db: Database, modelId: string, tag: KeyValue): void {
  putTags(db, modelId, modelRow(db, modelId).experiment, [tag]);
}

function cleanTags(tags: readonly KeyValue[]): readonly KeyValue[] {
  return cleanModelEntries(tags, "tags", MAX_TAG_VALUE_LENGTH);
}

function putTags(db: Database, modelId: string, experimentId: string, tags: readonly KeyValue[]): void {
  for (const { key, value } of tags) {
    db.run(
      "INSERT OR REPLACE INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value) VALUES (?, ?, ?, ?)",
      modelId,
      experimentId,
      key,
      value,
    );
  }
}

/** Models with their parameters, tags and metrics. */
export function withModelData(db: Database, rows: readonly ModelRow[]): LoggedModel[] {
  if (rows.length === 0) return [];
  const ids = JSON.stringify(rows.map(({ id }) => id));
  const pairs = (table: string, field: string) =>
    groupById(db.all<KeyValue & { readonly id: string }>(
      `SELECT model_id AS id, ${field}_key AS key, ${field}_value AS value FROM ${table}
       WHERE model_id IN (SELECT value FROM json_each(?)) ORDER BY ${field}_key`,
      ids,
    ));
  const params = pairs("logged_model_params", "param"), tags = pairs("logged_model_tags", "tag");
  const metrics = groupById(db.all<
    {
      id: string;
      key: string;
      value: number | null;
      timestamp: number;
      step: number;
      name: string | null;
      digest: string | null;
      run: string;
    }
  >(
    `SELECT model_id AS id, metric_name AS key, metric_value AS value, metric_timestamp_ms AS timestamp,
       metric_step AS step, dataset_name AS name, dataset_digest AS digest, run_id AS run
     FROM logged_model_metrics
     WHERE model_id IN (SELECT value FROM json_each(?)) ORDER BY metric_name, metric_timestamp_ms, metric_step`,
    ids,
  ));
  return rows.map((row) => ({
    modelId: row.id,
    experimentId: row.experiment,
    name: row.name,
    artifactUri: row.location,
    creationTimestampMs: row.created,
    lastUpdatedTimestampMs: row.updated,
    status: STATUS_OF[row.status] ?? "PENDING",
    modelType: row.type ?? "",
    ...(row.run === null ? {} : { sourceRunId: row.run }),
    ...(row.message === null ? {} : { statusMessage: row.message }),
    tags: (tags.get(row.id) ?? []).map(({ key, value }) => ({ key, value })),
    params: (params.get(row.id) ?? []).map(({ key, value }) => ({ key, value })),
    metrics: (metrics.get(row.id) ?? []).map(({ key, value, timestamp, step, name, digest, run }): Metric => ({
      key,
      value: value ?? NaN,
      timestamp,
      step,
      modelId: row.id,
      runId: run,
      ...(name === null ? {} : { datasetName: name }),
      ...(digest === null ? {} : { datasetDigest: digest }),
    })),
  }));
}

function groupById<T extends { readonly id: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.id);
    if (group === undefined) groups.set(row.id, [row]);
    else group.push(row);
  }
  return groups;
}
