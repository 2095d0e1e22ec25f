import { type KeyValue, type ModelVersion, type RegisteredModel, TrackingError } from "../../core/mod.ts";
import { checkModelName, loggedModelIdOf, versionNumber } from "../rules/names.ts";
import type { Database } from "./database.ts";

/** Stage of a deleted version; its row stays so that the number is never used again. */
export const DELETED_STAGE = "Deleted_Internal";

/** Columns of a version under the table alias `v`. */
export const VERSION_COLUMNS = `v.name AS name, v.version AS version, v.creation_time AS created,
  v.last_updated_time AS updated, v.description AS description, v.user_id AS user, v.current_stage AS stage,
  v.source AS source, v.run_id AS run, v.status AS status, v.status_message AS message, v.run_link AS link,
  v.storage_location AS storage`;

/** A row of {@linkcode VERSION_COLUMNS}. */
export interface VersionRow {
  readonly name: string;
  readonly version: number;
  readonly created: number | null;
  readonly updated: number | null;
  readonly description: string | null;
  readonly user: string | null;
  readonly stage: string | null;
  readonly source: string | null;
  readonly run: string | null;
  readonly status: string | null;
  readonly message: string | null;
  readonly link: string | null;
  readonly storage: string | null;
}

/** Columns of a registered model under the table alias `g`. */
export const MODEL_COLUMNS = `g.name AS name, g.creation_time AS created, g.last_updated_time AS updated,
  g.description AS description`;

/** A row of {@linkcode MODEL_COLUMNS}. */
export interface RegisteredModelRow {
  readonly name: string;
  readonly created: number | null;
  readonly updated: number | null;
  readonly description: string | null;
}

/** The row of a version that was not deleted. @throws {TrackingError} RESOURCE_DOES_NOT_EXIST */
export function versionRow(db: Database, name: string, version: string): VersionRow {
  checkModelName(name);
  const row = db.get<VersionRow>(
    `SELECT ${VERSION_COLUMNS} FROM model_versions v
     WHERE v.name = ? AND v.version = ? AND (v.current_stage IS NULL OR v.current_stage <> '${DELETED_STAGE}')`,
    name,
    versionNumber(version),
  );
  if (row !== undefined) return row;
  throw new TrackingError("RESOURCE_DOES_NOT_EXIST", `Model Version (name=${name}, version=${version}) not found`);
}

/** The row of a registered model. @throws {TrackingError} RESOURCE_DOES_NOT_EXIST */
export function registeredModelRow(db: Database, name: string): RegisteredModelRow {
  checkModelName(name);
  const row = db.get<RegisteredModelRow>(`SELECT ${MODEL_COLUMNS} FROM registered_models g WHERE g.name = ?`, name);
  if (row !== undefined) return row;
  throw new TrackingError("RESOURCE_DOES_NOT_EXIST", `Registered Model with name=${name} not found`);
}

/** Fills in tags and aliases of versions. */
export function withVersionData(db: Database, rows: readonly VersionRow[]): ModelVersion[] {
  if (rows.length === 0) return [];
  const asked = JSON.stringify(rows.map(({ name, version }) => [name, version]));
  const among = "(name, version) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))";
  const tags = Map.groupBy(
    db.all<KeyValue & { readonly name: string; readonly version: number }>(
      `SELECT name AS name, version AS version, "key" AS key, value AS value FROM model_version_tags
       WHERE ${among} ORDER BY "key"`,
      asked,
    ),
    keyOf,
  );
  const aliases = Map.groupBy(
    db.all<{ name: string; version: number; alias: string }>(
      `SELECT name AS name, version AS version, alias AS alias FROM registered_model_aliases
       WHERE ${among} ORDER BY alias`,
      asked,
    ),
    keyOf,
  );
  return rows.map((row) => {
    const id = keyOf(row);
    const modelId = loggedModelIdOf(row.source ?? "");
    return {
      name: row.name,
      version: String(row.version),
      creationTimestamp: row.created ?? 0,
      lastUpdatedTimestamp: row.updated ?? 0,
      userId: row.user ?? "",
      currentStage: row.stage ?? "None",
      description: row.description ?? "",
      source: row.source ?? "",
      runId: row.run ?? "",
      runLink: row.link ?? "",
      status: row.status ?? "READY",
      statusMessage: row.message ?? "",
      tags: (tags.get(id) ?? []).map(({ key, value }) => ({ key, value: value ?? "" })),
      aliases: (aliases.get(id) ?? []).map(({ alias }) => alias),
      ...(modelId === undefined ? {} : { modelId }),
    };
  });
}

/** Fills in tags, aliases and newest versions of registered models. */
export function withModelDetails(db: Database, rows: readonly RegisteredModelRow[]): RegisteredModel[] {
  if (rows.length === 0) return [];
  const names = JSON.stringify(rows.map(({ name }) => name));
  const tags = Map.groupBy(
    db.all<KeyValue & { readonly name: string }>(
      `SELECT name AS name, "key" AS key, value AS value FROM registered_model_tags
       WHERE name IN (SELECT value FROM json_each(?)) ORDER BY "key"`,
      names,
    ),
    ({ name }) => name,
  );
  const aliases = Map.groupBy(
    db.all<{ name: string; alias: string; version: number }>(
      `SELECT name AS name, alias AS alias, version AS version FROM registered_model_aliases
       WHERE name IN (SELECT value FROM json_each(?)) ORDER BY alias`,
      names,
    ),
    ({ name }) => name,
  );
  const latest = withVersionData(
    db,
    db.all<VersionRow>(
      `SELECT ${VERSION_COLUMNS} FROM model_versions v
       WHERE (v.name, v.current_stage, v.version) IN (
         SELECT w.name, w.current_stage, max(w.version) FROM model_versions w
         WHERE w.name IN (SELECT value FROM json_each(?)) AND w.current_stage <> '${DELETED_STAGE}'
         GROUP BY w.name, w.current_stage)
       ORDER BY v.version`,
      names,
    ),
  );
  const latestOf = Map.groupBy(latest, ({ name }) => name);
  return rows.map((row) => ({
    name: row.name,
    creationTimestamp: row.created ?? 0,
    lastUpdatedTimestamp: row.updated ?? 0,
    description: row.description ?? "",
    tags: (tags.get(row.name) ?? []).map(({ key, value }) => ({ key, value: value ?? "" })),
    aliases: (aliases.get(row.name) ?? []).map(({ alias, version }) => ({ alias, version: String(version) })),
    latestVersions: latestOf.get(row.name) ?? [],
  }));
}

function keyOf({ name, version }: { readonly name: string; readonly version: number }): string {
  return `${version}/${name}`;
}
