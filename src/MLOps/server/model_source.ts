import {
  isDomainError,
  type KeyValue,
  type ModelRegistry,
  type ModelVersion,
  type Tracker,
  type TrackingError,
} from "../../core/mod.ts";
import { PROMPT_TAG } from "../rules/entries.ts";
import { checkHost, fullyDecoded, splitUri } from "../rules/locations.ts";
import { canonicalStage, loggedModelIdOf } from "../rules/names.ts";
import { contains, plainPath } from "./artifact_folder.ts";
import { locateArtifacts } from "./artifact_path.ts";
import { invalidParameter } from "./fields.ts";
import { newestOf, versionOfAlias } from "./named_version.ts";

/** Where a new version comes from: the source, and the run and logged model it was made by. */
export interface ModelSource {
  /** Address of the model. */
  readonly source: string;
  /** Run that made it. */
  readonly runId?: string;
  /** Logged model that it is. */
  readonly modelId?: string;
}

/** What {@linkcode resolveModelSource} asks. */
export interface SourceStores {
  /** Runs and logged models. */
  readonly tracker: Tracker;
  /** Versions, which a source may name. */
  readonly registry: ModelRegistry;
}

/**
 * The source of a new version, checked as MLflow 3.17 checks it: what lies in an artifact store must lie inside that of
 * the run or logged model that the request names, else a client could publish files that it did not log. A source that
 * is a version (`models:/name/3`, `models:/name@alias`) hands on its run and model.
 *
 * @throws {TrackingError} 400 with MLflow's texts; 404 where the version of the source does not exist.
 */
export async function resolveModelSource(given: ModelSource, stores: SourceStores): Promise<ModelSource> {
  checkHost(given.source, "source");
  const resolved = splitUri(given.source).scheme === "models" ? await fromVersion(given, stores.registry) : given;
  if (resolved.modelId !== undefined) await checkOfModel(resolved.source, resolved.modelId, stores.tracker);
  else await checkOfRun(resolved.source, resolved.runId, stores.tracker);
  return resolved;
}

/** What MLflow's client writes as the source of a prompt, which has no files. */
const PROMPT_SOURCES: readonly string[] = ["dummy-source", "prompt-template"];

/** Whether tags are those of a prompt, a registered model whose versions are texts. */
export function isPrompt(tags: readonly KeyValue[]): boolean {
  return tags.some(({ key, value }) => key === PROMPT_TAG && value.toLowerCase() === "true");
}

/** The source of a prompt's version. @throws {TrackingError} 400 where it is not a placeholder. */
export function promptSource(given: ModelSource): ModelSource {
  if (PROMPT_SOURCES.includes(given.source)) return given;
  throw invalidParameter(`Invalid prompt source: '${given.source}'. Prompt sources must use an MLflow placeholder.`);
}

/** `models:/name/version` in its plain form with its run and model; anything else as it is. */
async function fromVersion(given: ModelSource, registry: ModelRegistry): Promise<ModelSource> {
  const { source } = given;
  const { authority, path } = splitUri(source);
  if (authority !== "") {
    throw invalidSource(source, "Registered model sources must use the active model registry.");
  }
  if (loggedModelIdOf(source) !== undefined) return given;
  const [, name, which, alias] = /^\/+([^/@]+)(?:\/([^/@]+)|@([^/@]+))$/.exec(path) ?? [];
  if (name === undefined) throw mustIdentify(source, "model_id");
  const version = alias === undefined
    ? await named(registry, name, which!)
    : await versionOfAlias(registry, name, alias);
  const agrees = (mine: string | undefined, theirs: string | undefined) =>
    mine === undefined || mine === (theirs || "");
  if (!agrees(given.runId, version.runId) || !agrees(given.modelId, version.modelId)) {
    throw invalidSource(source, "The run_id and model_id request parameters must match the referenced model version.");
  }
  const runId = given.runId ?? version.runId;
  return { source: `models:/${name}/${version.version}`, ...(runId ? { runId } : {}) };
}

/** A version by its number, or the newest of all (`latest`) or of a stage. */
async function named(registry: ModelRegistry, name: string, which: string): Promise<ModelVersion> {
  const { latestVersions } = await registry.getRegisteredModel(name);
  if (/^\d+$/.test(which)) return await registry.getModelVersion(name, which);
  const stage = which.toLowerCase() === "latest" ? undefined : canonicalStage(which);
  const newest = newestOf(latestVersions.filter(({ currentStage }) => stage === undefined || currentStage === stage));
  if (newest === undefined) {
    throw invalidParameter(`No versions of model with name '${name}' and stage '${which}' found`);
  }
  return newest;
}

async function checkOfRun(source: string, runId: string | undefined, tracker: Tracker): Promise<void> {
  const { scheme, authority, path } = splitUri(source);
  if (isLocal(source)) {
    const inside = runId !== undefined &&
      isInside(source, (await orRefuse(tracker.getRun(runId), source, "run_id")).info.artifactUri);
    if (inside) return;
    throw invalidSource(
      source,
      "To use a local path as a model version source, the run_id request parameter has to be specified and the local " +
        "path has to be contained within the artifact directory of the run specified by the run_id.",
    );
  }
  refuseClimbing(source);
  if (scheme === "runs") {
    const [sourceRunId] = path.replace(/^\/+/, "").split("/", 1);
    if (authority !== "" || runId === undefined || sourceRunId !== runId) throw mustIdentify(source, "run_id");
  } else if (scheme === "models") {
    if (loggedModelIdOf(source) !== undefined) throw mustIdentify(source, "model_id");
  } else if (scheme === "mlflow-artifacts") {
    if (runId === undefined) throw mustIdentify(source, "run_id");
    const { info } = await orRefuse(tracker.getRun(runId), source, "run_id");
    if (!isInside(source, info.artifactUri)) throw mustIdentify(source, "run_id");
  }
}

async function checkOfModel(source: string, modelId: string, tracker: Tracker): Promise<void> {
  const { scheme } = splitUri(source);
  if (isLocal(source)) {
    const { artifactUri } = await orRefuse(tracker.getLoggedModel(modelId), source, "model_id");
    if (isInside(source, artifactUri)) return;
    throw invalidSource(
      source,
      "To use a local path as a model version source, the model_id request parameter has to be specified and the local " +
        "path has to be contained within the artifact directory of the run specified by the model_id.",
    );
  }
  refuseClimbing(source);
  if (scheme === "models") {
    const sourceModelId = loggedModelIdOf(source);
    if (sourceModelId !== undefined && sourceModelId !== modelId) throw mustIdentify(source, "model_id");
  } else if (scheme === "runs") {
    throw mustIdentify(source, "model_id");
  } else if (scheme === "mlflow-artifacts") {
    const { artifactUri } = await orRefuse(tracker.getLoggedModel(modelId), source, "model_id");
    if (!isInside(source, artifactUri)) throw mustIdentify(source, "model_id");
  }
}

/** What a store finds; that it finds nothing is a fault of the source. */
async function orRefuse<T>(found: Promise<T>, source: string, parameter: string): Promise<T> {
  try {
    return await found;
  } catch (error) {
    throw isDomainError(error, "not-found") ? mustIdentify(source, parameter) : error;
  }
}

/** A folder of this machine. @throws {TrackingError} 400 for `file:` at another host. */
function isLocal(source: string): boolean {
  const { scheme, authority } = splitUri(source);
  if (scheme !== "" && scheme !== "file") return false;
  if (scheme === "file" && authority !== "" && !/^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(authority)) {
    throw invalidParameter(`${source} is not a valid remote uri.`);
  }
  return true;
}

/** Whether a source lies in a root, both local or both in the same artifact store. */
function isInside(source: string, root: string): boolean {
  const [place, folder] = [locate(source), locate(root)];
  return place !== undefined && folder !== undefined && place.kind === folder.kind && contains(folder.path, place.path);
}

function locate(uri: string): { readonly kind: string; readonly path: string } | undefined {
  const isHere = ["", "file"].includes(splitUri(uri).scheme);
  // What climbs in a folder of this machine and stays in it is fine, as it is resolved wherever it is read.
  if (!isHere && hasParent(uri)) return undefined;
  const location = locateArtifacts(uri);
  return location.kind === "other" ? undefined : { kind: location.kind, path: plainPath(location.path) };
}

/** Refuses what is no absolute path without `.`, `..` and NUL, however it is encoded. */
function refuseClimbing(source: string): void {
  const decoded = fullyDecoded(source);
  const path = splitUri(decoded).path.replace(/\/+$/, "").replace(/\/+/g, "/");
  const isPlain = path.startsWith("/") && !path.split("/").includes(".") && !path.includes("\0");
  if (isPlain && !decoded.split("/").includes("..")) return;
  throw invalidSource(
    source,
    "If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute " +
      "path must be provided without relative path references present. Please provide an absolute path.",
  );
}

function hasParent(uri: string): boolean {
  return fullyDecoded(uri).split(/[/\\]/).includes("..");
}

function mustIdentify(source: string, parameter: string): TrackingError {
  return invalidSource(
    source,
    `The ${parameter} request parameter must identify the resource that contains the source.`,
  );
}

function invalidSource(source: string, why: string): TrackingError {
  return invalidParameter(`Invalid model version source: '${source}'. ${why}`);
}
