import type { ChartDrawings } from "../charts/draw.ts";
import { PALETTE } from "../charts/theme.ts";
import { fontMetrics } from "../fonts/metrics.ts";
import type { NumberedSection, Report } from "../model.ts";
import { calloutPiece, layoutBlock, textLines } from "./blocks.ts";
import type { PdfCanvas } from "./canvas.ts";
import { gap, type Piece } from "./flow.ts";
import { CONTENT_WIDTH, PAGE, TYPE } from "./page_format.ts";

const ENTRY_HEIGHT = 17;

/** Where the entries of the contents stand, so that page numbers and links can be put in once they are known. */
export interface ContentsPlace {
  page: number;
  y: number;
}

/** Title, verdict, key figures and contents: the top of the first page. */
export function layoutCover(
  report: Report,
  sections: readonly NumberedSection[],
  drawings: ChartDrawings,
  place: ContentsPlace,
): Piece[] {
  const contents: Piece = {
    height: 26 + sections.length * ENTRY_HEIGHT,
    draw(canvas, y, pageNumber) {
      place.page = pageNumber;
      place.y = y + 26;
      canvas.text("Contents", PAGE.left, y + 14, { size: 10.5, weight: "bold", color: PALETTE.ink });
      canvas.rule(PAGE.left, y + 21, CONTENT_WIDTH, { color: PALETTE.muted, thickness: 0.7 });
    },
  };
  return [
    {
      height: 18,
      draw: (canvas, y) => {
        canvas.fill(PAGE.left, y - 8, 26, 3, PALETTE.orange);
        canvas.text("Bitcoin ML Lifecycle Sandbox", PAGE.left, y + 8, { size: 8.5, color: PALETTE.muted });
      },
    },
    gap(4),
    ...textLines(report.title, { size: TYPE.title, color: PALETTE.ink, weight: "bold" }),
    ...textLines(report.subtitle, { size: TYPE.subtitle, color: PALETTE.muted }),
    gap(16),
    calloutPiece(report.verdict.text, report.verdict.tone, {
      size: TYPE.verdict,
      ...(report.verdict.detail === undefined ? {} : { detail: report.verdict.detail }),
    }),
    gap(18),
    ...layoutBlock({ block: { kind: "figures", items: report.figures } }, drawings),
    gap(10),
    ...(report.overview === undefined ? [] : layoutBlock({ block: report.overview }, drawings)),
    contents,
    gap(26),
  ];
}

/** A rectangle on a page that leads to another page; `y` counts downwards. */
export interface ContentsLink {
  readonly fromPage: number;
  readonly y: number;
  readonly height: number;
  readonly toPage: number;
}

/** Writes the entries of the contents and returns where each leads. */
export function drawContents(
  pages: readonly PdfCanvas[],
  place: ContentsPlace,
  sections: readonly NumberedSection[],
  pageOf: readonly number[],
): ContentsLink[] {
  const canvas = pages[place.page - 1]!;
  const metrics = fontMetrics("regular");
  return sections.map(({ number, section }, i) => {
    const y = place.y + i * ENTRY_HEIGHT;
    canvas.text(String(number), PAGE.left, y + 11, { size: TYPE.body, color: PALETTE.muted });
    canvas.text(section.title, PAGE.left + 18, y + 11, { size: TYPE.body });
    canvas.text(String(pageOf[i]!), PAGE.left + CONTENT_WIDTH, y + 11, { size: TYPE.body, align: "right" });
    const textEnd = PAGE.left + 18 + metrics.width(section.title, TYPE.body) + 8;
    const numberStart = PAGE.left + CONTENT_WIDTH - metrics.width(String(pageOf[i]!), TYPE.body) - 8;
    canvas.rule(textEnd, y + 11, Math.max(0, numberStart - textEnd), { color: PALETTE.ruleLight, thickness: 0.5 });
    return { fromPage: place.page, y, height: ENTRY_HEIGHT, toPage: pageOf[i]! };
  });
}
