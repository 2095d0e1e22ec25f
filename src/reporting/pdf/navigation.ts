import { type PDFDocument, PDFHexString, PDFName, PDFNumber, type PDFRef } from "pdf-lib";
import type { ContentsLink } from "./cover.ts";
import { CONTENT_WIDTH, PAGE } from "./page_format.ts";

/** An entry of the reader's side bar. */
export interface Bookmark {
  readonly title: string;
  /** Counts from 1. */
  readonly page: number;
  /** Height on the page, downwards from the top. */
  readonly y: number;
}

/** Adds the outline that readers show beside the pages (pdf-lib has no call for it: PDF 32000-1, 12.3.3). */
export function addBookmarks(document: PDFDocument, bookmarks: readonly Bookmark[]): void {
  if (bookmarks.length === 0) return;
  const { context } = document;
  const root = context.nextRef();
  const refs: PDFRef[] = bookmarks.map(() => context.nextRef());
  bookmarks.forEach(({ title, page, y }, i) => {
    const item = context.obj({
      Title: PDFHexString.fromText(title),
      Parent: root,
      Dest: destination(document, page, y),
    });
    if (i > 0) item.set(PDFName.of("Prev"), refs[i - 1]!);
    if (i < refs.length - 1) item.set(PDFName.of("Next"), refs[i + 1]!);
    context.assign(refs[i]!, item);
  });
  context.assign(
    root,
    context.obj({ Type: "Outlines", First: refs[0]!, Last: refs.at(-1)!, Count: PDFNumber.of(refs.length) }),
  );
  document.catalog.set(PDFName.of("Outlines"), root);
  document.catalog.set(PDFName.of("PageMode"), PDFName.of("UseOutlines"));
}

/** Makes the entries of the contents lead to their pages. */
export function addLinks(document: PDFDocument, links: readonly ContentsLink[]): void {
  const pages = document.getPages();
  for (const { fromPage, y, height, toPage } of links) {
    const top = PAGE.height - y;
    const annotation = document.context.register(document.context.obj({
      Type: "Annot",
      Subtype: "Link",
      Rect: [PAGE.left, top - height, PAGE.left + CONTENT_WIDTH, top],
      Border: [0, 0, 0],
      Dest: destination(document, toPage, 0),
    }));
    pages[fromPage - 1]!.node.addAnnot(annotation);
  }
}

function destination(document: PDFDocument, page: number, y: number) {
  return document.context.obj([
    document.getPages()[page - 1]!.ref,
    PDFName.of("XYZ"),
    PDFNumber.of(0),
    PDFNumber.of(PAGE.height - Math.max(0, y - 12)),
    PDFNumber.of(0),
  ]);
}
