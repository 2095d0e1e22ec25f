import type { Context, Hono } from "@hono/hono";
import type { ArtifactRoot } from "../../server/artifact_access.ts";
import type { ArtifactFile } from "../../server/artifact_folder.ts";
import { safeArtifactPath } from "../../server/artifact_path.ts";
import { contentDisposition, contentTypeOf } from "../../server/content_type.ts";
import type { Crumb, Page } from "../layout.ts";
import { artifactsPage } from "../pages/artifacts_page.ts";
import { MAX_PREVIEW_BYTES, previewKind, type PreviewState } from "../parts/preview.ts";
import { readHead } from "../read_head.ts";
import { urls, withQuery } from "../urls.ts";
import { type PageDeps, pageResponse, parametersOf } from "./context.ts";
import { shownRunName } from "../parts/names.ts";

/** Whose files a page shows. */
interface Owner {
  readonly root: ArtifactRoot;
  readonly section: Page["section"];
  readonly crumbs: readonly Crumb[];
  readonly urlOf: (path: string) => string;
  readonly downloadUrlOf: (path: string) => string;
  readonly inlineUrlOf: (path: string) => string;
}

/** Registers the pages of artifacts: of runs, of logged models, of versions. */
export function artifactPageRoutes(app: Hono, deps: PageDeps): void {
  const owners: Readonly<Record<string, (context: Context) => Promise<Owner>>> = {
    "/experiments/:id/runs/:run/artifacts": (context) => runOwner(deps, context.req.param("run")!),
    "/logged-models/:id/artifacts": (context) => loggedModelOwner(deps, context.req.param("id")!),
    "/models/:name/versions/:version/artifacts": (context) =>
      versionOwner(deps, context.req.param("name")!, context.req.param("version")!),
  };
  for (const [path, ownerOf] of Object.entries(owners)) {
    app.get(path, async (context) => {
      const owner = await ownerOf(context);
      return pageResponse(await browse(owner, parametersOf(context).get("path") ?? ""));
    });
    app.get(`${path}/show`, async (context) => {
      const { root } = await ownerOf(context);
      return inlineResponse(await root.open(parametersOf(context).get("path") ?? ""), context.req.raw);
    });
  }
}

async function browse(owner: Owner, asked: string): Promise<Page> {
  const path = safeArtifactPath(asked);
  const children = await owner.root.list(path);
  const isFolder = path === "" || children.length > 0;
  const folder = isFolder ? path : path.split("/").slice(0, -1).join("/");
  return artifactsPage({
    section: owner.section,
    crumbs: owner.crumbs,
    folder,
    files: isFolder ? children : await owner.root.list(folder),
    file: isFolder ? undefined : await previewState(owner, path),
    urlOf: owner.urlOf,
    rootUri: owner.root.uri,
  });
}

async function previewState(owner: Owner, path: string): Promise<PreviewState> {
  const file = await owner.root.open(path);
  const kind = previewKind(path);
  const isText = kind === "text" || kind === "json" || kind === "table";
  return {
    path,
    size: file.size,
    ...(isText ? { head: await readHead(file, MAX_PREVIEW_BYTES) } : await dropped(file)),
    downloadUrl: owner.downloadUrlOf(path),
    inlineUrl: owner.inlineUrlOf(path),
  };
}

async function dropped(file: ArtifactFile): Promise<Record<never, never>> {
  if (file.body instanceof ReadableStream) await file.body.cancel();
  return {};
}

/** A picture or PDF to look at; everything else stays a download, as a browser might run it. */
function inlineResponse(file: ArtifactFile, request: Request): Response {
  const kind = previewKind(file.path);
  const isShown = kind === "image" || kind === "pdf";
  if (request.method === "HEAD") void dropped(file);
  return new Response(request.method === "HEAD" ? null : file.body, {
    headers: {
      "content-type": contentTypeOf(file.path),
      "content-length": String(file.size),
      "content-disposition": contentDisposition(isShown ? "inline" : "attachment", file.path),
      "x-content-type-options": "nosniff",
      // A sandbox would keep the browser's PDF viewer from starting; a PDF cannot reach this origin from it.
      "content-security-policy": kind === "pdf"
        ? "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
        : "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'",
      "cache-control": "no-cache",
    },
  });
}

async function runOwner({ tracker, artifacts }: PageDeps, id: string): Promise<Owner> {
  const run = await tracker.getRun(id);
  const { runId, experimentId } = run.info;
  const experiment = await tracker.getExperiment(experimentId);
  return {
    root: artifacts.ofRun(run),
    section: "experiments",
    crumbs: [
      { label: "Experiments", href: urls.experiments() },
      { label: experiment.name, href: urls.experiment(experimentId) },
      { label: shownRunName(run.info), href: urls.run(experimentId, runId) },
    ],
    urlOf: (path) => urls.runArtifacts(experimentId, runId, path),
    downloadUrlOf: (path) => withQuery("/get-artifact", { run_id: runId, path }),
    inlineUrlOf: (path) => withQuery(`${urls.run(experimentId, runId)}/artifacts/show`, { path }),
  };
}

async function loggedModelOwner({ tracker, artifacts }: PageDeps, id: string): Promise<Owner> {
  const model = await tracker.getLoggedModel(id);
  const experiment = await tracker.getExperiment(model.experimentId);
  const page = urls.loggedModel(model.modelId);
  return {
    root: artifacts.ofLoggedModel(model),
    section: "experiments",
    crumbs: [
      { label: "Experiments", href: urls.experiments() },
      { label: experiment.name, href: urls.experiment(experiment.experimentId) },
      { label: model.name, href: page },
    ],
    urlOf: (path) => urls.loggedModelArtifacts(model.modelId, path),
    downloadUrlOf: (path) =>
      withQuery(`/ajax-api/2.0/mlflow/logged-models/${encodeURIComponent(model.modelId)}/artifacts/files`, {
        artifact_file_path: path,
      }),
    inlineUrlOf: (path) => withQuery(`${page}/artifacts/show`, { path }),
  };
}

async function versionOwner({ registry, artifacts }: PageDeps, name: string, number: string): Promise<Owner> {
  const version = await registry.getModelVersion(name, number);
  const page = urls.version(name, version.version);
  return {
    root: await artifacts.ofVersion(version),
    section: "models",
    crumbs: [
      { label: "Models", href: urls.models() },
      { label: name, href: urls.model(name) },
      { label: `Version ${version.version}`, href: page },
    ],
    urlOf: (path) => urls.versionArtifacts(name, version.version, path),
    downloadUrlOf: (path) => withQuery("/model-versions/get-artifact", { name, version: version.version, path }),
    inlineUrlOf: (path) => withQuery(`${page}/artifacts/show`, { path }),
  };
}
