/**
 * Reports: a plain model of sections, tables and charts, and its renderers to PDF, HTML and JSON. Heavy libraries are
 * loaded when a report is rendered, not before.
 *
 * @module
 */
export { REPORT_FORMATS, type ReportFormat } from "./format.ts";
export {
  ingestionReport,
  type IngestionReportInput,
  renderIngestionReport,
  type RenderOptions,
} from "./ingestion/report.ts";
export type { IngestReportRun, ReportedSeries } from "./ingestion/run.ts";
export { type StoredIngest, storedIngest } from "./ingestion/stored_run.ts";
export { reportFolderName } from "./layout.ts";
export * from "./model.ts";
export { modelReport, type ModelReportInput, renderModelReport } from "./model_report/report.ts";
export { newestRunId } from "./model_report/run_facts.ts";
export { renderReport, type RenderTarget } from "./render.ts";
