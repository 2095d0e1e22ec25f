import type { KeyValue } from "../../../core/mod.ts";
import { type Child, EMPTY, type Html, html } from "../html.ts";
import { scrollable } from "./data_table.ts";
import { shownName } from "./names.ts";

/** A fact of a head: what, and its value; without a value it is left out. */
export type Fact = readonly [what: string, value: Child];

/** The facts at the head of a page. */
export function facts(list: readonly Fact[]): Html {
  return html`<dl class="facts">${
    list.filter(([, value]) => value !== undefined && value !== "").map(([what, value]) =>
      html`
        <div>
          <dt>${what}</dt>
          <dd>${value}</dd>
        </div>
      `
    )
  }</dl>`;
}

/** A part of a page with its own heading, reachable by `#id`. */
export function section(id: string, title: string, body: Child, options: { readonly count?: number } = {}): Html {
  const count = options.count === undefined ? EMPTY : html`
    <span class="count">${options.count}</span>
  `;
  return html`<section class="card" id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}${count}</h2>
${body}
</section>`;
}

/** Says that there is nothing, and how something would come. */
export function empty(text: Child): Html {
  return html`<p class="empty">${text}</p>`;
}

const LONG_VALUE = 400;
/** JSON shorter than this is read as it stands. */
const SHORT_JSON = 60;
const MIN_FOR_FINDING = 8;

/** Keys and values, sorted by key, with a box to find among many; a value that is JSON is laid out. */
export function keyValueTable(caption: string, entries: readonly KeyValue[]): Html {
  const sorted = entries.toSorted((a, b) => a.key < b.key ? -1 : 1);
  return findable(
    caption,
    sorted.length,
    html`
      <table class="pairs">
        <caption class="visually-hidden">${caption}</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Value</th>
          </tr>
        </thead>
        <tbody>${sorted.map(({ key, value }) =>
          html`
            <tr>
              <th scope="row">${shownName(key)}</th>
              <td>${longValue(value)}</td>
            </tr>
          `
        )}</tbody>
      </table>
    `,
  );
}

/** A table with a box that hides the rows that do not hold what is typed; the box needs the script. */
export function findable(caption: string, rows: number, table: Html): Html {
  const box = rows < MIN_FOR_FINDING ? EMPTY : html`<label class="find">
<span class="visually-hidden">Find in ${caption}</span>
<input type="search" placeholder="Find in ${rows} rows" autocomplete="off" data-find></label>`;
  return html`<div class="findable">${box}${scrollable(caption, table)}</div>`;
}

/** A value on one line, or folded where it is long or holds JSON. */
export function longValue(value: string): Html {
  const structured = laidOut(value);
  if (structured !== undefined) {
    return html`
      <details class="value">
        <summary>${value.length > 80 ? `${value.slice(0, 80)}…` : value}</summary>
        <pre tabindex="0">${structured}</pre>
      </details>
    `;
  }
  if (value.length <= LONG_VALUE) return html`<span class="value">${value}</span>`;
  return html`
    <details class="value">
      <summary>${value.slice(0, 120)}…</summary>
      <pre tabindex="0">${value}</pre>
    </details>
  `;
}

function laidOut(value: string): string | undefined {
  if (value.length < SHORT_JSON || !/^\s*[[{]/.test(value)) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    const text = JSON.stringify(parsed, null, 2);
    return text.includes("\n") ? text : undefined;
  } catch {
    return undefined;
  }
}
