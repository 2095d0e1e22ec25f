/**
 * Runs, models and their promotion: MLflow's SQLite store, the client of its REST API, and the search grammar.
 *
 * @module
 */
export { type SqliteStoreOptions, SqliteTracker } from "./sqlite/sqlite_tracker.ts";
export { SqliteRegistry, type SqliteRegistryOptions } from "./sqlite/sqlite_registry.ts";
export { SCHEMA_REVISION } from "./sqlite/schema.ts";
export { sqlitePath } from "./sqlite/database.ts";
export { artifactPathParts } from "./artifacts/artifact_path.ts";
export { inventName } from "./rules/invented_name.ts";
export * from "./rules/limits.ts";
export { parseFilter } from "./search/parse_filter.ts";
export { parseOrderBy } from "./search/parse_order.ts";
export * from "./search/domains.ts";
export type * from "./search/clause.ts";
