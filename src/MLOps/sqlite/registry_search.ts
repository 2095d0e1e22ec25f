import type { ModelVersion, Page, RegisteredModel } from "../../core/mod.ts";
import { PROMPT_TAG } from "../rules/entries.ts";
import {
  DEFAULT_MODEL_VERSION_RESULTS,
  DEFAULT_REGISTERED_MODEL_RESULTS,
  MAX_MODEL_VERSION_RESULTS,
  MAX_REGISTERED_MODEL_RESULTS,
} from "../rules/limits.ts";
import { checkMaxResults } from "../rules/names.ts";
import type { Clause } from "../search/clause.ts";
import { MODEL_VERSION_SEARCH, REGISTERED_MODEL_SEARCH } from "../search/domains.ts";
import { decodeOffset, encodeOffset } from "../search/page_token.ts";
import { parseFilter } from "../search/parse_filter.ts";
import { parseOrderBy } from "../search/parse_order.ts";
import { allOf, compare, type SqlPart } from "../search/sql.ts";
import type { Database } from "./database.ts";
import {
  DELETED_STAGE,
  MODEL_COLUMNS,
  type RegisteredModelRow,
  VERSION_COLUMNS,
  type VersionRow,
  withModelDetails,
  withVersionData,
} from "./registry_rows.ts";

/** A search of the registry. */
export interface RegistrySearch {
  /** Clauses of MLflow's grammar. */
  readonly filter?: string;
  /** Fields to order by. */
  readonly orderBy?: readonly string[];
  /** Size of a page. */
  readonly maxResults?: number;
  /** Token of the page wanted. */
  readonly pageToken?: string;
}

const VERSION_COLUMN: Readonly<Record<string, string>> = {
  name: "v.name",
  run_id: "v.run_id",
  source_path: "v.source",
  version_number: "v.version",
  creation_timestamp: "v.creation_time",
  last_updated_timestamp: "v.last_updated_time",
};

/** Registered models that match, by name unless ordered otherwise; prompts only where they are asked for. */
export function searchRegisteredModels(db: Database, search: RegistrySearch): Page<RegisteredModel> {
  const maxResults = checkMaxResults(
    search.maxResults ?? DEFAULT_REGISTERED_MODEL_RESULTS,
    MAX_REGISTERED_MODEL_RESULTS,
  );
  const offset = decodeOffset(search.pageToken);
  const clauses = parseFilter(search.filter, REGISTERED_MODEL_SEARCH);
  const where = allOf(
    withoutPrompts(clauses, "registered_model_tags", "g").concat(
      models(clauses).map((clause) =>
        clause.entity === "tag"
          ? tagSql(clause, "g.name", "registered_model_tags", "t.name")
          : compare("g.name", clause)
      ),
    ),
  );
  const orders = parseOrderBy(search.orderBy, REGISTERED_MODEL_SEARCH);
  const terms = orders.map(({ key, ascending }) =>
    `${key === "name" ? "g.name" : "g.last_updated_time"} ${ascending ? "ASC" : "DESC"}`
  );
  if (!orders.some(({ key }) => key === "name")) terms.push("g.name ASC");
  const rows = db.all<RegisteredModelRow>(
    `SELECT ${MODEL_COLUMNS} FROM registered_models g WHERE ${where.sql} ORDER BY ${terms.join(", ")} LIMIT ? OFFSET ?`,
    ...where.values,
    maxResults + 1,
    offset,
  );
  const items = withModelDetails(db, rows.slice(0, maxResults));
  return rows.length > maxResults ? { items, nextPageToken: encodeOffset(offset + maxResults) } : { items };
}

/** Versions that match, last changed first unless ordered otherwise. */
export function searchModelVersions(db: Database, search: RegistrySearch): Page<ModelVersion> {
  const maxResults = checkMaxResults(search.maxResults ?? DEFAULT_MODEL_VERSION_RESULTS, MAX_MODEL_VERSION_RESULTS);
  const offset = decodeOffset(search.pageToken);
  const clauses = parseFilter(search.filter, MODEL_VERSION_SEARCH);
  const where = allOf([
    { sql: `v.current_stage IS NULL OR v.current_stage <> '${DELETED_STAGE}'`, values: [] },
    ...withoutPrompts(clauses, "model_version_tags", "v"),
    ...models(clauses).map((clause) =>
      clause.entity === "tag"
        ? tagSql(clause, "(v.name, v.version)", "model_version_tags", "t.name, t.version")
        : compare(clause.key === "run_id" ? "coalesce(v.run_id, '')" : VERSION_COLUMN[clause.key]!, clause)
    ),
  ]);
  const orders = parseOrderBy(
    search.orderBy?.length ? search.orderBy : ["last_updated_timestamp DESC", "name ASC", "version_number DESC"],
    MODEL_VERSION_SEARCH,
  );
  const terms = orders.map(({ key, ascending }) => `${VERSION_COLUMN[key]!} ${ascending ? "ASC" : "DESC"}`);
  if (!orders.some(({ key }) => key === "name")) terms.push("v.name ASC");
  if (!orders.some(({ key }) => key === "version_number")) terms.push("v.version DESC");
  const rows = db.all<VersionRow>(
    `SELECT ${VERSION_COLUMNS} FROM model_versions v WHERE ${where.sql} ORDER BY ${terms.join(", ")} LIMIT ? OFFSET ?`,
    ...where.values,
    maxResults + 1,
    offset,
  );
  const items = withVersionData(db, rows.slice(0, maxResults));
  return rows.length > maxResults ? { items, nextPageToken: encodeOffset(offset + maxResults) } : { items };
}

/**
 * As one list and not row by row: MLflow's newer schemas lead every key of the registry by a workspace, so that looking
 * for the tags of one version reads those of all.
 */
function tagSql(clause: Clause, owner: string, table: string, columns: string): SqlPart {
  const { sql, values } = compare("t.value", clause);
  return {
    sql: `${owner} IN (SELECT ${columns} FROM ${table} t WHERE t."key" = ? AND ${sql})`,
    values: [clause.key, ...values],
  };
}

/** Whether a filter asks for prompts; MLflow's default is models alone, which lack the tag. */
export function asksForPrompts(clauses: readonly Clause[]): boolean {
  const clause = clauses.find(({ entity, key }) => entity === "tag" && key === PROMPT_TAG);
  const value = String(clause?.value ?? "").toLowerCase();
  return (clause?.comparator === "=" && value === "true") || (clause?.comparator === "!=" && value === "false");
}

/** The clauses that remain when the one on the prompt tag has been turned into {@linkcode withoutPrompts}. */
function models(clauses: readonly Clause[]): readonly Clause[] {
  if (asksForPrompts(clauses)) return clauses;
  return clauses.filter(({ entity, key }) => entity !== "tag" || key !== PROMPT_TAG);
}

function withoutPrompts(clauses: readonly Clause[], table: string, alias: string): SqlPart[] {
  if (asksForPrompts(clauses)) return [];
  return [{
    sql: `${alias}.name NOT IN (SELECT p.name FROM ${table} p WHERE p."key" = ? AND p.value = 'true')`,
    values: [PROMPT_TAG],
  }];
}
