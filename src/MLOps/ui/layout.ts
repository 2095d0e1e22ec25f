import { ASSET_URLS } from "./assets.ts";
import { type Child, EMPTY, type Html, html, trusted } from "./html.ts";
import { urls } from "./urls.ts";
import { shownName } from "./parts/names.ts";

/** A step of the way from the start page to here; the last one is this page. */
export interface Crumb {
  /** Its name. */
  readonly label: string;
  /** Its address; unset for this page. */
  readonly href?: string;
}

/** A page without its frame. */
export interface Page {
  /** Title of the window. */
  readonly title: string;
  /** Which part of the program is marked in the navigation. */
  readonly section: "experiments" | "models";
  /** The way here. */
  readonly crumbs: readonly Crumb[];
  /** What the page shows. */
  readonly body: Child;
  /** HTTP status. @default 200 */
  readonly status?: number;
}

const MARK = trusted(
  '<svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><rect width="24" height="24" rx="6"/><path d="M4.5 16.5 9 11l3.5 3L19.5 6.5"/><circle cx="19.5" cy="6.5" r="1.8"/></svg>',
);

/**
 * Holds the first paint until the last element is there, where the browser knows it: the columns of a table that is
 * painted half would move with its later rows.
 */
const RENDER_WHOLE = trusted('<link rel="expect" href="#bottom" blocking="render">');

/** The whole document of a page. */
export function renderPage(page: Page): Html {
  const navigation = [
    { name: "Experiments", href: urls.experiments(), section: "experiments" },
    { name: "Models", href: urls.models(), section: "models" },
  ];
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${page.title} · Bitcoin ML</title>
        <link rel="icon" href="${ASSET_URLS.icon}" type="image/svg+xml">
        <link rel="stylesheet" href="${ASSET_URLS.style}">
        <noscript><link rel="stylesheet" href="${ASSET_URLS.withoutScript}"></noscript>
        ${RENDER_WHOLE}
        <script src="${ASSET_URLS.script}" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="top">
          <a class="brand" href="${urls.experiments()}" aria-label="Bitcoin ML">${MARK}<span>Bitcoin ML</span></a>
          <nav aria-label="Main">
            <ul>${navigation.map(({ name, href, section }) =>
              html`<li><a href="${href}"${
                section === page.section
                  ? html`
                    aria-current="true"
                  `
                  : EMPTY
              }>${name}</a></li>`
            )}</ul>
          </nav>
        </header>
        <main id="main" tabindex="-1">
    ${breadcrumbs(page.crumbs)}
    ${page.body}
        </main>
        <footer id="bottom"
          class="bottom">MLflow clients log here with <code>mlflow.set_tracking_uri(…)</code> set to this address.</footer>
      </body>
    </html>
  `;
}

function breadcrumbs(crumbs: readonly Crumb[]): Html {
  if (crumbs.length < 2) return EMPTY;
  return html`
    <nav class="crumbs" aria-label="Breadcrumb">
      <ol>${crumbs.map(({ label, href }) =>
        html`<li>${
          href === undefined
            ? html`<span aria-current="page" title="${label}">${shownName(label)}</span>`
            : html`<a href="${href}" title="${label}">${shownName(label)}</a>`
        }</li>`
      )}</ol>
    </nav>
  `;
}
