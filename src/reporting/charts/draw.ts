import type { CallOptions } from "../../core/mod.ts";
import type { Block, Report } from "../model.ts";
import type { ChartRenderer } from "./render.ts";

/** Width of a full chart in points: that of an A4 page between its margins. HTML scales the same drawing. */
export const CHART_WIDTH = 495;

/** Space between the charts of a grid, in points. */
export const CHART_GAP = 14;

/** Drawn charts by block: one SVG of a chart, one per chart of a grid. */
export type ChartDrawings = ReadonlyMap<Block, readonly string[]>;

/** Width in points of one chart among `columns` beside each other. */
export function gridChartWidth(columns: number): number {
  return (CHART_WIDTH - (columns - 1) * CHART_GAP) / columns;
}

/** Draws every chart of a report, once for all forms of the report; `onDrawn` is told after each block. */
export async function drawCharts(
  report: Pick<Report, "overview" | "sections">,
  renderer: ChartRenderer,
  options: CallOptions & { readonly onDrawn?: (done: number, total: number) => void } = {},
): Promise<ChartDrawings> {
  const blocks = [
    ...(report.overview === undefined ? [] : [report.overview]),
    ...report.sections.flatMap(({ blocks }) => blocks),
  ]
    .filter((block) => block.kind === "chart" || block.kind === "charts");
  const drawings = new Map<Block, readonly string[]>();
  for (const block of blocks) {
    options.signal?.throwIfAborted();
    const specs = block.kind === "chart" ? [block.spec] : block.charts.map(({ spec }) => spec);
    const width = block.kind === "chart" ? CHART_WIDTH : gridChartWidth(block.columns);
    const svgs: string[] = [];
    for (const spec of specs) svgs.push(await renderer.render(spec, { width, height: block.height }));
    drawings.set(block, svgs);
    options.onDrawn?.(drawings.size, blocks.length);
  }
  return drawings;
}
