import {
  type ArtifactOwner,
  DomainError,
  type ForecastModel,
  isDomainError,
  type LoadForecastModel,
  type LoggedModel,
  type MlModel,
  type Run,
  type Tracker,
} from "../../core/mod.ts";
import { decodeMlModel } from "../model_format/ml_model.ts";

/** A finished run's logged model, proven. */
export interface ProvenModel {
  /** Its record in the tracking store. */
  readonly logged: LoggedModel;
  /** The model, ready to predict. */
  readonly model: ForecastModel;
  /** Files whose hashes were checked or that lie beside them. */
  readonly fileCount: number;
}

/** File that MLflow adds on loading a registered model; no part of it. */
const FOREIGN_FILES: ReadonlySet<string> = new Set(["registered_model_meta"]);

/** Files that Python needs to load the model; without them it is half a model. */
const NEEDED_FILES = ["MLmodel", "model.onnx", "forecast.json"] as const;

/**
 * The run's model, after its hashes and golden rows have been proven.
 *
 * @throws {DomainError} `gate-refused` where the run is not finished or has no READY model; `model-invalid` where a file
 *   is missing or was changed.
 */
export async function proveRunModel(tracker: Tracker, run: Run, load: LoadForecastModel): Promise<ProvenModel> {
  const logged = await readyModel(tracker, run);
  const files = await readArtifacts(tracker, { modelId: logged.modelId });
  for (const name of NEEDED_FILES) {
    if (files.has(name)) continue;
    throw new DomainError("model-invalid", `Cannot register run '${run.info.runId}' as its model lacks '${name}'`, {
      hint: "Train it again with: task track",
    });
  }
  try {
    const model = await load(files);
    checkMlModel(decodeMlModel(new TextDecoder().decode(files.get("MLmodel"))), run, model);
    return { logged, model, fileCount: files.size };
  } catch (error) {
    if (!isDomainError(error, "model-invalid")) throw error;
    throw new DomainError("model-invalid", `Cannot register run '${run.info.runId}': ${error.message}`, {
      hint: error.hint ?? "Train it again with: task track",
      cause: error,
    });
  }
}

/** Flavors that Python and onnxruntime load the model by. */
const NEEDED_FLAVORS = ["onnx", "python_function"] as const;

/** What Python is told of the model must be of this run, and of what the service computes. */
function checkMlModel({ flavors, runId, signature }: MlModel, run: Run, { info }: ForecastModel): void {
  const missing = NEEDED_FLAVORS.filter((flavor) => !Object.hasOwn(flavors, flavor));
  if (missing.length > 0) {
    throw invalidModel(`MLmodel lacks the flavor ${missing.map((name) => `'${name}'`).join(", ")}`);
  }
  if (runId !== run.info.runId) throw invalidModel(`MLmodel is of run ${runId === undefined ? "none" : `'${runId}'`}`);
  const [input] = signature?.inputs ?? [];
  const columns = input?.kind === "tensor" ? input.shape.at(-1) : undefined;
  if (columns !== info.featureNames.length) {
    throw invalidModel(
      `the signature in MLmodel takes ${
        columns ?? "no tensor"
      } where the model has ${info.featureNames.length} features`,
    );
  }
}

function invalidModel(reason: string): DomainError {
  return new DomainError("model-invalid", `Cannot load the model as ${reason}`);
}

async function readyModel(tracker: Tracker, run: Run): Promise<LoggedModel> {
  const { runId, status } = run.info;
  if (status !== "FINISHED") {
    throw new DomainError(
      "gate-refused",
      `Cannot register run '${runId}' as it is not finished: its status is ${status}`,
      {
        hint: status === "RUNNING"
          ? "Wait for it to end, or name another run with --run-id ID"
          : "Track it again, or name another run with --run-id ID",
      },
    );
  }
  const states: string[] = [];
  for (const { modelId } of [...run.modelOutputs].reverse()) {
    const model = await tracker.getLoggedModel(modelId);
    if (model.status === "READY") return model;
    states.push(`${modelId} is ${model.status}`);
  }
  throw new DomainError(
    "gate-refused",
    `Cannot register run '${runId}' as it has no logged model that is READY${
      states.length === 0 ? "" : `: ${states.join(", ")}`
    }`,
    { hint: "Track it again, or name another run with --run-id ID" },
  );
}

/** All files of a run or logged model below a folder, by path from the root. */
export async function readArtifacts(
  tracker: Tracker,
  owner: ArtifactOwner,
  folder = "",
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>(), folders = [folder];
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    for (const { path, isDirectory } of await tracker.listArtifacts(owner, at)) {
      if (FOREIGN_FILES.has(path)) continue;
      if (isDirectory) folders.push(path);
      else files.set(path, await tracker.readArtifact(owner, path));
    }
  }
  return files;
}
