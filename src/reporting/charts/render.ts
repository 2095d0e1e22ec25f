import { FONT_FAMILY } from "../fonts/inter.ts";
import { fontMetrics } from "../fonts/metrics.ts";
import type { ChartSpec } from "../model.ts";
import { CHART_CONFIG } from "./theme.ts";

/** Width and height in points, axes and legend included. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** Draws charts as SVG text. */
export interface ChartRenderer {
  /** The SVG of a specification in the size given; its text is in the reports' font. */
  render(spec: ChartSpec, size: ChartSize): Promise<string>;
}

/** The parts of a scene item that decide how wide its text is. */
interface TextItem {
  readonly fontSize?: number | null;
  readonly fontWeight?: string | number | null;
  readonly limit?: number;
}

/**
 * Loads Vega and Vega-Lite (0.3 s) and returns a renderer. Element ids count up from zero within one renderer, so that
 * the charts of a page never share one and the same report gives the same bytes.
 *
 * @param options.onWarning told what Vega-Lite finds odd in a specification; a test listens
 */
export async function createChartRenderer(
  options: { readonly onWarning?: (message: string) => void } = {},
): Promise<ChartRenderer> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  // Without a canvas Vega guesses 0.8 em a character; labels would be dropped as overlapping that do not overlap.
  const { textMetrics, resetSVGDefIds } = vega as unknown as {
    readonly textMetrics: { width: (item: TextItem, text: string) => number };
    readonly resetSVGDefIds: () => void;
  };
  textMetrics.width = (item, text) => {
    const heavy = item.fontWeight === "bold" || Number(item.fontWeight) >= 600;
    return fontMetrics(heavy ? "bold" : "regular").width(String(text ?? ""), item.fontSize ?? 11);
  };
  resetSVGDefIds();
  const logger = vega.logger(vega.None);
  logger.warn = (...args: readonly unknown[]) => {
    options.onWarning?.(args.join(" "));
    return logger;
  };
  return {
    async render(spec, size) {
      const compiled = vegaLite.compile(
        {
          autosize: { type: "fit", contains: "padding" },
          ...spec,
          ...size,
        } as unknown as Parameters<typeof vegaLite.compile>[0],
        {
          logger,
          config: CHART_CONFIG as unknown as NonNullable<Parameters<typeof vegaLite.compile>[1]>["config"] & object,
        },
      );
      // Vega reports a failure to its logger and goes on to fail at something else.
      const failures: unknown[] = [];
      const viewLogger = vega.logger(vega.None);
      viewLogger.error = (...args: readonly unknown[]) => {
        failures.push(...args);
        return viewLogger;
      };
      const view = new vega.View(vega.parse(compiled.spec), { renderer: "none", logger: viewLogger });
      try {
        const svg = await view.toSVG();
        // Scale names inherit the font only where Vega writes it out; the root says it for the rest.
        return svg.replace("<svg ", `<svg font-family="${FONT_FAMILY}" `);
      } catch (error) {
        throw failures[0] instanceof Error ? failures[0] : error;
      } finally {
        view.finalize();
      }
    },
  };
}
