/**
 * Candles, their ledgers and materialised features in one DuckDB file.
 *
 * @module
 */
export { DuckDbFeatureStore, type OpenStoreOptions } from "./duckdb_feature_store.ts";
export { type LockHolder, lockPath, readHolder } from "./files/store_lock.ts";
export type { StoreMode } from "./files/store_path.ts";
export {
  type FeatureSetIdentity,
  materializeFeatures,
  type MaterializeOptions,
  type MaterializeSummary,
  staleFeatures,
} from "./materialize.ts";
export { requireExportGrant } from "./export/export_grant.ts";
export { type ExportOptions, exportParquet, type ExportResult } from "./export/parquet_export.ts";
export { digestDataset, digestDays } from "./day_digest.ts";
export { type DuckDbLimits, LEAN_LIMITS } from "./duckdb_session.ts";
export { type GapChanges, reconcileGaps } from "./gap_reconcile.ts";
