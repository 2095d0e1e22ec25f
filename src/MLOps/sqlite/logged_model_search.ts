import type { LoggedModel, LoggedModelSearch, Page } from "../../core/mod.ts";
import { DEFAULT_LOGGED_MODEL_RESULTS } from "../rules/limits.ts";
import { checkMaxResults, experimentNumber } from "../rules/names.ts";
import { decodeSearchOffset, encodeSearchOffset } from "../search/page_token.ts";
import { among } from "../search/sql.ts";
import type { Database } from "./database.ts";
import { loggedModelOrder, loggedModelWhere } from "./logged_model_sql.ts";
import { MODEL_COLUMNS, type ModelRow, withModelData } from "./logged_models.ts";

/** Logged models that match, newest first unless ordered otherwise. */
export function searchLoggedModels(db: Database, search: LoggedModelSearch): Page<LoggedModel> {
  const maxResults = checkMaxResults(search.maxResults ?? DEFAULT_LOGGED_MODEL_RESULTS);
  const scope = {
    experiment_ids: search.experimentIds,
    filter_string: search.filter ?? null,
    order_by: search.orderBy ?? null,
  };
  const offset = decodeSearchOffset(scope, search.pageToken);
  const where = loggedModelWhere(search);
  const order = loggedModelOrder(search.orderBy ?? []);
  const experiments = search.experimentIds.map(experimentNumber);
  if (experiments.length === 0) return { items: [] };
  const inExperiments = among("m.experiment_id", experiments);
  const rows = db.all<ModelRow>(
    `SELECT ${MODEL_COLUMNS} FROM logged_models m
     WHERE ${inExperiments.sql} AND m.lifecycle_stage = 'active' AND ${where.sql}
     ORDER BY ${order.sql} LIMIT ? OFFSET ?`,
    ...inExperiments.values,
    ...where.values,
    ...order.values,
    maxResults + 1,
    offset,
  );
  const items = withModelData(db, rows.slice(0, maxResults));
  if (rows.length <= maxResults) return { items };
  return { items, nextPageToken: encodeSearchOffset(scope, offset + maxResults) };
}
