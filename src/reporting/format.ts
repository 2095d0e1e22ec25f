/** A form in which a report is written. */
export type ReportFormat = "pdf" | "html" | "json";

/** Every {@linkcode ReportFormat}. */
export const REPORT_FORMATS: readonly ReportFormat[] = ["pdf", "html", "json"];
