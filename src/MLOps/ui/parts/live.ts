import { html } from "../html.ts";

/** What tells that a page is kept up to date; it has its room before the script fills it. */
export const LIVE =
  html`<span class="live"><span class="dot" aria-hidden="true"></span><span role="status" data-live-status>Live</span>
<a class="button" href="" data-live-more>Show</a></span>`;
