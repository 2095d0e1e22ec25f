import { type CallOptions, type Progress, SILENT_PROGRESS } from "../core/mod.ts";
import { drawCharts } from "./charts/draw.ts";
import type { ReportFormat } from "./format.ts";
import { writeReportFiles } from "./layout.ts";
import type { Report } from "./model.ts";

/** Where and in which forms a report is written. */
export interface RenderTarget {
  /** Folder of all reports; the files go into `<outDir>/<kind>/<UTC timestamp>/`. */
  readonly outDir: string;
  /** Forms to write. @default ["pdf"] */
  readonly formats?: readonly ReportFormat[];
}

/** Writes a report as `report.pdf`, `report.html` and `report.json`, in the forms asked for; returns the paths. */
export async function renderReport(
  report: Report,
  target: RenderTarget,
  options: CallOptions & { readonly progress?: Progress } = {},
): Promise<{ readonly files: string[] }> {
  const { progress = SILENT_PROGRESS, signal } = options;
  const formats = [...new Set(target.formats ?? ["pdf" as const])];
  const contents = new Map<string, Uint8Array | string>();
  if (formats.some((format) => format !== "json")) {
    const { createChartRenderer } = await import("./charts/render.ts");
    const drawings = await drawCharts(report, await createChartRenderer(), {
      ...(signal === undefined ? {} : { signal }),
      onDrawn: (done, total) => progress.update({ stage: "draw", done, total, unit: "figures" }),
    });
    for (const format of formats) {
      signal?.throwIfAborted();
      if (format === "pdf") {
        const { renderPdf } = await import("./pdf/render.ts");
        contents.set("report.pdf", await renderPdf(report, drawings));
      } else if (format === "html") {
        const { renderHtml } = await import("./html/render.ts");
        contents.set("report.html", renderHtml(report, drawings));
      } else contents.set("report.json", reportJson(report));
    }
  } else contents.set("report.json", reportJson(report));
  signal?.throwIfAborted();
  const { outDir } = target;
  return { files: await writeReportFiles({ outDir, kind: report.kind, nowMs: report.generatedAtMs }, contents) };
}

/** The report as JSON text; figures that do not exist are null. */
function reportJson(report: Report): string {
  return `${JSON.stringify(report, null, 1)}\n`;
}
