import { PDFDocument } from "pdf-lib";
import type { ChartDrawings } from "../charts/draw.ts";
import { PALETTE } from "../charts/theme.ts";
import { fontMetrics } from "../fonts/metrics.ts";
import { clipText } from "../fonts/wrap.ts";
import { formatSecond } from "../numbers.ts";
import { numberSections, type Report } from "../model.ts";
import { layoutBlock, textLines } from "./blocks.ts";
import { embedFonts, PdfCanvas } from "./canvas.ts";
import { type ContentsPlace, drawContents, layoutCover } from "./cover.ts";
import { flowPieces, gap, type Piece } from "./flow.ts";
import { addBookmarks, addLinks } from "./navigation.ts";
import { CONTENT_HEIGHT, CONTENT_WIDTH, PAGE, TYPE } from "./page_format.ts";

/** Share of a page that must be left for a section to begin on it. */
const SECTION_NEEDS = 0.34;

/** A report as an A4 PDF: vector charts, embedded fonts, searchable text, the same bytes for the same report. */
export async function renderPdf(report: Report, drawings: ChartDrawings): Promise<Uint8Array> {
  const document = await PDFDocument.create({ updateMetadata: false });
  setMetadata(document, report);
  const fonts = await embedFonts(document);
  const sections = numberSections(report.sections);
  const contents: ContentsPlace = { page: 1, y: 0 };
  const starts: { page: number; y: number }[] = [];

  const pieces: Piece[] = layoutCover(report, sections, drawings, contents);
  for (const { number, section, blocks } of sections) {
    pieces.push(headingPiece(number, section.title, starts));
    if (section.lead !== undefined) {
      pieces.push(
        ...textLines(section.lead, { size: TYPE.body, color: PALETTE.muted }).map((piece) => ({
          ...piece,
          keepWithNext: true,
        })),
        { ...gap(10), keepWithNext: true },
      );
    }
    for (const block of blocks) pieces.push(...layoutBlock(block, drawings));
    pieces.push(gap(14));
  }
  const pages = flowPieces(pieces, () => new PdfCanvas(document.addPage([PAGE.width, PAGE.height]), fonts));

  pages.forEach((canvas, i) => drawRunningLines(canvas, report, i + 1, pages.length));
  addLinks(document, drawContents(pages, contents, sections, starts.map(({ page }) => page)));
  addBookmarks(
    document,
    sections.map(({ number, section }, i) => ({ title: `${number}  ${section.title}`, ...starts[i]! })),
  );
  return await document.save();
}

function headingPiece(number: number, title: string, starts: { page: number; y: number }[]): Piece {
  return {
    height: 30,
    keepWithNext: true,
    needs: CONTENT_HEIGHT * SECTION_NEEDS,
    draw(canvas, y, pageNumber) {
      starts.push({ page: pageNumber, y });
      canvas.text(String(number), PAGE.left, y + 15, { size: TYPE.heading, weight: "bold", color: PALETTE.orange });
      // A number of two digits moves the title on.
      const indent = Math.max(20, fontMetrics("bold").width(String(number), TYPE.heading) + 8);
      canvas.text(title, PAGE.left + indent, y + 15, { size: TYPE.heading, weight: "bold", color: PALETTE.ink });
    },
  };
}

function drawRunningLines(canvas: PdfCanvas, report: Report, page: number, pages: number): void {
  const style = { size: TYPE.running, color: PALETTE.muted };
  const right = PAGE.left + CONTENT_WIDTH;
  if (page > 1) {
    const metrics = fontMetrics("regular");
    const subtitle = clipText(report.subtitle, metrics, TYPE.running, CONTENT_WIDTH * 0.7);
    canvas.text(report.title, PAGE.left, PAGE.headerY, style);
    canvas.text(subtitle, right, PAGE.headerY, { ...style, align: "right" });
    canvas.rule(PAGE.left, PAGE.headerY + 7, CONTENT_WIDTH, { color: PALETTE.rule, thickness: 0.6 });
  }
  const y = PAGE.height - PAGE.footerY;
  canvas.rule(PAGE.left, y - 12, CONTENT_WIDTH, { color: PALETTE.rule, thickness: 0.6 });
  canvas.text(`Generated ${formatSecond(report.generatedAtMs)}`, PAGE.left, y, style);
  canvas.text(report.reference, PAGE.left + CONTENT_WIDTH / 2, y, { ...style, align: "center" });
  canvas.text(`Page ${page} of ${pages}`, right, y, { ...style, align: "right" });
}

function setMetadata(document: PDFDocument, report: Report): void {
  const date = new Date(report.generatedAtMs);
  document.setTitle(`${report.title}: ${report.subtitle}`, { showInWindowTitleBar: true });
  document.setSubject(report.verdict.text);
  document.setAuthor("Bitcoin ML Lifecycle Sandbox");
  document.setCreator("Bitcoin ML Lifecycle Sandbox");
  document.setProducer("pdf-lib");
  document.setLanguage("en");
  document.setCreationDate(date);
  document.setModificationDate(date);
}
