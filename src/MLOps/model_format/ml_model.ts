import { z } from "zod";
import { DomainError, type InputExampleInfo, type MlModel } from "../../core/mod.ts";
import { readPythonYaml, writePythonYaml } from "../rules/python_yaml.ts";
import { readSignature, SIGNATURE_TEXTS, signatureTexts } from "./signature.ts";

const TEXT = z.string().nullish();
const DOCUMENT = z.object({
  flavors: z.record(z.string(), z.record(z.string(), z.unknown())),
  signature: SIGNATURE_TEXTS.nullish(),
  saved_input_example_info: z.object({
    artifact_path: z.string(),
    serving_input_path: z.string().optional(),
    type: z.string(),
  }).nullish(),
  model_id: TEXT,
  model_uuid: TEXT,
  run_id: TEXT,
  artifact_path: TEXT,
  model_size_bytes: z.number().nullish(),
  utc_time_created: z.union([z.string(), z.date()]).nullish(), // written by hand, it may lack its quotes
  mlflow_version: TEXT,
  metadata: z.record(z.string(), z.unknown()).nullish(),
});

/**
 * Reads `MLmodel` (MLflow's model format, version 2 and 3). Keys that are not in {@linkcode MlModel} are passed over, as
 * MLflow does.
 *
 * @example
 * ```ts
 * import { decodeMlModel } from "../mod.ts";
 *
 * const model = decodeMlModel("flavors:\n  onnx: {data: model.onnx}\nrun_id: abc\n");
 * if (model.flavors["onnx"]?.["data"] !== "model.onnx" || model.runId !== "abc") throw new Error("read otherwise");
 * ```
 *
 * @throws {DomainError} `model-invalid` naming the key that does not fit.
 */
export function decodeMlModel(text: string): MlModel {
  try {
    const document = DOCUMENT.parse(readPythonYaml(text));
    const createdAtMs = timeOf(document.utc_time_created);
    const modelId = document.model_id ?? document.model_uuid;
    return {
      flavors: document.flavors,
      ...optional("signature", document.signature ? readSignature(document.signature) : undefined),
      ...optional("inputExample", toExample(document.saved_input_example_info)),
      ...optional("modelId", modelId),
      ...optional("runId", document.run_id),
      ...optional("artifactPath", document.artifact_path),
      ...optional("sizeBytes", document.model_size_bytes),
      ...optional("createdAtMs", createdAtMs),
      ...optional("mlflowVersion", document.mlflow_version),
      ...optional("metadata", document.metadata),
    };
  } catch (error) {
    throw new DomainError("model-invalid", `Cannot read MLmodel as ${reasonOf(error)}`, {
      hint: "Compare it with the file that the run logged, or log the model again",
      cause: error,
    });
  }
}

/** Writes `MLmodel`, its keys in the order in which MLflow sorts them. */
export function encodeMlModel(model: MlModel): string {
  const { inputExample: example, createdAtMs } = model;
  const document: Record<string, unknown> = {
    artifact_path: model.artifactPath,
    flavors: model.flavors,
    metadata: model.metadata,
    mlflow_version: model.mlflowVersion,
    model_id: model.modelId,
    model_size_bytes: model.sizeBytes,
    model_uuid: model.modelId,
    run_id: model.runId,
    saved_input_example_info: example === undefined ? undefined : {
      artifact_path: example.path,
      serving_input_path: example.servingPath,
      type: example.type,
    },
    signature: model.signature === undefined ? undefined : signatureTexts(model.signature),
    utc_time_created: createdAtMs === undefined
      ? undefined
      : new Date(createdAtMs).toISOString().replace("T", " ").replace("Z", "000"),
  };
  return writePythonYaml(document);
}

function toExample(info: z.infer<typeof DOCUMENT>["saved_input_example_info"]): InputExampleInfo | undefined {
  if (!info) return undefined;
  return { path: info.artifact_path, ...optional("servingPath", info.serving_input_path), type: info.type };
}

/** `2026-11-22 20:31:12.794398`, which is UTC. */
function timeOf(text: string | Date | null | undefined): number | undefined {
  if (!text) return undefined;
  const ms = text instanceof Date ? text.getTime() : Date.parse(`${text.replace(" ", "T")}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

function optional<K extends string, T>(key: K, value: T | null | undefined): { readonly [key in K]?: T } {
  return (value ?? undefined) === undefined ? {} : { [key]: value } as { readonly [key in K]: T };
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return issue!.path.length === 0
      ? `it is no mapping: ${issue!.message}`
      : `'${issue!.path.join(".")}' does not fit: ${issue!.message}`;
  }
  return error instanceof Error ? error.message.split("\n", 1)[0]! : String(error);
}
