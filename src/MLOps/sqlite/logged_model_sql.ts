import type { LoggedModelSearch } from "../../core/mod.ts";
import { invalid } from "../rules/entries.ts";
import type { Clause } from "../search/clause.ts";
import { LOGGED_MODEL_SEARCH } from "../search/domains.ts";
import { parseFilter } from "../search/parse_filter.ts";
import { checkOrderCount } from "../search/parse_order.ts";
import { allOf, compare, type SqlPart } from "../search/sql.ts";

const COLUMN_OF: Readonly<Record<string, string>> = {
  creation_timestamp: "m.creation_timestamp_ms",
  last_updated_timestamp: "m.last_updated_timestamp_ms",
};

/** Condition on logged models `m` of a search's filter and datasets. */
export function loggedModelWhere(search: LoggedModelSearch): SqlPart {
  const onDatasets = datasetsSql(search.datasets ?? []);
  const clauses = parseFilter(search.filter, LOGGED_MODEL_SEARCH);
  const parts = clauses.map((clause) => clauseSql(clause, onDatasets));
  if (search.datasets?.length && !clauses.some(({ entity }) => entity === "metric")) {
    parts.push({
      sql: `EXISTS (SELECT 1 FROM logged_model_metrics x WHERE x.model_id = m.model_id AND ${onDatasets.sql})`,
      values: onDatasets.values,
    });
  }
  return allOf(parts);
}

/** ORDER BY terms for logged models `m`; the newest first where nothing else decides. */
export function loggedModelOrder(orderBy: NonNullable<LoggedModelSearch["orderBy"]>): SqlPart {
  checkOrderCount(orderBy.length);
  const terms: string[] = [], values: string[] = [], seen = new Set<string>();
  for (const { fieldName, ascending = true, datasetName, datasetDigest } of orderBy) {
    if (datasetDigest !== undefined && datasetName === undefined) {
      throw invalid("`dataset_digest` can only be specified if `dataset_name` is also specified.");
    }
    let expression: string;
    const dot = fieldName.indexOf(".");
    if (dot >= 0) {
      if (fieldName.slice(0, dot) !== "metrics") {
        throw invalid(`Invalid order by field name: ${fieldName}. Only metrics are supported.`);
      }
      const onDataset = (datasetName === undefined ? "" : " AND x.dataset_name = ?") +
        (datasetDigest === undefined ? "" : " AND x.dataset_digest = ?");
      expression = `(SELECT x.metric_value FROM logged_model_metrics x
        WHERE x.model_id = m.model_id AND x.metric_name = ?${onDataset}
        ORDER BY x.metric_timestamp_ms DESC, x.metric_step DESC, x.run_id LIMIT 1)`;
      const bound = [fieldName.slice(dot + 1), datasetName, datasetDigest].filter((value) => value !== undefined);
      values.push(...bound, ...bound); // the expression stands twice in the terms
    } else {
      const name = fieldName.trim();
      const key = LOGGED_MODEL_SEARCH.aliases[name] ?? name;
      if (!LOGGED_MODEL_SEARCH.orderAttributes.includes(key)) {
        throw invalid(`Invalid order by field name: ${fieldName}`);
      }
      seen.add(key);
      expression = COLUMN_OF[key] ?? `m.${key}`;
    }
    terms.push(`${expression} IS NULL`, `${expression} ${ascending ? "ASC" : "DESC"}`);
  }
  if (!seen.has("creation_timestamp")) terms.push("m.creation_timestamp_ms DESC");
  if (!seen.has("model_id")) terms.push("m.model_id ASC");
  return { sql: terms.join(", "), values };
}

function clauseSql(clause: Clause, onDatasets: SqlPart): SqlPart {
  if (clause.entity === "attribute") {
    if (clause.key === "status") {
      return compare(`CASE m.status WHEN 2 THEN 'READY' WHEN 3 THEN 'UPLOAD_FAILED' ELSE 'PENDING' END`, clause);
    }
    const column = COLUMN_OF[clause.key] ?? `m.${clause.key}`;
    return compare(clause.key === "source_run_id" ? `coalesce(${column}, '')` : column, clause);
  }
  if (clause.entity === "metric") {
    const { sql, values } = compare("x.metric_value", clause);
    return {
      sql: `EXISTS (SELECT 1 FROM logged_model_metrics x
        WHERE x.model_id = m.model_id AND x.metric_name = ? AND ${sql} AND ${onDatasets.sql})`,
      values: [clause.key, ...values, ...onDatasets.values],
    };
  }
  const kind = clause.entity === "param" ? "param" : "tag";
  const { sql, values } = compare(`x.${kind}_value`, clause);
  return {
    sql: `EXISTS (SELECT 1 FROM logged_model_${kind}s x
      WHERE x.model_id = m.model_id AND x.${kind}_key = ? AND ${sql})`,
    values: [clause.key, ...values],
  };
}

function datasetsSql(datasets: NonNullable<LoggedModelSearch["datasets"]>): SqlPart {
  if (datasets.length === 0) return { sql: "1", values: [] };
  const values: string[] = [];
  const parts = datasets.map(({ datasetName, datasetDigest }) => {
    if (datasetName === "") throw invalid("`dataset_name` in the `datasets` clause must be specified.");
    values.push(datasetName);
    if (datasetDigest === undefined || datasetDigest === "") return "x.dataset_name = ?";
    values.push(datasetDigest);
    return "(x.dataset_name = ? AND x.dataset_digest = ?)";
  });
  return { sql: `(${parts.join(" OR ")})`, values };
}
