import type { Context, Hono } from "@hono/hono";
import { type ModelRegistry, type Tracker, TrackingError } from "../../../core/mod.ts";
import type { ArtifactAccess } from "../artifact_access.ts";
import { pathAfter, safeArtifactPath } from "../artifact_path.ts";
import { artifactResponse } from "../artifact_response.ts";
import { readLimited } from "../body.ts";
import { BodyTooLargeError } from "../error_response.ts";
import { Fields, invalidParameter } from "../fields.ts";
import { fileMessage, message } from "../messages.ts";
import type { RestRouter } from "../rest.ts";

const PROXY_BASES = ["/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts"] as const;
const MAX_FORM_UPLOAD_BYTES = 10 * 1024 * 1024;

/** What the routes of artifacts need. */
export interface ArtifactRouteDeps {
  readonly tracker: Tracker;
  readonly registry: ModelRegistry;
  readonly artifacts: ArtifactAccess;
}

/** Registers the routes by which web pages and clients look at the artifacts of runs and versions (reference 4.2, 4.6). */
export function artifactRoutes(app: Hono, rest: RestRouter, deps: ArtifactRouteDeps): void {
  const { tracker, registry, artifacts } = deps;

  rest.on("GET", "artifacts/list", async (fields) => {
    const runId = fields.requiredRunId();
    const path = safeArtifactPath(fields.string("path") ?? "");
    const run = await tracker.getRun(runId);
    const files = await artifacts.ofRun(run).list(path);
    return message({ root_uri: run.info.artifactUri, files: files.map((file) => fileMessage(file)) });
  });

  rest.raw("POST", "upload-artifact", async (context) => {
    const fields = query(context);
    const runId = fields.string("run_uuid") ?? fields.string("run_id");
    if (!runId) throw invalidParameter("Request must specify run_uuid.");
    const asked = fields.string("path");
    if (!asked) throw invalidParameter("Request must specify path.");
    const path = safeArtifactPath(asked);
    const content = await readLimited(
      context.req.raw,
      MAX_FORM_UPLOAD_BYTES,
      () => new BodyTooLargeError("Artifact size is too large. Max size is 10MB."),
    );
    if (content.length === 0) throw invalidParameter("Request must specify data.");
    const run = await tracker.getRun(runId);
    await artifacts.ofRun(run).write(path, content);
    return Response.json({});
  }, { ajaxOnly: true });

  app.get("/get-artifact", async (context) => {
    const fields = query(context);
    const path = safeArtifactPath(fields.requiredString("path"));
    const run = await tracker.getRun(fields.requiredRunId());
    return artifactResponse(await artifacts.ofRun(run).open(path), context.req.raw);
  });

  app.get("/model-versions/get-artifact", async (context) => {
    const fields = query(context);
    const path = safeArtifactPath(fields.requiredString("path"));
    const version = await registry.getModelVersion(fields.requiredString("name"), fields.requiredString("version"));
    const root = await artifacts.ofVersion(version);
    return artifactResponse(await root.open(path), context.req.raw);
  });

  rest.raw("POST", "artifacts/presigned-upload-url", notOffered);
  for (const path of ["/get-artifact", "/model-versions/get-artifact"]) rest.note("GET", path);
  for (const base of PROXY_BASES) {
    proxyRoutes(app, base, artifacts);
    rest.note("GET", `${base}/artifacts`);
    rest.note("GET|PUT|DELETE", `${base}/artifacts/*`);
  }
}

/** The folder behind `mlflow-artifacts:/`: clients send and fetch single files. */
function proxyRoutes(app: Hono, base: string, artifacts: ArtifactAccess): void {
  const folder = artifacts.destination;
  if (folder === undefined) {
    app.all(`${base}/*`, notOffered);
    return;
  }
  const pathOf = (context: Context) => pathAfter(context.req.raw.url, `${base}/artifacts/`);

  app.get(`${base}/artifacts`, async (context) => {
    const files = await folder.list(safeArtifactPath(query(context).string("path") ?? ""));
    const baseName = (path: string) => path.slice(path.lastIndexOf("/") + 1);
    return Response.json(message({ files: files.map((file) => fileMessage(file, baseName)) }));
  });

  app.get(`${base}/artifacts/*`, async (context) => {
    return artifactResponse(await folder.open(pathOf(context)), context.req.raw);
  });

  app.put(`${base}/artifacts/*`, async (context) => {
    const path = pathOf(context);
    if (new URL(context.req.raw.url).pathname.endsWith("/")) {
      throw invalidParameter("Artifact path must include a filename (cannot end with '/').");
    }
    await folder.write(path, context.req.raw.body);
    return Response.json({});
  });

  app.delete(`${base}/artifacts/*`, async (context) => {
    await folder.remove(pathOf(context));
    return Response.json({});
  });

  // Uploads in parts are for cloud stores; clients send the file whole when a server answers so.
  app.post(`${base}/mpu/*`, notOffered);
  app.get(`${base}/presigned/*`, notOffered);
}

function query(context: Context): Fields {
  return Fields.fromQuery(new URL(context.req.url).searchParams);
}

function notOffered(): Promise<Response> {
  return Promise.reject(
    new TrackingError("NOT_IMPLEMENTED", "This way to move artifacts is not offered here"),
  );
}
