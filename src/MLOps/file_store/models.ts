import type { KeyValue } from "../../core/mod.ts";
import { join } from "../artifacts/paths.ts";
import { checkNewAlias } from "../rules/names.ts";
import { isDomainError } from "../../core/mod.ts";
import { badFile } from "./bad_file.ts";
import type { ExperimentFolder, FileStore } from "./file_store.ts";
import { filesIn, type KeyFile, keyFiles, subfolders } from "./folders.ts";
import { META_FILE, readMeta } from "./meta_file.ts";
import {
  LOGGED_MODEL_META,
  type LoggedModelMeta,
  REGISTERED_MODEL_META,
  type RegisteredModelMeta,
  VERSION_META,
  type VersionMeta,
} from "./metas.ts";
import { readEntries } from "./runs.ts";
import { readText } from "./text_file.ts";

/** A logged model; the files of its metrics are read as they are written. */
export interface StoredModel {
  /** Its head. */
  readonly meta: LoggedModelMeta;
  /** Parameters. */
  readonly params: readonly KeyValue[];
  /** Tags. */
  readonly tags: readonly KeyValue[];
  /** Files of its metrics. */
  readonly metrics: readonly KeyFile[];
}

/** A registered model with all its versions, deleted ones as well: their numbers stay used. */
export interface StoredRegisteredModel {
  /** Its head. */
  readonly meta: RegisteredModelMeta;
  /** Tags. */
  readonly tags: readonly KeyValue[];
  /** Versions. */
  readonly versions: readonly { readonly meta: VersionMeta; readonly tags: readonly KeyValue[] }[];
  /** Aliases with the versions that they point at. */
  readonly aliases: readonly { readonly alias: string; readonly version: number }[];
}

/** A logged model of an experiment; undefined, and noted, where MLflow would not take it for one. */
export function readLoggedModel(store: FileStore, experiment: ExperimentFolder, name: string): StoredModel | undefined {
  const path = join(experiment.path, "models", name);
  const meta = readMeta(path, LOGGED_MODEL_META);
  if (meta === undefined) return store.skip(path, `its ${META_FILE} is empty`);
  if (meta.model_id !== name) return store.skip(path, `its ${META_FILE} says that it is model '${meta.model_id}'`);
  if (meta.experiment_id !== experiment.meta.experiment_id) {
    return store.skip(path, `its ${META_FILE} says that it belongs to experiment '${meta.experiment_id}'`);
  }
  return {
    meta,
    params: readEntries(join(path, "params")),
    tags: readEntries(join(path, "tags")),
    metrics: [...keyFiles(join(path, "metrics"))],
  };
}

/** A registered model; undefined, and noted, where MLflow would not find it by its name. */
export function readRegisteredModel(store: FileStore, name: string): StoredRegisteredModel | undefined {
  const path = join(store.registryPath(), name);
  const meta = readMeta(path, REGISTERED_MODEL_META);
  if (meta === undefined) return store.skip(path, `its ${META_FILE} is missing or empty`);
  // Some file systems take names apart into letters and accents.
  if (meta.name.normalize() !== name.normalize()) {
    return store.skip(path, `its ${META_FILE} says that it is model '${meta.name}'`);
  }
  const versions = subfolders(path).filter((folder) => folder.startsWith("version-"))
    .flatMap((folder) => readVersion(store, path, folder)).sort((a, b) => a.meta.version - b.meta.version);
  return { meta, tags: readEntries(join(path, "tags")), versions, aliases: readAliases(store, path, versions) };
}

function readVersion(store: FileStore, model: string, folder: string): StoredRegisteredModel["versions"] {
  const path = join(model, folder);
  const meta = readMeta(path, VERSION_META);
  if (meta === undefined) store.skip(path, `its ${META_FILE} is missing or empty`);
  else if (folder !== `version-${meta.version}`) {
    store.skip(path, `its ${META_FILE} says that it is version ${meta.version}`);
  } else return [{ meta, tags: readEntries(join(path, "tags")) }];
  return [];
}

function readAliases(
  store: FileStore,
  model: string,
  versions: StoredRegisteredModel["versions"],
): StoredRegisteredModel["aliases"] {
  return filesIn(join(model, "aliases")).flatMap(({ key, path }) => {
    try {
      checkNewAlias(key);
    } catch (error) {
      throw isDomainError(error)
        ? badFile(path, `MLflow would not take its name for an alias (${error.message})`)
        : error;
    }
    const text = readText(path).trim(), version = Number(text);
    if (!/^\d+$/.test(text)) throw badFile(path, "it must hold the number of a version", { value: text });
    if (versions.some(({ meta }) => meta.version === version)) return [{ alias: key, version }];
    store.skip(path, `there is no version ${version}`);
    return [];
  });
}
