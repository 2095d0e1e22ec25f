import { EMPTY, type Html, html } from "../html.ts";

/** Where a page of a list stands. */
export interface PagerState {
  /** What is listed: `runs`. */
  readonly noun: string;
  /** Entries before this page. */
  readonly offset: number;
  /** Entries on this page. */
  readonly count: number;
  /** Address of the page before; unset on the first. */
  readonly previous?: string;
  /** Address of the next page; unset on the last. */
  readonly next?: string;
}

/** Which entries are shown, with the ways to the pages before and after; nothing where one page holds all. */
export function pager(state: PagerState): Html {
  const { noun, offset, count, previous, next } = state;
  if (previous === undefined && next === undefined) return EMPTY;
  return html`<nav class="pager" aria-label="Pages of ${noun}">
<span>${count === 0 ? "None" : `${offset + 1}–${offset + count}`} ${noun === "" ? "" : `of the ${noun}`}</span>
${previous === undefined ? EMPTY : html`<a class="button" href="${previous}" rel="prev">← Previous</a>`}
${next === undefined ? EMPTY : html`<a class="button" href="${next}" rel="next">Next →</a>`}
</nav>`;
}
