import {
  type AliasChange,
  type ArtifactInfo,
  type KeyValue,
  type ModelRegistry,
  type ModelVersion,
  type Page,
  type RegisteredModel,
  type Tracker,
  TrackingError,
} from "../../core/mod.ts";
import { artifactPathParts } from "../artifacts/artifact_path.ts";
import { appendToUri } from "../artifacts/location.ts";
import { DEFAULT_MODEL_VERSION_RESULTS, DEFAULT_REGISTERED_MODEL_RESULTS } from "../rules/limits.ts";
import { checkRegistryTag } from "../rules/entries.ts";
import { aliasMoved, checkAlias, checkModelName, loggedModelIdOf } from "../rules/names.ts";
import { MlflowHttp, type MlflowHttpOptions } from "./http.ts";
import { RemoteArtifacts } from "./remote_artifacts.ts";
import { pageOf, RestTracker } from "./rest_tracker.ts";
import { toModelVersion, toRegisteredModel } from "./wire.ts";

/** Options of {@linkcode RestRegistry}. */
export interface RestRegistryOptions extends MlflowHttpOptions {
  /** Where runs and logged models are, if not on the same server. */
  readonly tracker?: Pick<Tracker, "getRun" | "getLoggedModel">;
}

/** Registered models on an MLflow server, over its REST API. */
export class RestRegistry implements ModelRegistry {
  /** The URI it was opened with, without credentials. */
  readonly uri: string;
  readonly #http: MlflowHttp;
  readonly #artifacts: RemoteArtifacts;
  readonly #tracker: Pick<Tracker, "getRun" | "getLoggedModel">;
  #asked = 0;

  /** A client of the server at `uri` (`http://host:port`). */
  constructor(uri: string, options: RestRegistryOptions = {}) {
    this.#http = new MlflowHttp(uri, options);
    this.#artifacts = new RemoteArtifacts(this.#http);
    this.#tracker = options.tracker ?? new RestTracker(uri, options);
    this.uri = this.#http.base;
  }

  async createRegisteredModel(
    name: string,
    options: { readonly description?: string; readonly tags?: readonly KeyValue[] } = {},
  ): Promise<RegisteredModel> {
    const answer = await this.#http.send("POST", "registered-models/create", { name, ...options }, {
      repeatable: false,
    });
    return toRegisteredModel(answer.fields("registered_model"));
  }
  async getRegisteredModel(name: string): Promise<RegisteredModel> {
    return toRegisteredModel((await this.#http.get("registered-models/get", { name })).fields("registered_model"));
  }
  async updateRegisteredModel(name: string, description: string): Promise<RegisteredModel> {
    const answer = await this.#http.send("PATCH", "registered-models/update", { name, description });
    return toRegisteredModel(answer.fields("registered_model"));
  }
  async renameRegisteredModel(name: string, newName: string): Promise<RegisteredModel> {
    const body = { name, new_name: newName };
    const answer = await this.#http.send("POST", "registered-models/rename", body, { repeatable: false });
    return toRegisteredModel(answer.fields("registered_model"));
  }
  async deleteRegisteredModel(name: string): Promise<void> {
    await this.#http.send("DELETE", "registered-models/delete", { name }, { repeatable: false });
  }
  async searchRegisteredModels(
    search: {
      readonly filter?: string;
      readonly orderBy?: readonly string[];
      readonly maxResults?: number;
      readonly pageToken?: string;
    } = {},
  ): Promise<Page<RegisteredModel>> {
    const answer = await this.#http.get("registered-models/search", {
      filter: search.filter?.trim(),
      max_results: search.maxResults ?? DEFAULT_REGISTERED_MODEL_RESULTS,
      order_by: search.orderBy,
      page_token: search.pageToken,
    });
    return pageOf(answer, "registered_models", toRegisteredModel);
  }
  async setRegisteredModelTag(name: string, tag: KeyValue): Promise<void> {
    await this.#http.send("POST", "registered-models/set-tag", { name, ...tag });
  }
  async deleteRegisteredModelTag(name: string, key: string): Promise<void> {
    await this.#http.send("DELETE", "registered-models/delete-tag", { name, key });
  }

  async createModelVersion(
    version: {
      readonly name: string;
      readonly source: string;
      readonly runId?: string;
      readonly modelId?: string;
      readonly runLink?: string;
      readonly description?: string;
      readonly tags?: readonly KeyValue[];
    },
  ): Promise<ModelVersion> {
    const { name, source, runLink, description, tags } = version;
    const modelId = version.modelId ?? loggedModelIdOf(source);
    // A server may answer 500 for a model that it lacks; asked for by itself it is a plain 404.
    const model = modelId === undefined ? undefined : await this.#tracker.getLoggedModel(modelId);
    const runId = version.runId ?? model?.sourceRunId;
    const body = { name, source, run_id: runId, model_id: modelId, run_link: runLink, description, tags };
    const answer = await this.#http.send("POST", "model-versions/create", body, { repeatable: false });
    return toModelVersion(answer.fields("model_version"));
  }
  async getModelVersion(name: string, version: string): Promise<ModelVersion> {
    return toModelVersion((await this.#http.get("model-versions/get", { name, version })).fields("model_version"));
  }
  async updateModelVersion(name: string, version: string, description: string): Promise<ModelVersion> {
    const answer = await this.#http.send("PATCH", "model-versions/update", { name, version, description });
    return toModelVersion(answer.fields("model_version"));
  }
  async transitionStage(name: string, version: string, stage: string, archiveExisting = false): Promise<ModelVersion> {
    const body = { name, version, stage, archive_existing_versions: archiveExisting };
    const answer = await this.#http.send("POST", "model-versions/transition-stage", body);
    return toModelVersion(answer.fields("model_version"));
  }
  async deleteModelVersion(name: string, version: string): Promise<void> {
    await this.#http.send("DELETE", "model-versions/delete", { name, version }, { repeatable: false });
  }
  async searchModelVersions(
    search: {
      readonly filter?: string;
      readonly orderBy?: readonly string[];
      readonly maxResults?: number;
      readonly pageToken?: string;
    } = {},
  ): Promise<Page<ModelVersion>> {
    const answer = await this.#http.get("model-versions/search", {
      filter: search.filter?.trim(),
      max_results: search.maxResults ?? DEFAULT_MODEL_VERSION_RESULTS,
      order_by: search.orderBy,
      page_token: search.pageToken,
    });
    return pageOf(answer, "model_versions", toModelVersion);
  }
  async setModelVersionTag(name: string, version: string, tag: KeyValue): Promise<void> {
    await this.#http.send("POST", "model-versions/set-tag", { name, version, ...tag });
  }
  async deleteModelVersionTag(name: string, version: string, key: string): Promise<void> {
    await this.#http.send("DELETE", "model-versions/delete-tag", { name, version, key });
  }

  async getVersionByAlias(name: string, alias: string): Promise<ModelVersion | undefined> {
    checkModelName(name);
    checkAlias(alias);
    try {
      const answer = await this.#http.get("registered-models/alias", { name, alias });
      return toModelVersion(answer.fields("model_version"));
    } catch (error) {
      // MLflow answers an unknown alias with INVALID_PARAMETER_VALUE; that the names are valid was checked above.
      const isUnknown = error instanceof TrackingError &&
        (error.errorCode === "INVALID_PARAMETER_VALUE" || error.errorCode === "RESOURCE_DOES_NOT_EXIST");
      if (isUnknown) return undefined;
      throw error;
    }
  }
  async setAlias(name: string, alias: string, version: string): Promise<void> {
    await this.#http.send("POST", "registered-models/alias", { name, alias, version });
  }
  async moveAlias(name: string, alias: string, { from, to, tag }: AliasChange): Promise<void> {
    const found = (await this.getVersionByAlias(name, alias))?.version;
    if (found !== from) throw aliasMoved(name, alias, { from, to, found });
    const history = tag(await this.getRegisteredModel(name));
    checkRegistryTag(history); // what the server refuses after the alias has moved would be lost
    await this.setAlias(name, alias, to);
    await this.setRegisteredModelTag(name, history);
  }
  async deleteAlias(name: string, alias: string): Promise<void> {
    await this.#http.send("DELETE", "registered-models/alias", { name, alias });
  }

  async downloadUri(name: string, version: string): Promise<string> {
    return (await this.#http.get("model-versions/get-download-uri", { name, version })).text("artifact_uri");
  }
  async listModelFiles(name: string, version: string, path = ""): Promise<readonly ArtifactInfo[]> {
    artifactPathParts(path);
    return await this.#artifacts.list(await this.#rootOf(name, version), path);
  }
  async readModelFile(name: string, version: string, path: string): Promise<Uint8Array> {
    artifactPathParts(path);
    return await this.#artifacts.read(await this.#rootOf(name, version), path);
  }
  /** A server does not say whether it changed: every answer is new. */
  changeCounter(): Promise<number> {
    return Promise.resolve(++this.#asked);
  }

  async #rootOf(name: string, version: string): Promise<string> {
    const uri = await this.downloadUri(name, version);
    const modelId = loggedModelIdOf(uri);
    if (modelId !== undefined) return (await this.#tracker.getLoggedModel(modelId)).artifactUri;
    const inRun = /^runs:\/+([^/]+)\/(.+)$/.exec(uri);
    if (inRun === null) return uri;
    return appendToUri((await this.#tracker.getRun(inRun[1]!)).info.artifactUri, ...artifactPathParts(inRun[2]!));
  }

  /** Nothing is held open. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
