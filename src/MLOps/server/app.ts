import { Hono } from "@hono/hono";
import { type ModelRegistry, type Tracker, TrackingError } from "../../core/mod.ts";
import { ArtifactAccess, type ArtifactFolders } from "./artifact_access.ts";
import { readFields } from "./body.ts";
import { errorResponse, type HttpFailure, toHttpFailure } from "./error_response.ts";
import { guard } from "./guard.ts";
import { RestRouter } from "./rest.ts";
import { artifactRoutes } from "./routes/artifacts.ts";
import { experimentRoutes, searchDatasets } from "./routes/experiments.ts";
import { loggedModelRoutes } from "./routes/logged_models.ts";
import { metricRoutes } from "./routes/metrics.ts";
import { modelVersionRoutes } from "./routes/model_versions.ts";
import { registeredModelRoutes } from "./routes/registered_models.ts";
import { runRoutes } from "./routes/runs.ts";

/** Release of MLflow whose REST API this server speaks; clients compare it with their own. */
export const SPOKEN_MLFLOW_VERSION = "3.12.0";

/** Paths whose failures a program reads. */
const MACHINE_PATHS = /^\/(?:api|ajax-api|get-artifact|model-versions|graphql|v1)(?:\/|$)/;

/** What the server works on. */
export interface TrackingServerDeps {
  /** Store of experiments and runs. */
  readonly tracker: Tracker;
  /** Store of registered models. */
  readonly registry: ModelRegistry;
  /** Where artifacts are. */
  readonly artifacts: ArtifactFolders;
  /** Told of failures that are no fault of the client. @default nothing */
  readonly onFailure?: (error: unknown, request: Request) => void;
}

/** What {@linkcode createTrackingApp} serves beyond MLflow's routes. */
export interface TrackingServerOptions {
  /** Further host names that clients may use. */
  readonly allowedHosts?: readonly string[];
  /** Pages for people on the same application. @default none */
  readonly pages?: {
    /** Registers them, after the routes of MLflow. */
    readonly register: (app: Hono, artifacts: ArtifactAccess) => void;
    /** Shows a failure outside of MLflow's routes. */
    readonly showFailure: (failure: HttpFailure) => Response;
  };
}

/**
 * MLflow's REST API over a tracker and a registry: what `mlflow.set_tracking_uri("http://…")` talks to. A fault of the
 * client is never answered with 5xx, which the Python client would repeat for minutes.
 */
export function createTrackingApp(deps: TrackingServerDeps, options: TrackingServerOptions = {}): Hono {
  const { tracker, registry } = deps;
  const app = new Hono();
  const artifacts = new ArtifactAccess(deps.artifacts, { tracker, registry });

  app.use(guard({ allowedHosts: options.allowedHosts ?? [] }));
  const answerFailure = (error: unknown, request: Request): Response => {
    const failure = toHttpFailure(error);
    if (failure.status >= 500 && failure.status !== 501) deps.onFailure?.(error, request);
    const isForPeople = options.pages !== undefined && !MACHINE_PATHS.test(new URL(request.url).pathname);
    return isForPeople ? options.pages.showFailure(failure) : errorResponse(failure);
  };
  app.onError((error, context) => answerFailure(error, context.req.raw));
  app.notFound((context) => {
    const { pathname } = new URL(context.req.url);
    const message = `No such endpoint: ${context.req.method} ${pathname}`;
    return answerFailure(new TrackingError("ENDPOINT_NOT_FOUND", message), context.req.raw);
  });

  const rest = new RestRouter(app);
  experimentRoutes(rest, tracker);
  runRoutes(rest, tracker);
  metricRoutes(rest, tracker);
  loggedModelRoutes(rest, tracker, artifacts);
  registeredModelRoutes(rest, registry);
  modelVersionRoutes(rest, registry, tracker);
  artifactRoutes(app, rest, { tracker, registry, artifacts });
  // MLflow's own server has this route without the slash, and its client asks for it so.
  app.post("/api/2.0mlflow/experiments/search-datasets", async (context) => {
    return Response.json(await searchDatasets(tracker, await readFields(context.req.raw)));
  });

  app.get("/health", (context) => context.text("OK"));
  app.get("/version", (context) => context.text(SPOKEN_MLFLOW_VERSION));
  for (const base of ["/api", "/ajax-api"]) {
    app.get(`${base}/3.0/mlflow/server-info`, () => {
      return Response.json({ store_type: "SqlStore", workspaces_enabled: false });
    });
  }
  options.pages?.register(app, artifacts);
  return app;
}
