import { type Child, EMPTY, type Html, html } from "../html.ts";

/** How the cells of a column are set: figures to the right, a first column that stays where the rest scrolls. */
export type ColumnKind = "number" | "sticky";

/** A heading: its text, and how its column is set. */
export type Heading = string | readonly [text: Child, kind: ColumnKind];

/** A cell: what it shows, and how; the one that names its row is a heading. */
export type Cell = Child | { readonly cell: Child; readonly className?: string; readonly title?: string | number };

/** A table to be filled. */
export interface DataTable {
  /** What it lists, for who cannot see it: `Versions, newest first`. */
  readonly caption: string;
  /** Headings of the columns. */
  readonly headings: readonly Heading[];
  /** Rows of cells, the first of each being its heading. */
  readonly rows: readonly (readonly Cell[])[];
  /** What each row is of, where a live page must find it again. @default nothing */
  readonly keys?: readonly string[];
  /** Further class of the table. */
  readonly className?: string;
  /** Whether the first cell of a row is plain, where none names it. @default false */
  readonly isUnnamed?: boolean;
}

/** A table with a caption, in a box that scrolls by itself where it is too wide. */
export function dataTable({ caption, headings, rows, keys, className = "", isUnnamed = false }: DataTable): Html {
  const kinds = headings.map((heading) => typeof heading === "string" ? "" : heading[1]);
  return scrollable(
    caption,
    html`
      <table class="data ${className}">
        <caption class="visually-hidden">${caption}</caption>
        <thead>
          <tr>${headings.map((heading, i) =>
            html`
              <th scope="col" ${classOf(kinds[i]!)}>${typeof heading === "string" ? heading : heading[0]}</th>
            `
          )}</tr>
        </thead>
        <tbody>${rows.map((cells, row) =>
          html`<tr${
            keys === undefined ? EMPTY : html`
              data-key="${keys[row]}"
            `
          }>${
            cells.map((cell, i) => {
              const { cell: shown, className = "", title } = isStyled(cell) ? cell : { cell };
              const attributes = html`${classOf(`${kinds[i]} ${className}`.trim())}${
                title === undefined ? EMPTY : html`
                  title="${title}"
                `
              }`;
              return i === 0 && !isUnnamed
                ? html`
                  <th scope="row" ${attributes}>${shown}</th>
                `
                : html`<td${attributes}>${shown}</td>`;
            })
          }</tr>`
        )}</tbody>
      </table>
    `,
  );
}

/** A box that scrolls by itself, also by keyboard, around what may be too wide for the screen. */
export function scrollable(label: string, content: Child): Html {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${label}">${content}</div>`;
}

function isStyled(cell: Cell): cell is Exclude<Cell, Child> {
  return typeof cell === "object" && "cell" in cell;
}

function classOf(className: string): Html {
  return className === "" ? EMPTY : html`
    class="${className}"
  `;
}
