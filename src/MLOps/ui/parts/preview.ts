import { contentTypeOf } from "../../server/content_type.ts";
import { formatBytes } from "../format.ts";
import { EMPTY, type Html, html } from "../html.ts";
import { parseModelCard } from "../model_card.ts";
import { dataTable } from "./data_table.ts";
import { modelCard } from "./model_card.ts";
import { shownName } from "./names.ts";

/** Most bytes of a text that are shown. */
export const MAX_PREVIEW_BYTES = 262_144;
/** Largest JSON that is laid out; larger ones are shown as they are. */
const MAX_LAID_OUT = 1_000_000;
const MAX_TABLE_ROWS = 200;
const MAX_TABLE_COLUMNS = 50;
const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"]);

/** How a file can be shown in a page. */
export type PreviewKind = "text" | "json" | "table" | "image" | "pdf" | "none";

/** How a file is shown, by its name; HTML is shown as its source, as it could run. */
export function previewKind(path: string): PreviewKind {
  const type = contentTypeOf(path).split(";", 1)[0]!;
  if (IMAGES.has(type)) return "image";
  if (type === "application/pdf") return "pdf";
  if (type === "text/csv" || type === "text/tab-separated-values") return "table";
  if (/\.json$/i.test(path)) return "json";
  return type.startsWith("text/") ? "text" : "none";
}

/** A file to show. */
export interface PreviewState {
  /** Path below the root. */
  readonly path: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** Beginning of the file where it is text; unset otherwise. */
  readonly head?: Uint8Array;
  /** Address that downloads the file. */
  readonly downloadUrl: string;
  /** Address that shows the file by itself, for pictures and PDF. */
  readonly inlineUrl: string;
}

/** A file's name, size and ways to open it, and as much of it as can be shown. */
export function preview(state: PreviewState): Html {
  const { path, size, downloadUrl, inlineUrl } = state;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const kind = previewKind(path);
  const open = kind === "pdf" || kind === "image"
    ? html`
      <a class="button" href="${inlineUrl}" target="_blank"
        rel="noopener">Open<span class="visually-hidden"> ${name} in a new tab</span></a>
    `
    : EMPTY;
  return html`<div class="preview-head"><h2>${shownName(name)}</h2><span class="muted">${formatBytes(size)}</span>
<span class="toolbar">${open}<a class="button" href="${downloadUrl}" download="${name}">Download</a></span></div>
${shown(kind, state, name)}`;
}

function shown(kind: PreviewKind, state: PreviewState, name: string): Html {
  if (kind === "image") return html`<p class="picture"><img src="${state.inlineUrl}" alt="${shownName(name)}"></p>`;
  if (kind === "pdf") return html`<iframe class="pdf" src="${state.inlineUrl}" title="${shownName(name)}"></iframe>`;
  const { head, size } = state;
  if (kind === "none" || head === undefined) return html`<p class="empty">No preview for files of this kind.</p>`;
  const isWhole = head.byteLength >= size;
  const text = new TextDecoder().decode(head);
  const cut = isWhole
    ? EMPTY
    : html`<p class="muted">The first ${formatBytes(head.byteLength)} of ${formatBytes(size)}.</p>`;
  if (kind === "table") return html`${cut}${table(text, /\.tsv$/i.test(name) ? "\t" : ",", name, isWhole)}`;
  const card = isWhole && name === "MLmodel" ? parseModelCard(text) : undefined;
  const laidOut = kind === "json" && isWhole && size <= MAX_LAID_OUT ? layOut(text) : text;
  return html`${
    card === undefined ? EMPTY : modelCard(card)
  }${cut}<pre class="source" tabindex="0" aria-label="Content of ${name}">${laidOut}</pre>`;
}

function layOut(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // shown as it is: a damaged file is worth a look
  }
}

function table(text: string, separator: string, name: string, isWhole: boolean): Html {
  const rows = parseDelimited(text, separator, MAX_TABLE_ROWS + 2);
  const [head = [], ...body] = isWhole ? rows : rows.slice(0, -1); // the last line of a cut text is half a line
  const shownRows = body.slice(0, MAX_TABLE_ROWS);
  const cells = (row: readonly string[]) => row.slice(0, MAX_TABLE_COLUMNS);
  return html`
    ${dataTable({
      caption: `Content of ${name}`,
      headings: cells(head),
      rows: shownRows.map(cells),
      isUnnamed: true,
    })}
    ${body.length > MAX_TABLE_ROWS ? html`<p class="muted">The first ${MAX_TABLE_ROWS} rows.</p>` : EMPTY}
    ${head.length > MAX_TABLE_COLUMNS
      ? html`<p class="muted">The first ${MAX_TABLE_COLUMNS} of ${head.length} columns.</p>`
      : EMPTY}
  `;
}

/** Rows of delimited text with quoted fields (RFC 4180), at most `limit`. */
export function parseDelimited(text: string, separator: string, limit: number): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let isQuoted = false;
  const endRow = () => {
    row.push(field);
    field = "";
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  };
  for (let i = 0; i < text.length && rows.length < limit; i++) {
    const char = text[i]!;
    if (isQuoted) {
      if (char !== '"') field += char;
      else if (text[i + 1] === '"') field += text[++i];
      else isQuoted = false;
    } else if (char === '"' && field === "") isQuoted = true;
    else if (char === separator) {
      row.push(field);
      field = "";
    } else if (char === "\n") endRow();
    else if (char !== "\r") field += char;
  }
  if (rows.length < limit && (field !== "" || row.length > 0)) endRow();
  return rows;
}
