/**
 * Runs, models and their promotion: MLflow's SQLite store, the client of its REST API, and the search grammar. Commands
 * open a store by its address with {@linkcode openTrackerAt}, which loads no more than it needs.
 *
 * @example
 * ```ts
 * import { openTrackerAt } from "./mod.ts";
 *
 * await using tracker = await openTrackerAt("sqlite:///:memory:"); // or sqlite:///mlruns/mlflow.db, or http://…
 * const { info } = await tracker.createRun({ experimentId: "0", runName: "first" });
 * await tracker.logBatch(info.runId, { metrics: [{ key: "qlike", value: 0.5, timestamp: 1, step: 0 }] });
 * const { items } = await tracker.searchRuns({
 *   experimentIds: ["0"],
 *   filter: "metrics.qlike < 0.6 AND run_name LIKE 'fi%'",
 *   orderBy: ["metrics.qlike ASC"],
 * });
 * if (items[0]?.info.runId !== info.runId) throw new Error("the run was not found");
 * ```
 *
 * @module
 */
export { credentialsFrom, DEFAULT_TRACKING_URI, openRegistryAt, type OpenStoreOptions, openTrackerAt } from "./open.ts";
export { type SqliteStoreOptions, SqliteTracker } from "./sqlite/sqlite_tracker.ts";
export { SqliteRegistry, type SqliteRegistryOptions } from "./sqlite/sqlite_registry.ts";
export type { Batch } from "./sqlite/metrics.ts";
export type { RegistrySearch } from "./sqlite/registry_search.ts";
export { SCHEMA_REVISION } from "./sqlite/schema.ts";
export { sqlitePath } from "./sqlite/database.ts";
export { RestTracker } from "./rest/rest_tracker.ts";
export { RestRegistry, type RestRegistryOptions } from "./rest/rest_registry.ts";
export type { Credentials, MlflowHttpOptions } from "./rest/http.ts";
export { artifactPathParts } from "./artifacts/artifact_path.ts";
export { inventName } from "./rules/invented_name.ts";
export * from "./rules/limits.ts";
export { parseFilter } from "./search/parse_filter.ts";
export { parseOrderBy } from "./search/parse_order.ts";
export * from "./search/domains.ts";
export type * from "./search/clause.ts";
export * from "./promotion/mod.ts";
