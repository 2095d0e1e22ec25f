import type {
  AliasChange,
  ArtifactInfo,
  KeyValue,
  LoggedModel,
  ModelRegistry,
  ModelVersion,
  Page,
  RegisteredModel,
} from "../../src/core/mod.ts";
import { TrackingError } from "../../src/core/mod.ts";
import * as entries from "../../src/MLOps/rules/entries.ts";
import * as names from "../../src/MLOps/rules/names.ts";
import { pythonJson } from "../../src/MLOps/rules/text.ts";
import { MODEL_VERSION_SEARCH, REGISTERED_MODEL_SEARCH } from "../../src/MLOps/search/domains.ts";
import { parseFilter } from "../../src/MLOps/search/parse_filter.ts";
import { parseOrderBy } from "../../src/MLOps/search/parse_order.ts";
import { fulfils, pageOf, pairs, sortBy, valueOf } from "./memory_search.ts";
import type { MemoryTracker } from "./memory_tracker.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface StoredVersion {
  head: Mutable<Omit<ModelVersion, "tags" | "aliases">>;
  readonly storage: string;
  readonly tags: Map<string, string>;
}

interface StoredModel {
  head: Mutable<Pick<RegisteredModel, "name" | "creationTimestamp" | "lastUpdatedTimestamp" | "description">>;
  readonly tags: Map<string, string>;
  readonly aliases: Map<string, string>;
  readonly versions: Map<string, StoredVersion>;
  highest: number;
}

interface Search {
  readonly filter?: string;
  readonly orderBy?: readonly string[];
  readonly maxResults?: number;
  readonly pageToken?: string;
}

function missing(message: string): TrackingError {
  return new TrackingError("RESOURCE_DOES_NOT_EXIST", message);
}

/** A model registry in memory, over the runs and files of a {@linkcode MemoryTracker}. */
export class MemoryRegistry implements ModelRegistry {
  readonly uri: string;
  readonly #tracker: MemoryTracker;
  readonly #nowMs: () => number;
  readonly #models = new Map<string, StoredModel>();
  #changes = 0;

  constructor(tracker: MemoryTracker, options: { readonly nowMs?: () => number } = {}) {
    this.uri = tracker.uri;
    this.#tracker = tracker;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  #model(name: string): StoredModel {
    names.checkModelName(name);
    const found = this.#models.get(name);
    if (found === undefined) throw missing(`Registered Model with name=${name} not found`);
    return found;
  }
  #version(name: string, version: string): StoredVersion {
    names.checkModelName(name);
    const found = this.#models.get(name)?.versions.get(String(names.versionNumber(version)));
    if (found === undefined) throw missing(`Model Version (name=${name}, version=${version}) not found`);
    return found;
  }
  #shown({ head, tags }: StoredVersion): ModelVersion {
    const { aliases } = this.#models.get(head.name)!;
    const own = [...aliases].filter(([, version]) => version === head.version).map(([alias]) => alias).sort();
    return { ...head, tags: pairs(tags), aliases: own };
  }
  #shownModel({ head, tags, aliases, versions }: StoredModel): RegisteredModel {
    const newest = new Map<string, StoredVersion>();
    for (const version of versions.values()) newest.set(version.head.currentStage, version);
    return {
      ...head,
      tags: pairs(tags),
      aliases: [...aliases].map(([alias, version]) => ({ alias, version })).sort((a, b) => a.alias < b.alias ? -1 : 1),
      latestVersions: [...newest.values()].sort((a, b) => Number(a.head.version) - Number(b.head.version))
        .map((version) => this.#shown(version)),
    };
  }
  #changed(model?: StoredModel): number {
    this.#changes++;
    const nowMs = this.#nowMs();
    if (model !== undefined) model.head.lastUpdatedTimestamp = nowMs;
    return nowMs;
  }

  // deno-lint-ignore require-await -- the port is asynchronous; so are its errors
  async createRegisteredModel(
    name: string,
    options: { readonly description?: string; readonly tags?: readonly KeyValue[] } = {},
  ): Promise<RegisteredModel> {
    names.checkModelName(name);
    options.tags?.forEach(entries.checkRegistryTag);
    if (this.#models.has(name)) {
      throw new TrackingError("RESOURCE_ALREADY_EXISTS", `Registered Model (name=${name}) already exists.`);
    }
    const nowMs = this.#changed();
    const model: StoredModel = {
      head: { name, creationTimestamp: nowMs, lastUpdatedTimestamp: nowMs, description: options.description ?? "" },
      tags: new Map(options.tags?.map(({ key, value }) => [key, value])),
      aliases: new Map(),
      versions: new Map(),
      highest: 0,
    };
    this.#models.set(name, model);
    return this.#shownModel(model);
  }
  // deno-lint-ignore require-await
  async getRegisteredModel(name: string): Promise<RegisteredModel> {
    return this.#shownModel(this.#model(name));
  }
  // deno-lint-ignore require-await
  async updateRegisteredModel(name: string, description: string): Promise<RegisteredModel> {
    const model = this.#model(name);
    model.head.description = description;
    this.#changed(model);
    return this.#shownModel(model);
  }
  // deno-lint-ignore require-await
  async renameRegisteredModel(name: string, newName: string): Promise<RegisteredModel> {
    names.checkModelName(newName, "new_name");
    const model = this.#model(name);
    if (newName !== name && this.#models.has(newName)) {
      throw new TrackingError("RESOURCE_ALREADY_EXISTS", `Registered Model (name=${newName}) already exists.`);
    }
    this.#models.delete(name);
    this.#models.set(newName, model);
    model.head.name = newName;
    const nowMs = this.#changed(model);
    for (const { head } of model.versions.values()) Object.assign(head, { name: newName, lastUpdatedTimestamp: nowMs });
    return this.#shownModel(model);
  }
  // deno-lint-ignore require-await
  async deleteRegisteredModel(name: string): Promise<void> {
    this.#model(name);
    this.#models.delete(name);
    this.#changed();
  }
  // deno-lint-ignore require-await
  async searchRegisteredModels(search: Search = {}): Promise<Page<RegisteredModel>> {
    const maxResults = names.checkMaxResults(search.maxResults ?? 100, 1000);
    const clauses = parseFilter(search.filter, REGISTERED_MODEL_SEARCH);
    const orders = parseOrderBy(search.orderBy, REGISTERED_MODEL_SEARCH);
    const found = [...this.#models.values()].map((model) => this.#shownModel(model)).filter((model) =>
      clauses.every((clause) => fulfils(clause.entity === "tag" ? tagOf(model.tags, clause.key) : model.name, clause))
    ).filter((model) => isPromptAsked(search.filter) || valueOf(model.tags, PROMPT) !== "true")
      .sort((a, b) => a.name < b.name ? -1 : 1);
    const sorted = sortBy(found, orders, (model, { key }) => key === "name" ? model.name : model.lastUpdatedTimestamp);
    return pageOf(sorted, maxResults, search.pageToken);
  }
  // deno-lint-ignore require-await
  async setRegisteredModelTag(name: string, tag: KeyValue): Promise<void> {
    entries.checkRegistryTag(tag);
    this.#model(name).tags.set(tag.key, tag.value);
    this.#changed();
  }
  // deno-lint-ignore require-await
  async deleteRegisteredModelTag(name: string, key: string): Promise<void> {
    entries.checkKey(key, "key");
    this.#model(name).tags.delete(key);
    this.#changed();
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
    const sourceId = /^models:\/+(m-[0-9a-f]{32})$/.exec(version.source)?.[1];
    const modelId = version.modelId ?? sourceId;
    const logged: LoggedModel | undefined = modelId === undefined
      ? undefined
      : await this.#tracker.getLoggedModel(modelId);
    const named = /^models:\/+([^/@]+)(?:\/(\d+)|@([\w-]+))$/.exec(version.source);
    let storage = sourceId === undefined ? version.source : logged!.artifactUri;
    if (named !== null) {
      const number = named[2] ?? this.#model(named[1]!).aliases.get(named[3]!);
      storage = this.#version(named[1]!, number ?? "0").storage;
    }
    version.tags?.forEach(entries.checkRegistryTag);
    const model = this.#model(version.name);
    const nowMs = this.#changed(model);
    const number = String(++model.highest);
    const made: StoredVersion = {
      head: {
        name: version.name,
        version: number,
        creationTimestamp: nowMs,
        lastUpdatedTimestamp: nowMs,
        userId: "",
        currentStage: "None",
        description: version.description ?? "",
        source: version.source,
        runId: version.runId ?? logged?.sourceRunId ?? "",
        runLink: version.runLink ?? "",
        status: "READY",
        statusMessage: "",
        ...(sourceId === undefined ? {} : { modelId: sourceId }),
      },
      storage,
      tags: new Map(version.tags?.map(({ key, value }) => [key, value])),
    };
    model.versions.set(number, made);
    if (logged !== undefined) {
      const known = JSON.parse(valueOf(logged.tags, "mlflow.modelVersions") ?? "[]");
      await this.#tracker.setLoggedModelTags(logged.modelId, [
        { key: "mlflow.modelVersions", value: pythonJson([...known, { name: version.name, version: Number(number) }]) },
      ]);
    }
    return this.#shown(made);
  }
  // deno-lint-ignore require-await
  async getModelVersion(name: string, version: string): Promise<ModelVersion> {
    return this.#shown(this.#version(name, version));
  }
  // deno-lint-ignore require-await
  async updateModelVersion(name: string, version: string, description: string): Promise<ModelVersion> {
    const found = this.#version(name, version);
    found.head.description = description;
    found.head.lastUpdatedTimestamp = this.#changed();
    return this.#shown(found);
  }
  // deno-lint-ignore require-await
  async transitionStage(name: string, version: string, stage: string, archiveExisting = false): Promise<ModelVersion> {
    const target = names.canonicalStage(stage);
    if (archiveExisting && target !== "Staging" && target !== "Production") {
      throw entries.invalid(
        `Model version transition cannot archive existing model versions because '${stage}' is not`,
      );
    }
    const found = this.#version(name, version);
    const model = this.#model(name);
    const nowMs = this.#changed(model);
    for (const { head } of model.versions.values()) {
      if (!archiveExisting || head.version === found.head.version || head.currentStage !== target) continue;
      Object.assign(head, { currentStage: "Archived", lastUpdatedTimestamp: nowMs });
    }
    Object.assign(found.head, { currentStage: target, lastUpdatedTimestamp: nowMs });
    return this.#shown(found);
  }
  // deno-lint-ignore require-await
  async deleteModelVersion(name: string, version: string): Promise<void> {
    const { head } = this.#version(name, version);
    const model = this.#model(name);
    model.versions.delete(head.version);
    for (const [alias, pointed] of model.aliases) if (pointed === head.version) model.aliases.delete(alias);
    this.#changed(model);
  }
  // deno-lint-ignore require-await
  async searchModelVersions(search: Search = {}): Promise<Page<ModelVersion>> {
    const maxResults = names.checkMaxResults(search.maxResults ?? 10_000, 200_000);
    const clauses = parseFilter(search.filter, MODEL_VERSION_SEARCH);
    const orders = parseOrderBy(
      search.orderBy?.length ? search.orderBy : ["last_updated_timestamp DESC", "name ASC", "version_number DESC"],
      MODEL_VERSION_SEARCH,
    );
    const attribute = (version: ModelVersion, key: string) =>
      ({
        name: version.name,
        run_id: version.runId,
        source_path: version.source,
        version_number: Number(version.version),
        creation_timestamp: version.creationTimestamp,
        last_updated_timestamp: version.lastUpdatedTimestamp,
      } as Record<string, string | number | undefined>)[key];
    const found = [...this.#models.values()].flatMap(({ versions }) => [...versions.values()])
      .map((version) => this.#shown(version)).filter((version) =>
        clauses.every((clause) =>
          fulfils(
            clause.entity === "tag" ? tagOf(version.tags, clause.key) : attribute(version, clause.key),
            clause,
          )
        )
      ).sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : Number(b.version) - Number(a.version));
    return pageOf(sortBy(found, orders, (version, { key }) => attribute(version, key)), maxResults, search.pageToken);
  }
  // deno-lint-ignore require-await
  async setModelVersionTag(name: string, version: string, tag: KeyValue): Promise<void> {
    entries.checkRegistryTag(tag);
    this.#version(name, version).tags.set(tag.key, tag.value);
    this.#changed();
  }
  // deno-lint-ignore require-await
  async deleteModelVersionTag(name: string, version: string, key: string): Promise<void> {
    entries.checkKey(key, "key");
    this.#version(name, version).tags.delete(key);
    this.#changed();
  }

  // deno-lint-ignore require-await
  async getVersionByAlias(name: string, alias: string): Promise<ModelVersion | undefined> {
    names.checkModelName(name);
    names.checkAlias(alias);
    const model = this.#models.get(name);
    if (model === undefined) return undefined;
    const version = alias.toLowerCase() === "latest" ? [...model.versions.keys()].at(-1) : model.aliases.get(alias);
    return version === undefined ? undefined : this.#shown(this.#version(name, version));
  }
  // deno-lint-ignore require-await
  async setAlias(name: string, alias: string, version: string): Promise<void> {
    names.checkNewAlias(alias);
    const { head } = this.#version(name, version);
    this.#model(name).aliases.set(alias, head.version);
    this.#changed();
  }
  async moveAlias(name: string, alias: string, { from, to, tag }: AliasChange): Promise<void> {
    const found = (await this.getVersionByAlias(name, alias))?.version;
    if (found !== from) throw names.aliasMoved(name, alias, { from, to, found });
    this.#version(name, to); // before the tag is set
    await this.setRegisteredModelTag(name, tag(await this.getRegisteredModel(name)));
    await this.setAlias(name, alias, to);
  }
  // deno-lint-ignore require-await
  async deleteAlias(name: string, alias: string): Promise<void> {
    names.checkAlias(alias);
    this.#model(name).aliases.delete(alias);
    this.#changed();
  }
  // deno-lint-ignore require-await
  async downloadUri(name: string, version: string): Promise<string> {
    return this.#version(name, version).storage;
  }
  async listModelFiles(name: string, version: string, path?: string): Promise<readonly ArtifactInfo[]> {
    return this.#tracker.listFiles(await this.downloadUri(name, version), path);
  }
  async readModelFile(name: string, version: string, path: string): Promise<Uint8Array> {
    return this.#tracker.readFile(await this.downloadUri(name, version), path);
  }
  changeCounter(): Promise<number> {
    return Promise.resolve(this.#changes);
  }
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

const PROMPT = "mlflow.prompt.is_prompt";

/** The value of a tag; models lack the tag of prompts, which then counts as 'false'. */
function tagOf(tags: readonly KeyValue[], key: string): string | undefined {
  return valueOf(tags, key) ?? (key === PROMPT ? "false" : undefined);
}

function isPromptAsked(filter: string | undefined): boolean {
  return parseFilter(filter, REGISTERED_MODEL_SEARCH).some(({ entity, key, comparator, value }) =>
    entity === "tag" && key === PROMPT && (comparator === "=") === (value === "true")
  );
}
