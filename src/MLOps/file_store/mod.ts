/** Import of MLflow's old file stores. @module */
export { type ImportCounts, importFileStore, type ImportOptions, type ImportSummary } from "./import_file_store.ts";
export { holdsUnimported } from "./holds_unimported.ts";
export type { Skipped } from "./file_store.ts";
