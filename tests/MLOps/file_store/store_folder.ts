/** Hand-made file stores, as MLflow lays them out. */
import { dirname } from "node:path";

/** Contents by path below a folder; a path that ends with a slash is an empty folder. */
export type Tree = Readonly<Record<string, string | Uint8Array>>;

/** Writes a tree. */
export async function writeTree(folder: string, tree: Tree): Promise<void> {
  for (const [path, content] of Object.entries(tree)) {
    const target = `${folder}/${path}`;
    await Deno.mkdir(path.endsWith("/") ? target : dirname(target), { recursive: true });
    if (path.endsWith("/")) continue;
    if (typeof content === "string") await Deno.writeTextFile(target, content);
    else await Deno.writeFile(target, content);
  }
}

/** A mapping as PyYAML writes it, near enough: texts quoted, the rest plain. */
export function yaml(
  fields: Readonly<Record<string, string | number | null | Readonly<Record<string, string>>>>,
): string {
  return Object.entries(fields).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`).join("");
}

/** An experiment's folder. */
export function experiment(id: string, fields: Parameters<typeof yaml>[0] = {}): Tree {
  return {
    [`${id}/meta.yaml`]: yaml({
      artifact_location: `file:///old/mlruns/${id}`,
      creation_time: 1_700_000_000_000,
      experiment_id: id,
      last_update_time: 1_700_000_000_001,
      lifecycle_stage: "active",
      name: id === "0" ? "Default" : `experiment ${id}`,
      ...fields,
    }),
  };
}

/** A run's folder; `files` are below it. */
export function run(experimentId: string, id: string, files: Tree = {}, fields: Parameters<typeof yaml>[0] = {}): Tree {
  const folder = `${experimentId}/${id}`;
  return {
    [`${folder}/metrics/`]: "",
    [`${folder}/params/`]: "",
    [`${folder}/artifacts/`]: "",
    [`${folder}/meta.yaml`]: yaml({
      artifact_uri: `file:///old/mlruns/${experimentId}/${id}/artifacts`,
      end_time: null,
      entry_point_name: "",
      experiment_id: experimentId,
      lifecycle_stage: "active",
      run_id: id,
      run_name: `run ${id}`,
      source_name: "",
      source_type: 4,
      source_version: "",
      start_time: 1_700_000_000_000,
      status: 3,
      user_id: "ada",
      ...fields,
    }),
    ...Object.fromEntries(Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content])),
  };
}

/** A logged model's folder. */
export function loggedModel(
  experimentId: string,
  id: string,
  files: Tree = {},
  fields: Parameters<typeof yaml>[0] = {},
): Tree {
  const folder = `${experimentId}/models/${id}`;
  return {
    [`${folder}/meta.yaml`]: yaml({
      artifact_location: `file:///old/mlruns/${experimentId}/models/${id}/artifacts`,
      creation_timestamp: 1_700_000_000_000,
      experiment_id: experimentId,
      last_updated_timestamp: 1_700_000_000_001,
      model_id: id,
      model_type: null,
      name: "model",
      source_run_id: null,
      status: 2,
      status_message: null,
      ...fields,
    }),
    ...Object.fromEntries(Object.entries(files).map(([path, content]) => [`${folder}/${path}`, content])),
  };
}

/** A version of a registered model. */
export function modelVersion(name: string, version: number, fields: Parameters<typeof yaml>[0] = {}): Tree {
  return {
    [`models/${name}/version-${version}/meta.yaml`]: yaml({
      creation_timestamp: 1_700_000_000_000,
      current_stage: "None",
      description: "",
      last_updated_timestamp: 1_700_000_000_001,
      name,
      run_id: null,
      run_link: null,
      source: "models:/m-1",
      status: "READY",
      status_message: null,
      storage_location: "/old/mlruns/model",
      user_id: null,
      version,
      ...fields,
    }),
  };
}
