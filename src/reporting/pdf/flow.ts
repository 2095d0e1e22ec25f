import type { PdfCanvas } from "./canvas.ts";
import { CONTENT_HEIGHT, PAGE } from "./page_format.ts";

/** Something of a fixed height that is drawn whole on one page. */
export interface Piece {
  readonly height: number;
  /** Must stand on the same page as the piece after it: captions, headings, the head of a table. */
  readonly keepWithNext?: boolean;
  /** Drawn first on the new page where a break comes directly before this piece: the head of a table again. */
  readonly repeat?: Piece;
  /** Empty space that is dropped at the top of a page. */
  readonly spacer?: boolean;
  /** Starts a new page unless at least this many points are left. */
  readonly needs?: number;
  /** Draws with its top edge at `y`; `pageNumber` counts from 1. */
  draw(canvas: PdfCanvas, y: number, pageNumber: number): void;
}

/** Vertical space. */
export function gap(height: number): Piece {
  return { height, spacer: true, draw() {} };
}

/** Places pieces one under the other, breaking pages between pieces only; returns the pages. */
export function flowPieces(pieces: readonly Piece[], newPage: () => PdfCanvas): PdfCanvas[] {
  const pages = [newPage()];
  let y: number = PAGE.top;
  const bottom = PAGE.top + CONTENT_HEIGHT;
  const place = (piece: Piece) => {
    piece.draw(pages.at(-1)!, y, pages.length);
    y += piece.height;
  };
  for (let i = 0; i < pieces.length;) {
    let end = i;
    while (end < pieces.length - 1 && pieces[end]!.keepWithNext) end++;
    const chain = pieces.slice(i, end + 1);
    // Space at the end of a chain may hang over the margin.
    const height = chain.reduce((sum, piece) => sum + piece.height, 0);
    const atTop = y === PAGE.top;
    const needed = Math.max(height, chain[0]!.needs ?? 0);
    if (!atTop && y + needed > bottom && !(chain.length === 1 && chain[0]!.spacer)) {
      pages.push(newPage());
      y = PAGE.top;
      const { repeat } = chain[0]!;
      if (repeat !== undefined) place(repeat);
    }
    for (const piece of chain) {
      // Only a chain taller than a page gets here with no room left.
      if (y + piece.height > bottom && y > PAGE.top && !piece.spacer) {
        pages.push(newPage());
        y = PAGE.top;
      }
      if (!(piece.spacer && y === PAGE.top)) place(piece);
    }
    i = end + 1;
  }
  return pages;
}
