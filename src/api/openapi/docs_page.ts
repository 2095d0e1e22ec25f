import { createHash } from "node:crypto";
import { PROBLEM_TITLES } from "../http/problem.ts";
import { ROUTES, type RouteSpec } from "./routes.ts";
import type { SchemaFeatures } from "./schemas.ts";

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #b35900; }
@media (prefers-color-scheme: dark) { :root { --accent: #ffb35c; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 60rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
code, pre { font: .875rem/1.45 ui-monospace, monospace; }
pre { background: var(--soft); padding: .75rem; overflow-x: auto; border-radius: .375rem; }
a { color: var(--accent); }
.method { font-weight: 700; color: var(--accent); }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); }
.wide { overflow-x: auto; }
`;

/** The page's own content security policy: its one style sheet and nothing else. */
export const DOCS_POLICY = `default-src 'none'; style-src 'sha256-${
  createHash("sha256").update(STYLE).digest("base64")
}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

/** What the page shows beside the routes. */
export interface DocsPageOptions {
  /** Version of the program. */
  readonly version: string;
  /** Where the service listens, for the examples: `http://127.0.0.1:8000`. */
  readonly origin: string;
  /** Features of the loaded model. */
  readonly features?: SchemaFeatures;
}

/** The routes as a page to read: no script, no remote asset. */
export function docsPage(options: DocsPageOptions): string {
  const tags = [...new Set(ROUTES.map(({ tag }) => tag))];
  const sections = tags.map((tag) => {
    const routes = ROUTES.filter((route) => route.tag === tag).map((route) => routeSection(route, options)).join("");
    return `<section><h2 id="${tag.toLowerCase()}">${tag}</h2>${routes}</section>`;
  });
  const contents = tags.map((tag) => `<a href="#${tag.toLowerCase()}">${tag}</a>`).join(" · ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bitcoin ML inference service</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Bitcoin ML inference service</h1>
<p>Version ${
    escape(options.version)
  } · <a href="/openapi.json">OpenAPI 3.1</a> · <a href="/health">health</a> · <a href="/metrics">metrics</a></p>
<nav aria-label="Contents">${contents} · <a href="#features">Features</a> · <a href="#problems">Problems</a></nav>
</header>
<main>
${sections.join("\n")}
${featuresSection(options.features)}
${problemsSection()}
</main>
</body>
</html>
`;
}

function routeSection(route: RouteSpec, options: DocsPageOptions): string {
  const answers = Object.entries(route.answers).map(([status, { says }]) =>
    `<tr><td><code>${status}</code></td><td>${escape(says)}</td></tr>`
  ).join("");
  const query = route.query?.map(({ name, description }) => `<p><code>${name}</code>: ${escape(description)}</p>`) ??
    [];
  return `<article><h3><span class="method">${route.method.toUpperCase()}</span> <code>${escape(route.path)}</code></h3>
<p>${escape(route.summary)}.${route.description === undefined ? "" : ` ${escape(route.description)}`}</p>
${query.join("")}
<pre tabindex="0">${escape(exampleOf(route, options))}</pre>
<div class="wide"><table><thead><tr><th scope="col">Status</th><th scope="col">When</th></tr></thead><tbody>${answers}</tbody></table></div></article>`;
}

/** A curl command that works as it stands where the features are known. */
function exampleOf(route: RouteSpec, { origin, features }: DocsPageOptions): string {
  const query = route.query === undefined
    ? ""
    : `?${route.query.map(({ name, example }) => `${name}=${example}`).join("&")}`;
  const url = `${origin}${route.path}${query}`;
  if (route.method === "get") return `curl '${url}'`;
  if (route.bodyOptional === true) return `curl -X POST '${url}'`;
  const names = features?.names ?? ["feature"];
  const row = names.map(() => 0);
  const body = route.body === "NamedPredictRequest"
    ? { instances: [Object.fromEntries(names.map((name) => [name, 0]))] }
    : route.body === "InvocationsRequest"
    ? { inputs: [row] }
    : { features: row };
  return `curl '${url}' \\\n  -H 'content-type: application/json' \\\n  -d '${JSON.stringify(body)}'`;
}

function featuresSection(features: SchemaFeatures | undefined): string {
  if (features === undefined) return `<section><h2 id="features">Features</h2><p>No model is loaded.</p></section>`;
  const rows = features.names.map((name, j) =>
    `<tr><td>${j}</td><td><code>${escape(name)}</code></td><td>${
      features.nullable[j] === true ? "yes" : "no"
    }</td></tr>`
  ).join("");
  return `<section><h2 id="features">Features</h2>
<p>Of the loaded model, in the order of a row.</p>
<div class="wide"><table><thead><tr><th scope="col">Place</th><th scope="col">Name</th><th scope="col">May be null</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function problemsSection(): string {
  const rows = Object.entries(PROBLEM_TITLES).map(([kind, title]) =>
    `<tr id="problem-${kind}"><td><code>/docs#problem-${kind}</code></td><td>${escape(title)}</td></tr>`
  ).join("");
  return `<section><h2 id="problems">Problems</h2>
<p>Errors are <code>application/problem+json</code> (RFC 9457); <code>errors</code> names each wrong field by JSON pointer.</p>
<div class="wide"><table><thead><tr><th scope="col">type</th><th scope="col">Title</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
