import type { Tracker } from "../../core/mod.ts";
import { contains, plainPath } from "./artifact_folder.ts";
import { locateArtifacts } from "./artifact_path.ts";
import { invalidParameter } from "./fields.ts";

/**
 * Refuses a model version's source that would let a client publish files it did not log: a folder of this machine must
 * lie inside the artifacts of the run or logged model that the request names, and no address may climb by `..`.
 *
 * @throws {TrackingError} 400 with MLflow's texts; 404 where the run or model does not exist.
 */
export async function checkModelSource(
  source: string,
  tracker: Tracker,
  owner: { readonly runId?: string; readonly modelId?: string },
): Promise<void> {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(source)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== "file") {
    if (hasParent(source)) {
      throw invalidParameter(
        `Invalid model version source: '${source}'. If supplying a source as an http, https, local file path, ftp, ` +
          "objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references " +
          "present. Please provide an absolute path.",
      );
    }
    return;
  }
  const roots: string[] = [];
  if (owner.runId !== undefined) roots.push((await tracker.getRun(owner.runId)).info.artifactUri);
  if (owner.modelId !== undefined) roots.push((await tracker.getLoggedModel(owner.modelId)).artifactUri);
  const place = localPath(source);
  if (place !== undefined && !hasParent(source)) {
    for (const root of roots) {
      const folder = localPath(root);
      if (folder !== undefined && contains(folder, place)) return;
    }
  }
  throw invalidParameter(
    `Invalid model version source: '${source}'. To use a local path as a model version source, the run_id request ` +
      "parameter has to be specified and the local path has to be contained within the artifact directory of the run " +
      "specified by the run_id.",
  );
}

function localPath(uri: string): string | undefined {
  const location = locateArtifacts(uri);
  return location.kind === "local" ? plainPath(location.path) : undefined;
}

function hasParent(uri: string): boolean {
  let text = uri;
  for (let round = 0; round < 10; round++) {
    if (text.split(/[/\\?]/).includes("..")) return true;
    try {
      const next = decodeURIComponent(text);
      if (next === text) return false;
      text = next;
    } catch {
      return false;
    }
  }
  return true;
}
