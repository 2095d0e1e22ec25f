import { DomainError, type ForecastModel, type ModelFiles, QUANTILE_LEVELS } from "../../core/mod.ts";
import { sha256Of } from "../sha256.ts";
import { decodeForecastJson, type Golden } from "./forecast_json.ts";
import { decodeGbdtJson } from "../gbdt/gbdt_json.ts";
import { decodeLayersModel } from "./decode_layers_model.ts";
import { TREE_FILES, TREE_HEADS } from "./forecast_trees.ts";
import { type ModelParts, SpecForecastModel } from "./spec_forecast_model.ts";

/** Largest difference from a golden output, as a share of max(1, |value|). */
const GOLDEN_TOLERANCE = 1e-6;

/** {@linkcode LoadForecastModel} for the models that we log; loads no tfjs. */
export function loadForecastModel(files: ModelFiles): Promise<ForecastModel> {
  return Promise.resolve().then(() => loadSpecForecastModel(files));
}

/** The same with the spec and its parts at hand. */
export function loadSpecForecastModel(files: ModelFiles): SpecForecastModel {
  const document = files.get("forecast.json");
  if (document === undefined) {
    throw new DomainError("model-invalid", "Cannot load the model as it has no 'forecast.json'", {
      hint: "Only models that 'track' logged can be served here; MLflow can serve others",
    });
  }
  const { spec, golden, files: hashes } = decodeForecastJson(new TextDecoder().decode(document));
  for (const [path, expected] of Object.entries(hashes)) {
    const bytes = files.get(path);
    if (bytes === undefined) throw new DomainError("model-invalid", `Cannot load the model as '${path}' is missing`);
    const actual = sha256Of(bytes);
    if (actual !== expected) {
      throw new DomainError(
        "model-invalid",
        `Cannot load the model as '${path}' was changed: its sha256 is ${actual}, not ${expected}`,
      );
    }
  }
  let model: SpecForecastModel;
  try {
    model = new SpecForecastModel(spec, decodeParts(files, hashes));
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new DomainError("model-invalid", (error as Error).message, { cause: error });
  }
  proveGolden(model, golden);
  return model;
}

/** Only files that forecast.json lists are hashed, so anything else named so is not read. */
function decodeParts(files: ModelFiles, hashes: Readonly<Record<string, string>>): ModelParts {
  const text = (path: string) => new TextDecoder().decode(files.get(path));
  const networks = "model.json" in hashes && "weights.bin" in hashes
    ? decodeLayersModel({ topology: text("model.json"), weights: files.get("weights.bin")!.slice() })
    : [];
  const trees = TREE_HEADS.map((head) => ({ head, path: TREE_FILES[head] })).filter(({ path }) => path in hashes);
  return {
    ...(networks.length === 0 ? {} : { networks }),
    trees: Object.fromEntries(trees.map(({ head, path }) => [head, decodeGbdtJson(text(path), path)])),
  };
}

function proveGolden(model: SpecForecastModel, { inputs, outputs }: Golden): void {
  const width = model.spec.featureNames.length, levels = QUANTILE_LEVELS.length;
  const rows = new Float32Array(inputs.length * width);
  inputs.forEach((row, i) => {
    if (row.length !== width) {
      throw new DomainError("model-invalid", `Golden row ${i} has ${row.length} values where ${width} belong`);
    }
    row.forEach((value, j) => rows[i * width + j] = value ?? NaN);
  });
  const actual = model.predict(rows, inputs.length);
  const check = (name: string, row: number, value: number, expected: number | undefined) => {
    if (expected !== undefined && Math.abs(value - expected) <= GOLDEN_TOLERANCE * Math.max(1, Math.abs(expected))) {
      return;
    }
    throw new DomainError(
      "model-invalid",
      `Golden row ${row} gives ${name} ${value} where ${expected} belongs: the model does not compute what it did`,
    );
  };
  for (let i = 0; i < inputs.length; i++) {
    check("probabilityUp", i, actual.probabilityUp[i]!, outputs.probabilityUp[i]);
    check("volatilityBps", i, actual.volatilityBps[i]!, outputs.volatilityBps[i]);
    for (let level = 0; level < levels; level++) {
      const value = actual.quantilesBps[i * levels + level]!;
      check(`quantile ${QUANTILE_LEVELS[level]}`, i, value, outputs.quantilesBps[i]?.[level]);
    }
  }
}
