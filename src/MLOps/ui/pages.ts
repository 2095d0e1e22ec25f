import { Hono } from "@hono/hono";
import { TrackingError } from "../../core/mod.ts";
import { toHttpFailure } from "../server/error_response.ts";
import { ASSETS } from "./assets.ts";
import { errorPage } from "./pages/error_page.ts";
import { artifactPageRoutes } from "./routes/artifact_routes.ts";
import { type PageDeps, pageResponse } from "./routes/context.ts";
import { noteRoutes } from "./routes/note_routes.ts";
import { promotionRoutes } from "./routes/promotion_routes.ts";
import { experimentPageRoutes } from "./routes/experiment_routes.ts";
import { modelPageRoutes } from "./routes/model_routes.ts";
import { runPageRoutes } from "./routes/run_routes.ts";

/**
 * The pages: experiments, runs, metrics, comparison, artifacts, models. They are written on the server, can be read
 * without scripts, and load nothing from elsewhere. Failures are pages too.
 */
export function createPages(deps: PageDeps): (request: Request) => Response | Promise<Response> {
  const app = new Hono();
  const answerFailure = (error: unknown, request: Request): Response => {
    const failure = toHttpFailure(error);
    if (failure.status >= 500 && failure.status !== 501) deps.onFailure?.(error, request);
    return pageResponse(errorPage(failure));
  };
  app.onError((error, context) => answerFailure(error, context.req.raw));
  app.notFound((context) => {
    const { pathname } = new URL(context.req.url);
    return answerFailure(new TrackingError("ENDPOINT_NOT_FOUND", `No such page: ${pathname}`), context.req.raw);
  });
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
  noteRoutes(app, deps);
  promotionRoutes(app, deps);
  return (request) => app.fetch(request);
}
