import { decodePDFRawStream, PDFArray, PDFDict, PDFDocument, PDFName, type PDFRawStream, PDFRef } from "pdf-lib";

/** What a reader of a PDF sees of its pages' text, and how its fonts are embedded. */
export interface PdfText {
  readonly pages: readonly string[];
  readonly fonts: readonly { readonly name: string; readonly embedded: boolean; readonly searchable: boolean }[];
}

/** Reads text through the fonts' ToUnicode tables, as a search does. */
export async function readPdf(bytes: Uint8Array): Promise<PdfText> {
  const document = await PDFDocument.load(bytes);
  const { context } = document;
  const fonts = new Map<string, { name: string; embedded: boolean; searchable: boolean }>();
  const pages = document.getPages().map((page) => {
    const resources = page.node.Resources()!;
    const tables = new Map<string, Map<string, string>>();
    const pageFonts = resources.lookupMaybe(PDFName.of("Font"), PDFDict);
    for (const [key, value] of pageFonts?.entries() ?? []) {
      const font = context.lookup(value, PDFDict);
      const descendant = context.lookup(font.lookup(PDFName.of("DescendantFonts"), PDFArray).get(0), PDFDict);
      const descriptor = descendant.lookup(PDFName.of("FontDescriptor"), PDFDict);
      const table = font.get(PDFName.of("ToUnicode"));
      const name = font.lookup(PDFName.of("BaseFont"), PDFName).asString();
      fonts.set(name, {
        name,
        embedded: descriptor.get(PDFName.of("FontFile2")) !== undefined,
        searchable: table !== undefined,
      });
      tables.set(key.asString(), unicodeTable(streamText(context.lookup(table) as PDFRawStream)));
    }
    const contents = page.node.Contents()!;
    const streams = contents instanceof PDFArray ? contents.asArray() : [contents];
    const code = streams.map((stream) =>
      streamText((stream instanceof PDFRef ? context.lookup(stream) : stream) as PDFRawStream)
    ).join("\n");
    return shownText(code, tables);
  });
  return { pages, fonts: [...fonts.values()] };
}

function streamText(stream: PDFRawStream): string {
  return new TextDecoder("latin1").decode(decodePDFRawStream(stream).decode());
}

function unicodeTable(cmap: string): Map<string, string> {
  const table = new Map<string, string>();
  for (const [, glyph, unicode] of cmap.matchAll(/<([0-9a-fA-F]{4})>\s*<([0-9a-fA-F]+)>/g)) {
    const units = unicode!.match(/.{4}/g)!.map((hex) => Number.parseInt(hex, 16));
    table.set(glyph!.toUpperCase(), String.fromCharCode(...units));
  }
  return table;
}

function shownText(code: string, tables: ReadonlyMap<string, ReadonlyMap<string, string>>): string {
  let table: ReadonlyMap<string, string> = new Map();
  const lines: string[] = [];
  for (const [, font, hex] of code.matchAll(/(\/[^\s]+)\s+[\d.]+\s+Tf|<([0-9a-fA-F]*)>\s*Tj/g)) {
    if (font !== undefined) table = tables.get(font) ?? new Map();
    else lines.push(hex!.match(/.{4}/g)?.map((glyph) => table.get(glyph.toUpperCase()) ?? "\ufffd").join("") ?? "");
  }
  return lines.join("\n");
}
