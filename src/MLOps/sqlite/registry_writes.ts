import {
  type AliasChange,
  type KeyValue,
  type ModelVersion,
  type RegisteredModel,
  TrackingError,
} from "../../core/mod.ts";
import { checkRegistryTag, invalid } from "../rules/entries.ts";
import { aliasMoved, canonicalStage, checkAlias, checkModelName, checkNewAlias } from "../rules/names.ts";
import type { Database } from "./database.ts";
import { isConstraintError } from "./sqlite_errors.ts";
import { DELETED_STAGE, registeredModelRow, versionRow, withModelDetails, withVersionData } from "./registry_rows.ts";

/** Makes a registered model. @throws {TrackingError} RESOURCE_ALREADY_EXISTS */
export function createRegisteredModel(
  db: Database,
  name: string,
  options: { readonly description?: string; readonly tags?: readonly KeyValue[] },
  nowMs: number,
): RegisteredModel {
  checkModelName(name);
  const { description = null, tags = [] } = options;
  tags.forEach(checkRegistryTag);
  const isNew = db.run(
    `INSERT INTO registered_models (name, creation_time, last_updated_time, description) VALUES (?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
    name,
    nowMs,
    nowMs,
    description,
  ) > 0;
  if (!isNew) throw modelExists(name);
  for (const { key, value } of tags) putModelTag(db, name, key, value);
  return withModelDetails(db, [registeredModelRow(db, name)])[0]!;
}

/** Sets the description of a registered model. */
export function updateRegisteredModel(db: Database, name: string, description: string, nowMs: number): RegisteredModel {
  registeredModelRow(db, name);
  db.run(
    "UPDATE registered_models SET description = ?, last_updated_time = ? WHERE name = ?",
    description,
    nowMs,
    name,
  );
  return withModelDetails(db, [registeredModelRow(db, name)])[0]!;
}

/** Renames a registered model; versions, tags and aliases follow by the keys' cascades. */
export function renameRegisteredModel(db: Database, name: string, newName: string, nowMs: number): RegisteredModel {
  checkModelName(newName, "new_name");
  registeredModelRow(db, name);
  try {
    db.run("UPDATE registered_models SET name = ?, last_updated_time = ? WHERE name = ?", newName, nowMs, name);
  } catch (error) {
    throw isConstraintError(error) ? modelExists(newName) : error;
  }
  db.run("UPDATE model_versions SET last_updated_time = ? WHERE name = ?", nowMs, newName);
  return withModelDetails(db, [registeredModelRow(db, newName)])[0]!;
}

/** Deletes a registered model with all its versions, tags and aliases. */
export function deleteRegisteredModel(db: Database, name: string): void {
  registeredModelRow(db, name);
  for (
    const table of [
      "registered_model_aliases",
      "model_version_tags",
      "model_versions",
      "registered_model_tags",
      "registered_models",
    ]
  ) db.run(`DELETE FROM ${table} WHERE name = ?`, name);
}

/** Sets a tag of a registered model. */
export function setRegisteredModelTag(db: Database, name: string, tag: KeyValue): void {
  checkRegistryTag(tag);
  registeredModelRow(db, name);
  putModelTag(db, name, tag.key, tag.value);
}

/** Removes a tag of a registered model; one that it lacks is fine. */
export function deleteRegisteredModelTag(db: Database, name: string, key: string): void {
  registeredModelRow(db, name);
  db.run(`DELETE FROM registered_model_tags WHERE name = ? AND "key" = ?`, name, key);
}

/** What {@linkcode createModelVersion} writes; locations are resolved by the caller. */
export interface NewVersion {
  readonly name: string;
  readonly source: string;
  readonly storageLocation: string;
  readonly runId?: string;
  readonly runLink?: string;
  readonly description?: string;
  readonly tags?: readonly KeyValue[];
}

/** Adds a version, numbered one above the highest ever used. */
export function createModelVersion(db: Database, version: NewVersion, nowMs: number): ModelVersion {
  const { name, tags = [] } = version;
  tags.forEach(checkRegistryTag);
  registeredModelRow(db, name);
  const number = db.get<{ next: number }>(
    "SELECT coalesce(max(version), 0) + 1 AS next FROM model_versions WHERE name = ?",
    name,
  )!.next;
  db.run(
    `INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, user_id, current_stage,
       source, run_id, status, status_message, run_link, storage_location)
     VALUES (?, ?, ?, ?, ?, NULL, 'None', ?, ?, 'READY', NULL, ?, ?)`,
    name,
    number,
    nowMs,
    nowMs,
    version.description ?? null,
    version.source,
    version.runId ?? null,
    version.runLink ?? null,
    version.storageLocation,
  );
  db.run("UPDATE registered_models SET last_updated_time = ? WHERE name = ?", nowMs, name);
  for (const { key, value } of tags) putVersionTag(db, name, number, key, value);
  return getModelVersion(db, name, String(number));
}

/** The version of this number. */
export function getModelVersion(db: Database, name: string, version: string): ModelVersion {
  return withVersionData(db, [versionRow(db, name, version)])[0]!;
}

/** Sets the description of a version. */
export function updateModelVersion(
  db: Database,
  name: string,
  version: string,
  description: string,
  nowMs: number,
): ModelVersion {
  const row = versionRow(db, name, version);
  db.run(
    "UPDATE model_versions SET description = ?, last_updated_time = ? WHERE name = ? AND version = ?",
    description,
    nowMs,
    name,
    row.version,
  );
  return getModelVersion(db, name, version);
}

/** Moves a version to a stage. */
export function transitionStage(
  db: Database,
  name: string,
  version: string,
  stage: string,
  archiveExisting: boolean,
  nowMs: number,
): ModelVersion {
  const target = canonicalStage(stage);
  if (archiveExisting && target !== "Staging" && target !== "Production") {
    throw invalid(
      `Model version transition cannot archive existing model versions because '${stage}' is not an Active stage. ` +
        "Valid stages are ['Staging', 'Production']",
    );
  }
  const row = versionRow(db, name, version);
  if (archiveExisting) {
    db.run(
      `UPDATE model_versions SET current_stage = 'Archived', last_updated_time = ?
       WHERE name = ? AND version <> ? AND current_stage = ?`,
      nowMs,
      name,
      row.version,
      target,
    );
  }
  db.run(
    "UPDATE model_versions SET current_stage = ?, last_updated_time = ? WHERE name = ? AND version = ?",
    target,
    nowMs,
    name,
    row.version,
  );
  db.run("UPDATE registered_models SET last_updated_time = ? WHERE name = ?", nowMs, name);
  return getModelVersion(db, name, version);
}

/** Deletes a version: its row stays, emptied, so that the number is never used again. */
export function deleteModelVersion(db: Database, name: string, version: string, nowMs: number): void {
  const row = versionRow(db, name, version);
  db.run("DELETE FROM registered_model_aliases WHERE name = ? AND version = ?", name, row.version);
  db.run(
    `UPDATE model_versions SET current_stage = '${DELETED_STAGE}', last_updated_time = ?, description = NULL,
       user_id = NULL, source = 'REDACTED-SOURCE-PATH', run_id = 'REDACTED-RUN-ID', run_link = 'REDACTED-RUN-LINK',
       status_message = NULL WHERE name = ? AND version = ?`,
    nowMs,
    name,
    row.version,
  );
  db.run("UPDATE registered_models SET last_updated_time = ? WHERE name = ?", nowMs, name);
}

/** Sets a tag of a version. */
export function setModelVersionTag(db: Database, name: string, version: string, tag: KeyValue): void {
  checkRegistryTag(tag);
  putVersionTag(db, name, versionRow(db, name, version).version, tag.key, tag.value);
}

/** Removes a tag of a version; one that it lacks is fine. */
export function deleteModelVersionTag(db: Database, name: string, version: string, key: string): void {
  const row = versionRow(db, name, version);
  db.run(`DELETE FROM model_version_tags WHERE name = ? AND version = ? AND "key" = ?`, name, row.version, key);
}

/** The number that an alias points to; `latest` is the highest that was not deleted. */
export function versionOfAlias(db: Database, name: string, alias: string): string | undefined {
  checkModelName(name);
  checkAlias(alias);
  const row = alias.toLowerCase() === "latest"
    ? db.get<{ version: number | null }>(
      `SELECT max(version) AS version FROM model_versions WHERE name = ? AND current_stage <> '${DELETED_STAGE}'`,
      name,
    )
    : db.get<{ version: number | null }>(
      "SELECT version AS version FROM registered_model_aliases WHERE name = ? AND alias = ?",
      name,
      alias,
    );
  return row?.version === undefined || row.version === null ? undefined : String(row.version);
}

/** Points an alias at a version. */
export function setAlias(db: Database, name: string, alias: string, version: string): void {
  checkNewAlias(alias);
  db.run(
    "INSERT OR REPLACE INTO registered_model_aliases (name, alias, version) VALUES (?, ?, ?)",
    name,
    alias,
    versionRow(db, name, version).version,
  );
}

/** Points an alias at a version where it still points at `from`, and keeps a tag with it. */
export function moveAlias(db: Database, name: string, alias: string, { from, to, tag }: AliasChange): void {
  checkNewAlias(alias);
  const held = db.get<{ version: number }>(
    "SELECT version AS version FROM registered_model_aliases WHERE name = ? AND alias = ?",
    name,
    alias,
  );
  const found = held === undefined ? undefined : String(held.version);
  if (found !== from) throw aliasMoved(name, alias, { from, to, found });
  setRegisteredModelTag(db, name, tag(withModelDetails(db, [registeredModelRow(db, name)])[0]!));
  setAlias(db, name, alias, to);
}

/** Removes an alias; one that does not exist is fine. */
export function deleteAlias(db: Database, name: string, alias: string): void {
  checkAlias(alias);
  registeredModelRow(db, name);
  db.run("DELETE FROM registered_model_aliases WHERE name = ? AND alias = ?", name, alias);
}

function putModelTag(db: Database, name: string, key: string, value: string): void {
  db.run(`INSERT OR REPLACE INTO registered_model_tags (name, "key", value) VALUES (?, ?, ?)`, name, key, value);
}

function putVersionTag(db: Database, name: string, version: number, key: string, value: string): void {
  db.run(
    `INSERT OR REPLACE INTO model_version_tags (name, version, "key", value) VALUES (?, ?, ?, ?)`,
    name,
    version,
    key,
    value,
  );
}

function modelExists(name: string): TrackingError {
  return new TrackingError("RESOURCE_ALREADY_EXISTS", `Registered Model (name=${name}) already exists.`);
}
