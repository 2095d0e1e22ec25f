import {
  type CallOptions,
  type FeatureEngine,
  type FeatureReader,
  type Progress,
  SILENT_PROGRESS,
} from "../../core/mod.ts";
import type { ReportFormat } from "../format.ts";
import type { Report } from "../model.ts";
import { formatRange } from "../numbers.ts";
import { renderReport } from "../render.ts";
import { combinedReport } from "./combined_report.ts";
import { ingestionContext, type SectionResult } from "./context.ts";
import { coverageSection } from "./coverage.ts";
import { featuresSection } from "./features.ts";
import { filesOfRange } from "./ledger.ts";
import { ingestionOverview } from "./overview.ts";
import { priceSection } from "./price.ts";
import { ingestionFigures, ingestionVerdict, provenanceSection } from "./provenance.ts";
import { returnsSection } from "./returns.ts";
import type { ReportedSeries } from "./run.ts";
import { volumeSection } from "./volume.ts";

/** What an ingestion report is made of. */
export interface IngestionReportInput {
  /** Where candles and ledger are read. */
  readonly reader: FeatureReader;
  /** Each series with its asked range and what the ingest did for it; at least one. */
  readonly series: readonly ReportedSeries[];
  /** Features to describe. */
  readonly engine: FeatureEngine;
  /** Folder of all reports; this one goes into `<outDir>/ingestion/<UTC timestamp>/`. */
  readonly outDir: string;
  /** Time of writing, epoch milliseconds: the folder's name and the dates inside. */
  readonly nowMs: number;
  /** Forms to write. @default ["pdf"] */
  readonly formats?: readonly ReportFormat[];
}

/** Options of {@linkcode renderIngestionReport}. */
export interface RenderOptions extends CallOptions {
  /** Told of each section and figure. @default SILENT_PROGRESS */
  readonly progress?: Progress;
}

/**
 * Reads the candles of the range and writes the report of an ingest. Equal candles, run and time give equal bytes;
 * an existing report is never overwritten.
 *
 * @returns paths of the files written, in the order of `formats`.
 */
export async function renderIngestionReport(
  input: IngestionReportInput,
  options: RenderOptions = {},
): Promise<{ readonly files: string[] }> {
  const report = await ingestionReport(input, options);
  return await renderReport(report, input, options);
}

/** The report as plain data: of one series, or of several with a table of all in front. */
export async function ingestionReport(
  input: Pick<IngestionReportInput, "reader" | "series" | "engine" | "nowMs">,
  options: RenderOptions = {},
): Promise<Report> {
  const { series, nowMs } = input;
  const parts: Report[] = [];
  for (const [i, one] of series.entries()) parts.push(await seriesReport(input, one, { ...options, part: i }));
  return parts.length === 1 ? parts[0]! : combinedReport(series, parts, nowMs);
}

async function seriesReport(
  { reader, engine, nowMs, series }: Pick<IngestionReportInput, "reader" | "series" | "engine" | "nowMs">,
  { query, run }: ReportedSeries,
  { progress = SILENT_PROGRESS, signal, part }: RenderOptions & { readonly part: number },
): Promise<Report> {
  const columns = await reader.loadCandles(query);
  const context = ingestionContext({
    query,
    run,
    columns,
    files: filesOfRange(await reader.archiveFiles(query), query.range),
    sourceCounts: await reader.sourceCounts(query),
  });
  const steps: readonly (() => SectionResult)[] = [
    () => provenanceSection(context),
    () => coverageSection(context),
    () => priceSection(context),
    () => volumeSection(context),
    () => returnsSection(context),
    () => featuresSection(context, engine, signal === undefined ? {} : { signal }),
  ];
  const results: SectionResult[] = [];
  const tell = () => {
    const done = part * steps.length + results.length;
    progress.update({ stage: "report", done, total: series.length * steps.length, unit: "sections" });
  };
  for (const step of steps) {
    signal?.throwIfAborted();
    tell();
    results.push(step());
    // A long section must not keep signals and progress waiting for the next.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  tell();
  const overview = ingestionOverview(context);
  return {
    kind: "ingestion",
    title: "Ingestion report",
    subtitle: `${query.symbol} on ${query.exchange}, ${query.interval} candles, ${formatRange(query.range)}`,
    generatedAtMs: nowMs,
    reference: run.datasetDigest === "" ? `Run ${run.id}` : `Dataset ${run.datasetDigest.slice(0, 16)}`,
    verdict: ingestionVerdict(context),
    figures: ingestionFigures(context),
    ...(overview === undefined ? {} : { overview }),
    sections: results.map(({ section }) => section),
    data: {
      query,
      run,
      ...Object.fromEntries(results.map(({ section, data }) => [section.id, data])),
    },
  };
}
