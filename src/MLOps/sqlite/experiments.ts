import {
  type DatasetSummary,
  type Experiment,
  type KeyValue,
  type Page,
  TrackingError,
  type ViewType,
} from "../../core/mod.ts";
import type { ArtifactRoot } from "../artifacts/location.ts";
import { resolveLocation } from "../artifacts/location.ts";
import { checkExperimentTag, DATASET_CONTEXT_TAG } from "../rules/entries.ts";
import { DEFAULT_SEARCH_RESULTS, MAX_DATASET_SUMMARIES } from "../rules/limits.ts";
import { checkArtifactLocation, checkExperimentName, checkMaxResults, experimentNumber } from "../rules/names.ts";
import type { Clause } from "../search/clause.ts";
import { EXPERIMENT_SEARCH } from "../search/domains.ts";
import { decodeOffset, encodeOffset } from "../search/page_token.ts";
import { parseFilter } from "../search/parse_filter.ts";
import { parseOrderBy } from "../search/parse_order.ts";
import { allOf, compare, placeholders, type SqlPart } from "../search/sql.ts";
import type { Database } from "./database.ts";
import { isConstraintError } from "./sqlite_errors.ts";

interface ExperimentRow {
  readonly id: string;
  readonly name: string;
  readonly location: string | null;
  readonly stage: string;
  readonly created: number | null;
  readonly updated: number | null;
}

// CAST: ids of 18 digits, which MLflow's file store gave out, are beyond 2^53.
const COLUMNS =
  `CAST(e.experiment_id AS TEXT) AS id, e.name AS name, e.artifact_location AS location, e.lifecycle_stage AS stage,
  e.creation_time AS created, e.last_update_time AS updated`;

/** Life-cycle stages that a view shows. */
export function stagesOf(viewType: ViewType = "ACTIVE_ONLY"): readonly string[] {
  return viewType === "ALL" ? ["active", "deleted"] : viewType === "DELETED_ONLY" ? ["deleted"] : ["active"];
}

/** Makes experiment 0, `Default`, where it is missing. */
export function ensureDefaultExperiment(db: Database, root: ArtifactRoot, nowMs: number): void {
  if (db.get("SELECT 1 FROM experiments WHERE experiment_id = 0") !== undefined) return;
  db.run(
    `INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
     VALUES (0, 'Default', ?, 'active', ?, ?) ON CONFLICT DO NOTHING`,
    root.experimentLocation("0"),
    nowMs,
    nowMs,
  );
}

/** Makes an experiment and returns its id. */
export function createExperiment(
  db: Database,
  root: ArtifactRoot,
  name: string,
  options: { readonly artifactLocation?: string; readonly tags?: readonly KeyValue[] },
  nowMs: number,
): string {
  checkExperimentName(name);
  const { artifactLocation, tags = [] } = options;
  if (artifactLocation !== undefined) checkArtifactLocation(artifactLocation);
  tags.forEach(checkExperimentTag);
  if (rowByName(db, name) !== undefined) throw nameTaken(name);
  const { id } = db.get<{ id: string }>(
    `INSERT INTO experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time)
     VALUES (?, ?, 'active', ?, ?) RETURNING CAST(experiment_id AS TEXT) AS id`,
    name,
    artifactLocation === undefined || artifactLocation === "" ? null : resolveLocation(artifactLocation),
    nowMs,
    nowMs,
  )!;
  db.run(
    "UPDATE experiments SET artifact_location = ? WHERE experiment_id = ? AND artifact_location IS NULL",
    root.experimentLocation(id),
    id,
  );
  for (const { key, value } of tags) putTag(db, id, key, value);
  return id;
}

/** The experiment of this id, whatever its stage. */
export function getExperiment(db: Database, experimentId: string): Experiment {
  const id = experimentNumber(experimentId);
  const row = db.get<ExperimentRow>(`SELECT ${COLUMNS} FROM experiments e WHERE e.experiment_id = ?`, id);
  if (row === undefined) throw noExperiment(experimentId);
  return withTags(db, [row])[0]!;
}

/** The experiment of this name, whatever its stage. */
export function getExperimentByName(db: Database, name: string): Experiment | undefined {
  const row = rowByName(db, name);
  return row === undefined ? undefined : withTags(db, [row])[0]!;
}

/** Refuses an experiment that is not active. */
export function requireActiveExperiment(db: Database, experimentId: string): Experiment {
  const experiment = getExperiment(db, experimentId);
  if (experiment.lifecycleStage === "active") return experiment;
  throw new TrackingError(
    "INVALID_PARAMETER_VALUE",
    `The experiment ${experiment.experimentId} must be in the 'active' state. Current state is ${experiment.lifecycleStage}.`,
  );
}

/** Renames an active experiment. */
export function renameExperiment(db: Database, experimentId: string, name: string, nowMs: number): void {
  checkExperimentName(name);
  if (getExperiment(db, experimentId).lifecycleStage !== "active") {
    throw new TrackingError("INVALID_STATE", "Cannot rename a non-active experiment.", { code: "input-invalid" });
  }
  try {
    db.run(
      "UPDATE experiments SET name = ?, last_update_time = ? WHERE experiment_id = ?",
      name,
      nowMs,
      experimentNumber(experimentId),
    );
  } catch (error) {
    throw isConstraintError(error) ? nameTaken(name) : error;
  }
}

/** Moves an experiment and all its runs to the bin, or out of it. */
export function moveExperiment(db: Database, experimentId: string, to: "active" | "deleted", nowMs: number): void {
  const id = experimentNumber(experimentId);
  const changed = db.run(
    "UPDATE experiments SET lifecycle_stage = ?, last_update_time = ? WHERE experiment_id = ? AND lifecycle_stage <> ?",
    to,
    nowMs,
    id,
    to,
  );
  if (changed === 0) throw noExperiment(experimentId);
  db.run(
    "UPDATE runs SET lifecycle_stage = ?, deleted_time = ? WHERE experiment_id = ?",
    to,
    to === "deleted" ? nowMs : null,
    id,
  );
}

/** Sets a tag of an active experiment. */
export function setExperimentTag(db: Database, experimentId: string, tag: KeyValue): void {
  checkExperimentTag(tag);
  requireActiveExperiment(db, experimentId);
  putTag(db, experimentId, tag.key, tag.value);
}

/** Removes a tag of an active experiment. */
export function deleteExperimentTag(db: Database, experimentId: string, key: string): void {
  requireActiveExperiment(db, experimentId);
  const changed = db.run(
    `DELETE FROM experiment_tags WHERE experiment_id = ? AND "key" = ?`,
    experimentNumber(experimentId),
    key,
  );
  if (changed > 0) return;
  throw new TrackingError("RESOURCE_DOES_NOT_EXIST", `No tag with name: ${key} in experiment with id ${experimentId}`);
}

/** Experiments that match, newest first unless ordered otherwise. */
export function searchExperiments(
  db: Database,
  search: {
    readonly filter?: string;
    readonly orderBy?: readonly string[];
    readonly maxResults?: number;
    readonly pageToken?: string;
    readonly viewType?: ViewType;
  },
): Page<Experiment> {
  const maxResults = checkMaxResults(search.maxResults ?? DEFAULT_SEARCH_RESULTS);
  const offset = decodeOffset(search.pageToken);
  const stages = stagesOf(search.viewType);
  const where = allOf([
    { sql: `e.lifecycle_stage IN (${placeholders(stages.length)})`, values: stages },
    ...parseFilter(search.filter, EXPERIMENT_SEARCH).map(clauseSql),
  ]);
  const asked = parseOrderBy(
    search.orderBy?.length ? search.orderBy : ["creation_time DESC", "experiment_id ASC"],
    EXPERIMENT_SEARCH,
  );
  const orders = asked.map(({ key, ascending }) => `e.${key} ${ascending ? "ASC" : "DESC"}`);
  if (!asked.some(({ key }) => key === "experiment_id")) orders.push("e.experiment_id ASC");
  const rows = db.all<ExperimentRow>(
    `SELECT ${COLUMNS} FROM experiments e WHERE ${where.sql} ORDER BY ${orders.join(", ")} LIMIT ? OFFSET ?`,
    ...where.values,
    maxResults + 1,
    offset,
  );
  const items = withTags(db, rows.slice(0, maxResults));
  return rows.length > maxResults ? { items, nextPageToken: encodeOffset(offset + maxResults) } : { items };
}

/** Datasets that runs of the experiments read. */
export function searchDatasets(db: Database, experimentIds: readonly string[]): DatasetSummary[] {
  if (experimentIds.length === 0) return [];
  const rows = db.all<{ id: string; name: string; digest: string; context: string | null }>(
    `SELECT DISTINCT CAST(d.experiment_id AS TEXT) AS id, d.name AS name, d.digest AS digest, t.value AS context
     FROM datasets d JOIN inputs i ON i.source_id = d.dataset_uuid AND i.source_type = 'DATASET'
     LEFT JOIN input_tags t ON t.input_uuid = i.input_uuid AND t.name = '${DATASET_CONTEXT_TAG}'
     WHERE d.experiment_id IN (${placeholders(experimentIds.length)})
     ORDER BY d.experiment_id, d.name, d.digest, t.value LIMIT ${MAX_DATASET_SUMMARIES}`,
    ...experimentIds.map(experimentNumber),
  );
  return rows.map(({ id, name, digest, context }) => ({
    experimentId: id,
    name,
    digest,
    ...(context === null ? {} : { context }),
  }));
}

function clauseSql(clause: Clause): SqlPart {
  if (clause.entity === "tag") {
    const from = `SELECT 1 FROM experiment_tags t WHERE t.experiment_id = e.experiment_id AND t."key" = ?`;
    if (clause.comparator === "IS NULL") return { sql: `NOT EXISTS (${from})`, values: [clause.key] };
    if (clause.comparator === "IS NOT NULL") return { sql: `EXISTS (${from})`, values: [clause.key] };
    const { sql, values } = compare("t.value", clause);
    return { sql: `EXISTS (${from} AND ${sql})`, values: [clause.key, ...values] };
  }
  if (clause.key === "experiment_id") {
    const value = Array.isArray(clause.value)
      ? clause.value.map((id) => String(experimentNumber(id)))
      : String(experimentNumber(clause.value as string));
    return compare("CAST(e.experiment_id AS TEXT)", { ...clause, value });
  }
  return compare(`e.${clause.key}`, clause);
}

function rowByName(db: Database, name: string): ExperimentRow | undefined {
  return db.get<ExperimentRow>(`SELECT ${COLUMNS} FROM experiments e WHERE e.name = ?`, name);
}

function putTag(db: Database, id: string, key: string, value: string): void {
  db.run(`INSERT OR REPLACE INTO experiment_tags (experiment_id, "key", value) VALUES (?, ?, ?)`, id, key, value);
}

function withTags(db: Database, rows: readonly ExperimentRow[]): Experiment[] {
  const tags = new Map<string, KeyValue[]>(rows.map(({ id }) => [id, []]));
  if (rows.length > 0) {
    const found = db.all<{ id: string; key: string; value: string | null }>(
      `SELECT CAST(t.experiment_id AS TEXT) AS id, t."key" AS key, t.value AS value FROM experiment_tags t
       WHERE t.experiment_id IN (SELECT value FROM json_each(?)) ORDER BY t."key"`,
      JSON.stringify(rows.map(({ id }) => id)),
    );
    for (const { id, key, value } of found) tags.get(id)!.push({ key, value: value ?? "" });
  }
  return rows.map((row) => ({
    experimentId: row.id,
    name: row.name,
    artifactLocation: row.location ?? "",
    lifecycleStage: row.stage === "deleted" ? "deleted" : "active",
    ...(row.created === null ? {} : { creationTime: row.created }),
    ...(row.updated === null ? {} : { lastUpdateTime: row.updated }),
    tags: tags.get(row.id)!,
  }));
}

function noExperiment(experimentId: string): TrackingError {
  return new TrackingError("RESOURCE_DOES_NOT_EXIST", `No Experiment with id=${experimentId} exists`);
}

function nameTaken(name: string): TrackingError {
  return new TrackingError("RESOURCE_ALREADY_EXISTS", `Experiment(name=${name}) already exists.`);
}
