import {
  type CallOptions,
  type CandleQuery,
  type FeatureEngine,
  type FeatureReader,
  type Progress,
  SILENT_PROGRESS,
} from "../../core/mod.ts";
import type { ReportFormat } from "../format.ts";
import type { Report } from "../model.ts";
import { formatRange } from "../numbers.ts";
import { renderReport } from "../render.ts";
import { ingestionContext, type SectionResult } from "./context.ts";
import { coverageSection } from "./coverage.ts";
import { featuresSection } from "./features.ts";
import { filesOfRange } from "./ledger.ts";
import { ingestionOverview } from "./overview.ts";
import { priceSection } from "./price.ts";
import { ingestionFigures, ingestionVerdict, provenanceSection } from "./provenance.ts";
import { returnsSection } from "./returns.ts";
import type { IngestReportRun } from "./run.ts";
import { volumeSection } from "./volume.ts";

/** What an ingestion report is made of. */
export interface IngestionReportInput {
  /** Where candles and ledger are read. */
  readonly reader: FeatureReader;
  /** The series and the asked range. */
  readonly query: CandleQuery;
  /** Features to describe. */
  readonly engine: FeatureEngine;
  /** What the ingest did. */
  readonly run: IngestReportRun;
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

/** The report as plain data. */
export async function ingestionReport(
  input: Pick<IngestionReportInput, "reader" | "query" | "engine" | "run" | "nowMs">,
  options: RenderOptions = {},
): Promise<Report> {
  const { reader, query, engine, run, nowMs } = input;
  const { progress = SILENT_PROGRESS, signal } = options;
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
  for (const step of steps) {
    signal?.throwIfAborted();
    progress.update({ stage: "report", done: results.length, total: steps.length, unit: "sections" });
    results.push(step());
    // A long section must not keep signals and progress waiting for the next.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  progress.update({ stage: "report", done: results.length, total: steps.length, unit: "sections" });
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
