/** The rows of what a file store holds, written with their ids and times as they are. */
import type { KeyValue } from "../../core/mod.ts";
import { randomHex } from "../rules/invented_name.ts";
import type { Database, SqlValue } from "../sqlite/database.ts";
import { STATUS_NUMBER } from "../sqlite/logged_models.ts";
import type { ExperimentFolder, FileStore } from "./file_store.ts";
import type { DatasetMeta } from "./metas.ts";
import type { StoredModel, StoredRegisteredModel } from "./models.ts";
import type { StoredRun } from "./runs.ts";

/** Rows of one INSERT of entries. */
const ENTRIES_PER_INSERT = 64;

/** Writes the row of an experiment, or over that of `Default`, which every database has. */
export function writeExperiment(db: Database, store: FileStore, experiment: ExperimentFolder): void {
  const { id, isTrashed, meta } = experiment;
  db.run(
    `INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
     VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (experiment_id) DO UPDATE SET name = excluded.name, artifact_location = excluded.artifact_location,
       lifecycle_stage = excluded.lifecycle_stage, creation_time = excluded.creation_time,
       last_update_time = excluded.last_update_time`,
    id,
    meta.name,
    meta.artifact_location === undefined ? experiment.path : store.locations.absolute(meta.artifact_location),
    isTrashed ? "deleted" : meta.lifecycle_stage,
    meta.creation_time ?? null,
    meta.last_update_time ?? null,
  );
}

/** Writes entries of one owner; what it has already stays as it is. Returns how many are new. */
export function writeEntries(
  db: Database,
  table: string,
  columns: readonly [key: string, value: string],
  owner: Readonly<Record<string, SqlValue>>,
  entries: readonly KeyValue[],
): number {
  const names = [...Object.keys(owner), ...columns].map((name) => `"${name}"`).join(", ");
  const row = `(${Array(Object.keys(owner).length + 2).fill("?").join(", ")})`;
  let written = 0;
  for (let start = 0; start < entries.length; start += ENTRIES_PER_INSERT) {
    const part = entries.slice(start, start + ENTRIES_PER_INSERT);
    written += db.run(
      `INSERT INTO ${table} (${names}) VALUES ${Array(part.length).fill(row).join(", ")} ON CONFLICT DO NOTHING`,
      ...part.flatMap(({ key, value }) => [...Object.values(owner), key, value]),
    );
  }
  return written;
}

/**
 * Writes the datasets of an experiment and returns their new ids by folder: in the store one dataset has one id in every
 * experiment, in a database each experiment has its own.
 */
export function writeDatasets(
  db: Database,
  experimentId: string,
  datasets: ReadonlyMap<string, DatasetMeta>,
): Map<string, string> {
  const ids = new Map<string, string>();
  for (const [folder, { name, digest, source_type: type, source, schema, profile }] of datasets) {
    db.run(
      `INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source,
         dataset_schema, dataset_profile) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      randomHex(),
      experimentId,
      name,
      digest,
      type,
      source,
      schema ?? null,
      profile ?? null,
    );
    const { id } = db.get<{ id: string }>(
      "SELECT dataset_uuid AS id FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?",
      experimentId,
      name,
      digest,
    )!;
    ids.set(folder, id);
  }
  return ids;
}

/** Writes the row of a run and its parameters and tags. */
export function writeRun(db: Database, store: FileStore, experimentId: string, run: StoredRun): void {
  const { id, name, meta } = run;
  db.run(
    `INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time,
       source_version, lifecycle_stage, artifact_uri, experiment_id, deleted_time)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    name,
    meta.source_type,
    meta.source_name ?? "",
    meta.entry_point_name ?? "",
    meta.user_id ?? "",
    meta.status,
    meta.start_time ?? null,
    meta.end_time ?? null,
    meta.source_version ?? "",
    meta.lifecycle_stage,
    meta.artifact_uri === undefined ? null : store.locations.absolute(meta.artifact_uri),
    experimentId,
    meta.deleted_time ?? null,
  );
  writeEntries(db, "params", ["key", "value"], { run_uuid: id }, run.params);
  writeEntries(db, "tags", ["key", "value"], { run_uuid: id }, run.tags);
}

/** Writes what a run read and made; returns how many of each. */
export function writeLinks(
  db: Database,
  store: FileStore,
  run: StoredRun,
  datasetIds: ReadonlyMap<string, string>,
): { readonly inputs: number; readonly outputs: number } {
  const link = (input: string, ...ends: readonly [string, string, string, string, number]) =>
    db.run(
      `INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      input,
      ...ends,
    );
  let inputs = 0, outputs = 0;
  for (const { folder, tags, path } of run.datasets) {
    const datasetId = datasetIds.get(folder);
    if (datasetId === undefined) {
      store.skip(path, `its experiment has no dataset '${folder}'`);
      continue;
    }
    const input = randomHex();
    const isNew = link(input, "DATASET", datasetId, "RUN", run.id, 0) > 0;
    if (!isNew) continue;
    inputs++;
    writeEntries(db, "input_tags", ["name", "value"], { input_uuid: input }, tags);
  }
  for (const modelId of run.modelInputs) inputs += link(randomHex(), "RUN_INPUT", run.id, "MODEL_INPUT", modelId, 0);
  for (const { modelId, step } of run.modelOutputs) {
    outputs += link(randomHex(), "RUN_OUTPUT", run.id, "MODEL_OUTPUT", modelId, step);
  }
  return { inputs, outputs };
}

/** Writes the row of a logged model and its parameters and tags. */
export function writeLoggedModel(
  db: Database,
  store: FileStore,
  experimentId: string,
  { meta, params, tags }: StoredModel,
): void {
  db.run(
    `INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms,
       last_updated_timestamp_ms, status, lifecycle_stage, model_type, source_run_id, status_message)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    meta.model_id,
    experimentId,
    meta.name,
    store.locations.absolute(meta.artifact_location),
    meta.creation_timestamp,
    meta.last_updated_timestamp,
    STATUS_NUMBER[meta.status],
    meta.lifecycle_stage,
    meta.model_type ?? null,
    meta.source_run_id ?? null,
    meta.status_message ?? null,
  );
  const owner = { model_id: meta.model_id, experiment_id: experimentId };
  writeEntries(db, "logged_model_params", ["param_key", "param_value"], owner, params);
  writeEntries(db, "logged_model_tags", ["tag_key", "tag_value"], owner, tags);
}

/** Writes a registered model with its versions, tags and aliases. */
export function writeRegisteredModel(db: Database, store: FileStore, model: StoredRegisteredModel): void {
  const { meta, tags, versions, aliases } = model, { name } = meta;
  db.run(
    "INSERT INTO registered_models (name, creation_time, last_updated_time, description) VALUES (?, ?, ?, ?)",
    name,
    meta.creation_timestamp ?? null,
    meta.last_updated_timestamp ?? null,
    meta.description ?? null,
  );
  writeEntries(db, "registered_model_tags", ["key", "value"], { name }, tags);
  const place = (location: string | undefined) => location === undefined ? null : store.locations.absolute(location);
  for (const { meta: version, tags } of versions) {
    db.run(
      `INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, user_id, current_stage,
         source, run_id, status, status_message, run_link, storage_location)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      name,
      version.version,
      version.creation_timestamp ?? null,
      version.last_updated_timestamp ?? null,
      version.description ?? null,
      version.user_id ?? null,
      version.current_stage,
      place(version.source),
      version.run_id ?? null,
      version.status,
      version.status_message ?? null,
      version.run_link ?? null,
      place(version.storage_location),
    );
    writeEntries(db, "model_version_tags", ["key", "value"], { name, version: version.version }, tags);
  }
  for (const { alias, version } of aliases) {
    db.run("INSERT INTO registered_model_aliases (name, alias, version) VALUES (?, ?, ?)", name, alias, version);
  }
}
