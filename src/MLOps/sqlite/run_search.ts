import type { Page, Run, RunSearch } from "../../core/mod.ts";
import { DATASET_CONTEXT_TAG, RUN_NAME_TAG } from "../rules/entries.ts";
import { DEFAULT_SEARCH_RESULTS } from "../rules/limits.ts";
import { checkMaxResults, experimentNumber } from "../rules/names.ts";
import type { Clause, OrderBy } from "../search/clause.ts";
import { RUN_SEARCH } from "../search/domains.ts";
import { decodeOffset, encodeOffset } from "../search/page_token.ts";
import { parseFilter } from "../search/parse_filter.ts";
import { parseOrderBy } from "../search/parse_order.ts";
import { allOf, among, compare, type SqlPart } from "../search/sql.ts";
import type { Database, SqlValue } from "./database.ts";
import { stagesOf } from "./experiments.ts";
import { RUN_COLUMNS, type RunRow, withRunData } from "./run_rows.ts";

const TABLES = { metric: "latest_metrics", param: "params", tag: "tags" } as const;

/** Runs that match, newest first unless ordered otherwise. */
export function searchRuns(db: Database, search: RunSearch): Page<Run> {
  const maxResults = checkMaxResults(search.maxResults ?? DEFAULT_SEARCH_RESULTS);
  const offset = decodeOffset(search.pageToken);
  const clauses = parseFilter(search.filter, RUN_SEARCH);
  const orders = parseOrderBy(search.orderBy, RUN_SEARCH);
  const experiments = search.experimentIds.map(experimentNumber);
  if (experiments.length === 0) return { items: [] };
  const stages = stagesOf(search.viewType);
  const where = allOf([
    among("r.experiment_id", experiments),
    among("r.lifecycle_stage", stages),
    ...clauses.map(clauseSql),
  ]);
  const { joins, terms, values } = orderSql(orders);
  const rows = db.all<RunRow>(
    `SELECT ${RUN_COLUMNS} FROM runs r ${joins} WHERE ${where.sql} ORDER BY ${terms} LIMIT ? OFFSET ?`,
    ...values,
    ...where.values,
    maxResults + 1,
    offset,
  );
  const items = withRunData(db, rows.slice(0, maxResults));
  return rows.length > maxResults ? { items, nextPageToken: encodeOffset(offset + maxResults) } : { items };
}

function clauseSql(clause: Clause): SqlPart {
  switch (clause.entity) {
    case "attribute":
      // As MLflow: the name is looked for in its tag, which old runs have where the column is empty.
      if (clause.key === "run_name") return taggedSql("tags", { ...clause, key: RUN_NAME_TAG });
      return compare(attributeColumn(clause.key), clause);
    case "dataset":
      return datasetSql(clause);
    default:
      return taggedSql(TABLES[clause.entity], clause);
  }
}

function taggedSql(table: string, clause: Clause): SqlPart {
  const from = `SELECT 1 FROM ${table} x WHERE x.run_uuid = r.run_uuid AND x."key" = ?`;
  if (clause.comparator === "IS NULL") return { sql: `NOT EXISTS (${from})`, values: [clause.key] };
  if (clause.comparator === "IS NOT NULL") return { sql: `EXISTS (${from})`, values: [clause.key] };
  const { sql, values } = compare("x.value", clause);
  // NaN is stored as 0 with a flag: it differs from every number and compares with none.
  const withNan = table !== "latest_metrics"
    ? sql
    : clause.comparator === "!="
    ? `(${sql} OR x.is_nan = 1)`
    : `(${sql} AND x.is_nan = 0)`;
  return { sql: `EXISTS (${from} AND ${withNan})`, values: [clause.key, ...values] };
}

function datasetSql(clause: Clause): SqlPart {
  const isContext = clause.key === "context";
  const { sql, values } = compare(isContext ? "t.value" : `d.${clause.key}`, clause);
  const join = isContext
    ? `JOIN input_tags t ON t.input_uuid = i.input_uuid AND t.name = '${DATASET_CONTEXT_TAG}'`
    : "";
  return {
    sql: `EXISTS (SELECT 1 FROM inputs i JOIN datasets d ON d.dataset_uuid = i.source_id ${join}
      WHERE i.destination_id = r.run_uuid AND i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND ${sql})`,
    values,
  };
}

function attributeColumn(key: string): string {
  return key === "run_id" ? "r.run_uuid" : key === "run_name" ? "r.name" : `r.${key}`;
}

function orderSql(orders: readonly OrderBy[]): { joins: string; terms: string; values: SqlValue[] } {
  const joins: string[] = [], terms: string[] = [], values: SqlValue[] = [];
  orders.forEach(({ entity, key, ascending }, i) => {
    if (entity === "attribute" || entity === "dataset") {
      terms.push(lastWhereNull(attributeColumn(key), ascending));
      return;
    }
    joins.push(`LEFT JOIN ${TABLES[entity]} o${i} ON o${i}.run_uuid = r.run_uuid AND o${i}."key" = ?`);
    values.push(key);
    if (entity === "metric") terms.push(`CASE WHEN o${i}.is_nan = 1 THEN 1 WHEN o${i}.value IS NULL THEN 2 ELSE 0 END`);
    terms.push(lastWhereNull(`o${i}.value`, ascending));
  });
  if (!orders.some(({ entity, key }) => entity === "attribute" && key === "start_time")) {
    terms.push("r.start_time DESC");
  }
  terms.push("r.run_uuid");
  return { joins: joins.join(" "), terms: terms.join(", "), values };
}

/** SQLite holds NULL for the least value, so only an ascending order must be told; the other can follow an index. */
function lastWhereNull(expression: string, ascending: boolean): string {
  return ascending ? `${expression} ASC NULLS LAST` : `${expression} DESC`;
}
