import { Hono } from "@hono/hono";
import { type ModelRegistry, type Tracker, TrackingError } from "../../core/mod.ts";
import { requireKey } from "./access_keys.ts";
import { ArtifactAccess, type ArtifactFolders } from "./artifact_access.ts";
import { readFields } from "./body.ts";
import { errorResponse, toHttpFailure } from "./error_response.ts";
import { guard } from "./guard.ts";
import { RestRouter } from "./rest.ts";
import { artifactRoutes } from "./routes/artifacts.ts";
import { experimentRoutes, searchDatasets } from "./routes/experiments.ts";
import { loggedModelRoutes } from "./routes/logged_models.ts";
import { metricRoutes } from "./routes/metrics.ts";
import { modelVersionRoutes } from "./routes/model_versions.ts";
import { promptlabRoutes } from "./routes/promptlab.ts";
import { registeredModelRoutes } from "./routes/registered_models.ts";
import { runRoutes } from "./routes/runs.ts";

/** Release of MLflow whose REST API this server speaks; clients compare it with their own. */
export const SPOKEN_MLFLOW_VERSION = "3.12.0";

/** Paths that programs ask for: what is not there is told them as JSON. */
const MACHINE_PATHS = /^\/(?:api|ajax-api|get-artifact|model-versions|graphql|v1)(?:\/|$)/;

/** What `server-info` tells of: the store is a SQL one, and everything that MLflow may have besides is not there. */
const SERVER_INFO = {
  store_type: "SqlStore",
  workspaces_enabled: false,
  trace_archival_enabled: false,
  multipart_uploads_enabled: false,
  multipart_downloads_enabled: false,
  presigned_upload_model_id_supported: false,
  presigned_upload_run_id_supported: false,
  features_enabled: { gateway: false },
};

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
  /** Told of each request that is refused as it asks by another host name. @default nothing */
  readonly onForeignHost?: (host: string) => void;
  /** Keys, one of which a client must show. @default none, whoever reaches the server is let in */
  readonly accessKeys?: readonly string[];
  /** Answers what is no route of MLflow: pages for people. @default none, which is 404 */
  readonly pages?: (artifacts: ArtifactAccess) => (request: Request) => Response | Promise<Response>;
}

/** An application that answers requests. */
export interface TrackingApp {
  /** Answers a request. */
  fetch(request: Request): Response | Promise<Response>;
  /** Makes a request and answers it; for tests. */
  request(url: string, init?: RequestInit): Response | Promise<Response>;
}

/**
 * MLflow's REST API over a tracker and a registry: what `mlflow.set_tracking_uri("http://…")` talks to. A fault of the
 * client is never answered with 5xx, which the Python client would repeat for minutes.
 */
export function createTrackingApp(deps: TrackingServerDeps, options: TrackingServerOptions = {}): TrackingApp {
  const { tracker, registry } = deps;
  const app = new Hono();
  const artifacts = new ArtifactAccess(deps.artifacts, { tracker, registry });

  const { allowedHosts = [], onForeignHost } = options;
  app.use(guard({ allowedHosts, ...(onForeignHost === undefined ? {} : { onForeignHost }) }));
  if (options.accessKeys !== undefined) app.use(requireKey(options.accessKeys));
  app.onError((error, context) => {
    const failure = toHttpFailure(error);
    if (failure.status >= 500 && failure.status !== 501) deps.onFailure?.(error, context.req.raw);
    return errorResponse(failure);
  });
  const pages = options.pages?.(artifacts);
  const rest = new RestRouter(app);
  app.notFound((context) => {
    const { pathname } = new URL(context.req.url);
    if (pages !== undefined && !MACHINE_PATHS.test(pathname)) return pages(context.req.raw);
    const methods = rest.methodsOf(pathname);
    if (context.req.method === "OPTIONS" && methods.length > 0) return methodsOnly(methods);
    if (methods.length > 0) return wrongMethod(context.req.method, methods);
    const message = `No such endpoint: ${context.req.method} ${pathname}`;
    return errorResponse(toHttpFailure(new TrackingError("ENDPOINT_NOT_FOUND", message)));
  });

  experimentRoutes(rest, tracker);
  runRoutes(rest, tracker);
  promptlabRoutes(rest, tracker, artifacts);
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
      return Response.json(SERVER_INFO);
    });
  }
  return {
    fetch: (request) => app.fetch(withoutDoubleSlash(request)),
    request: (url, init) => app.request(url, init),
  };
}

/** Clients join a base that ends in a slash with a path that begins with one; MLflow's server lets them. */
function withoutDoubleSlash(request: Request): Request {
  const start = request.url.indexOf("/", request.url.indexOf("://") + 3);
  if (request.url[start + 1] !== "/") return request;
  return new Request(request.url.slice(0, start) + request.url.slice(start).replace(/^\/+/, "/"), request);
}

/** What `OPTIONS` asks for; pages of other origins are told nothing that would let them in. */
function methodsOnly(methods: readonly string[]): Response {
  const allowed = [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
  return new Response(null, { status: 204, headers: { allow: allowed.join(", ") } });
}

/** 405 with what the route takes. */
function wrongMethod(method: string, methods: readonly string[]): Response {
  const message = `The method ${method} is not allowed for this endpoint: use ${methods.join(" or ")}`;
  const response = errorResponse({ status: 405, errorCode: "BAD_REQUEST", message });
  response.headers.set("allow", methods.join(", "));
  return response;
}
