import { join } from "../artifacts/paths.ts";
import { RUN_NAME_TAG } from "../rules/entries.ts";
import { checkRunId } from "../rules/names.ts";
import { isDomainError } from "../../core/mod.ts";
import type { KeyValue } from "../../core/mod.ts";
import type { ExperimentFolder, FileStore } from "./file_store.ts";
import { isFolder, type KeyFile, keyFiles, subfolders } from "./folders.ts";
import { META_FILE, readMeta } from "./meta_file.ts";
import { DATASET_META, type DatasetMeta, INPUT_META, OUTPUT_META, RUN_META, type RunMeta } from "./metas.ts";
import { readText } from "./text_file.ts";

/** MLflow opens a run only where it has these; copies that leave out empty folders, as git's do, lose them. */
const RUN_FOLDERS = ["metrics", "params", "artifacts"] as const;

/** A run without its metrics, which may be many: their files are read as they are written. */
export interface StoredRun {
  /** Its id. */
  readonly id: string;
  /** Its name; empty where it never had one. */
  readonly name: string;
  /** Its head. */
  readonly meta: RunMeta;
  /** Parameters. */
  readonly params: readonly KeyValue[];
  /** Tags. */
  readonly tags: readonly KeyValue[];
  /** Files of its metrics. */
  readonly metrics: readonly KeyFile[];
  /** Datasets read, by the names of their folders. */
  readonly datasets: readonly { readonly folder: string; readonly tags: readonly KeyValue[]; readonly path: string }[];
  /** Logged models read. */
  readonly modelInputs: readonly string[];
  /** Logged models made. */
  readonly modelOutputs: readonly { readonly modelId: string; readonly step: number }[];
}

/** The entries of a folder of one file each. */
export function readEntries(folder: string): KeyValue[] {
  return [...keyFiles(folder)].map(({ key, path }) => ({ key, value: readText(path) }));
}

/** A run of an experiment; undefined, and noted, where MLflow would not take it for one. */
export function readRun(store: FileStore, experiment: ExperimentFolder, name: string): StoredRun | undefined {
  const path = join(experiment.path, name);
  const meta = readMeta(path, RUN_META);
  if (meta === undefined) return store.skip(path, `its ${META_FILE} is empty`);
  const id = meta.run_id ?? meta.run_uuid;
  if (id !== name) return store.skip(path, `its ${META_FILE} says that it is run '${id ?? ""}'`);
  if (meta.experiment_id !== experiment.meta.experiment_id) {
    return store.skip(path, `its ${META_FILE} says that it belongs to experiment '${meta.experiment_id}'`);
  }
  try {
    checkRunId(id);
  } catch (error) {
    if (isDomainError(error)) return store.skip(path, "its name is no id that MLflow gives to runs");
    throw error;
  }
  if (!RUN_FOLDERS.every((folder) => isFolder(join(path, folder)))) store.incompleteRuns++;
  const tags = readEntries(join(path, "tags"));
  const nameTag = tags.find(({ key }) => key === RUN_NAME_TAG)?.value;
  return {
    id,
    name: meta.run_name || nameTag || meta.name || "",
    meta,
    params: readEntries(join(path, "params")),
    tags,
    metrics: [...keyFiles(join(path, "metrics"))],
    ...readInputs(store, join(path, "inputs")),
    modelOutputs: readOutputs(store, join(path, "outputs")),
  };
}

/** The datasets of an experiment by the names of their folders. */
export function readDatasets(store: FileStore, experiment: ExperimentFolder): Map<string, DatasetMeta> {
  const folder = join(experiment.path, "datasets");
  const datasets = new Map<string, DatasetMeta>();
  for (const name of subfolders(folder)) {
    const meta = readMeta(join(folder, name), DATASET_META);
    if (meta === undefined) store.skip(join(folder, name), `its ${META_FILE} is missing or empty`);
    else datasets.set(name, meta);
  }
  return datasets;
}

function readInputs(store: FileStore, folder: string): Pick<StoredRun, "datasets" | "modelInputs"> {
  const datasets: StoredRun["datasets"][number][] = [], modelInputs: string[] = [];
  for (const name of subfolders(folder)) {
    const path = join(folder, name);
    const meta = readMeta(path, INPUT_META);
    if (meta === undefined) store.skip(path, `its ${META_FILE} is missing or empty`);
    else if (meta.source_type === "MODEL") modelInputs.push(meta.source_id);
    else {
      const tags = Object.entries(meta.tags).map(([key, value]) => ({ key, value }));
      datasets.push({ folder: meta.source_id, tags, path });
    }
  }
  return { datasets, modelInputs };
}

function readOutputs(store: FileStore, folder: string): StoredRun["modelOutputs"] {
  return subfolders(folder).flatMap((name) => {
    const meta = readMeta(join(folder, name), OUTPUT_META);
    if (meta !== undefined) return [{ modelId: meta.destination_id, step: meta.step }];
    store.skip(join(folder, name), `its ${META_FILE} is missing or empty`);
    return [];
  });
}
