import { calledAs } from "../../../core/mod.ts";
import { EMPTY, html } from "../html.ts";
import type { Page } from "../layout.ts";
import { urls } from "../urls.ts";

/** A page that says what could not be shown and where to go. */
export function errorPage(
  failure: { readonly status: number; readonly message: string; readonly hint?: string },
): Page {
  const title = failure.status === 404
    ? "Not found"
    : failure.status >= 500
    ? "Something went wrong"
    : "Cannot show this";
  return {
    title,
    section: "experiments",
    crumbs: [],
    status: failure.status,
    body: html`
      <div class="head">
        <h1>${title}</h1>
      </div>
      <p class="alert" role="alert">${failure.message}</p>
      ${failure.hint === undefined ? EMPTY : html`<p>${calledAs(failure.hint)}</p>`}
      <p><a class="button" href="${urls.experiments()}">All experiments</a> <a class="button" href="${urls
        .models()}">All models</a></p>
    `,
  };
}
