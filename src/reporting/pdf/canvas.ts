import { type Color, type PDFDocument, type PDFFont, type PDFPage, rgb } from "pdf-lib";
import fontkit from "@pdf-lib/fontkit";
import { FONT_FAMILY, fontBytes, type FontWeight } from "../fonts/inter.ts";
import { fontMetrics } from "../fonts/metrics.ts";
import { PALETTE } from "../charts/theme.ts";
import { PAGE } from "./page_format.ts";

/** How a line of text is set. */
export interface TextStyle {
  readonly size: number;
  /** @default "regular" */
  readonly weight?: FontWeight;
  /** Hex colour. @default PALETTE.text */
  readonly color?: string;
  /** Where `x` is. @default "left" */
  readonly align?: "left" | "right" | "center";
}

/** The fonts of a document. */
export interface PdfFonts {
  readonly regular: PDFFont;
  readonly bold: PDFFont;
}

/** Puts the reports' fonts into a document. They are small already, so they go in whole and stay searchable. */
export async function embedFonts(document: PDFDocument): Promise<PdfFonts> {
  document.registerFontkit(fontkit);
  return {
    regular: await document.embedFont(fontBytes("regular"), { subset: false }),
    bold: await document.embedFont(fontBytes("bold"), { subset: false }),
  };
}

/** Draws on pages with `y` counted downwards from the top edge. */
export class PdfCanvas {
  readonly page: PDFPage;
  readonly #fonts: PdfFonts;

  /** A canvas on a page of the document that has the fonts. */
  constructor(page: PDFPage, fonts: PdfFonts) {
    this.page = page;
    this.#fonts = fonts;
  }

  /** One line of text whose baseline is at `y`. */
  text(text: string, x: number, y: number, style: TextStyle): void {
    const weight = style.weight ?? "regular";
    const metrics = fontMetrics(weight);
    const printable = metrics.printable(text);
    if (printable === "") return;
    const width = style.align === undefined || style.align === "left" ? 0 : metrics.width(printable, style.size);
    this.page.drawText(printable, {
      x: x - (style.align === "center" ? width / 2 : width),
      y: PAGE.height - y,
      size: style.size,
      font: this.#fonts[weight],
      color: hexColor(style.color ?? PALETTE.text),
    });
  }

  /** A horizontal rule. */
  rule(x: number, y: number, width: number, options: { readonly color: string; readonly thickness: number }): void {
    this.page.drawLine({
      start: { x, y: PAGE.height - y },
      end: { x: x + width, y: PAGE.height - y },
      thickness: options.thickness,
      color: hexColor(options.color),
    });
  }

  /** A filled rectangle from its top left corner. */
  fill(x: number, y: number, width: number, height: number, color: string): void {
    this.page.drawRectangle({ x, y: PAGE.height - y - height, width, height, color: hexColor(color), borderWidth: 0 });
  }

  /** An SVG with its top left corner at (x, y). */
  svg(svg: string, x: number, y: number): void {
    this.page.drawSvg(svg, {
      x,
      y: PAGE.height - y,
      fonts: { [FONT_FAMILY]: this.#fonts.regular, [`${FONT_FAMILY}_bold`]: this.#fonts.bold },
    });
  }
}

/** `#rrggbb` as a PDF colour. */
export function hexColor(hex: string): Color {
  const channel = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16) / 255;
  return rgb(channel(1), channel(3), channel(5));
}
