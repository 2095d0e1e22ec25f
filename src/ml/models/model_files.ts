import { dump } from "js-yaml";
import { type EncodeMlModel, type MlModel, QUANTILE_LEVELS, registeredModelName } from "../../core/mod.ts";
import { sha256Of } from "../sha256.ts";
import { encodeGbdtJson } from "../gbdt/gbdt_json.ts";
import { encodeForecastJson, type Golden } from "./forecast_json.ts";
import { TREE_FILES, treeHeads } from "./forecast_trees.ts";
import { encodeLayersModel } from "./layers_model.ts";
import { encodeForecastOnnx } from "./onnx/forecast_graph.ts";
import type { SpecForecastModel } from "./spec_forecast_model.ts";

/** What the tracking store knows of a model before its files are written. */
export interface ModelIdentity {
  /** `m-…`, also the UUID in `MLmodel`. */
  readonly modelId: string;
  readonly runId: string;
  /** Where the files will lie; MLflow's input example is read from there. */
  readonly artifactUri: string;
  readonly createdAtMs: number;
  /** Free text for `metadata`. */
  readonly metadata: Readonly<Record<string, string | number>>;
}

const REQUIREMENTS = ["mlflow>=3.0", "numpy", "onnx>=1.15", "onnxruntime>=1.17"];
/** Python that MLflow's own tools set up for the model; any that onnxruntime has wheels for computes the same. */
const PYTHON_VERSION = "3.12.3";
/** Bytes by path. */
type Files = Map<string, Uint8Array<ArrayBuffer>>;

/**
 * All files of a logged model (design section 7): what MLflow reads (`MLmodel`, `model.onnx`, requirements, input
 * examples), what tfjs reads (`model.json`, `weights.bin`, networks only) and what we read (`trees_….json` of boosted
 * trees, `forecast.json` with the sha256 of the others but for `MLmodel`, which MLflow's own tools may rewrite).
 *
 * @param goldenRows raw feature rows whose forecasts prove the model when it is loaded, row-major; NaN where missing.
 */
export function encodeModelFiles(
  model: SpecForecastModel,
  goldenRows: Float32Array,
  identity: ModelIdentity,
  encodeMlModel: EncodeMlModel,
): Files {
  const { spec, parts } = model, { networks = [] } = parts;
  const golden = goldenOf(model, goldenRows);
  const files: Files = new Map();
  files.set("model.onnx", encodeForecastOnnx(model));
  if (networks.length > 0) {
    const layers = encodeLayersModel(networks);
    files.set("model.json", utf8(layers.topology));
    files.set("weights.bin", layers.weights);
  }
  for (const head of treeHeads(spec.heads)) files.set(TREE_FILES[head], utf8(encodeGbdtJson(parts.trees![head]!)));
  files.set("requirements.txt", utf8(`${REQUIREMENTS.join("\n")}\n`));
  files.set("python_env.yaml", utf8(dump({ python: PYTHON_VERSION, dependencies: ["-r requirements.txt"] })));
  const example = golden.inputs.filter((row) => !row.includes(null)).slice(0, 2);
  files.set("input_example.json", utf8(JSON.stringify(example)));
  files.set("serving_input_example.json", utf8(JSON.stringify({ inputs: example })));
  const hashes = Object.fromEntries([...files].map(([path, bytes]) => [path, sha256Of(bytes)]));
  files.set("forecast.json", utf8(encodeForecastJson({ spec, golden, files: hashes })));
  files.set("MLmodel", utf8(encodeMlModel(mlModelOf(model, identity, [...files.values()]))));
  return files;
}

function goldenOf(model: SpecForecastModel, rows: Float32Array): Golden {
  const width = model.spec.featureNames.length, count = rows.length / width;
  const forecasts = model.predict(rows, count);
  const levels = QUANTILE_LEVELS.length;
  return {
    inputs: Array.from(
      { length: count },
      (_, i) => Array.from(rows.subarray(i * width, (i + 1) * width), (value) => Number.isNaN(value) ? null : value),
    ),
    outputs: {
      probabilityUp: [...forecasts.probabilityUp],
      volatilityBps: [...forecasts.volatilityBps],
      quantilesBps: Array.from(
        { length: count },
        (_, i) => [...forecasts.quantilesBps.subarray(i * levels, (i + 1) * levels)],
      ),
    },
  };
}

function mlModelOf(
  { spec, parts }: SpecForecastModel,
  identity: ModelIdentity,
  files: readonly Uint8Array[],
): MlModel {
  const tensor = (columns: number) => ({ kind: "tensor", dtype: "float32", shape: [-1, columns] }) as const;
  return {
    artifactPath: identity.artifactUri,
    flavors: {
      ...((parts.networks ?? []).length === 0
        ? { bitcoin_ml: { data: "forecast.json" } }
        : { tfjs: { data: "model.json", weights: "weights.bin", format: "layers-model", tfjs_version: "4.22.0" } }),
      onnx: { data: "model.onnx", providers: ["CPUExecutionProvider"] },
      python_function: {
        loader_module: "mlflow.onnx",
        data: "model.onnx",
        env: { virtualenv: "python_env.yaml" },
        python_version: PYTHON_VERSION,
      },
    },
    metadata: {
      family: spec.family,
      horizon_minutes: spec.horizonMinutes,
      registered_name: registeredModelName(spec.horizonMinutes),
      feature_set_digest: spec.featureSetDigest,
      ...identity.metadata,
    },
    modelId: identity.modelId,
    sizeBytes: files.reduce((sum, bytes) => sum + bytes.length, 0),
    runId: identity.runId,
    inputExample: { path: "input_example.json", servingPath: "serving_input_example.json", type: "ndarray" },
    signature: {
      inputs: [tensor(spec.featureNames.length)],
      outputs: [
        { ...tensor(1), name: "probabilityUp" },
        { ...tensor(1), name: "volatilityBps" },
        { ...tensor(QUANTILE_LEVELS.length), name: "quantilesBps" },
      ],
      params: [],
    },
    createdAtMs: identity.createdAtMs,
  };
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
