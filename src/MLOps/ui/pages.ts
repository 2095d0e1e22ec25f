import type { Hono } from "@hono/hono";
import type { HttpFailure } from "../server/error_response.ts";
import { ASSETS } from "./assets.ts";
import { errorPage } from "./pages/error_page.ts";
import { artifactPageRoutes } from "./routes/artifact_routes.ts";
import { type PageDeps, pageResponse } from "./routes/context.ts";
import { experimentPageRoutes } from "./routes/experiment_routes.ts";
import { modelPageRoutes } from "./routes/model_routes.ts";
import { runPageRoutes } from "./routes/run_routes.ts";

/**
 * Registers the pages: experiments, runs, metrics, comparison, artifacts, models. They are written on the server, can be
 * read without scripts, and load nothing from elsewhere.
 */
export function registerPages(app: Hono, deps: PageDeps): void {
  for (const [path, { text, type }] of Object.entries(ASSETS)) {
    app.get(path, () => {
      return new Response(text, {
        headers: {
          "content-type": type,
          "cache-control": "public, max-age=31536000, immutable",
          "x-content-type-options": "nosniff",
        },
      });
    });
  }
  app.get("/favicon.ico", (context) => context.redirect("/assets/icon.svg"));
  experimentPageRoutes(app, deps);
  runPageRoutes(app, deps);
  modelPageRoutes(app, deps);
  artifactPageRoutes(app, deps);
}

/** A failure as a page. */
export function failurePage(failure: HttpFailure): Response {
  return pageResponse(errorPage(failure));
}
