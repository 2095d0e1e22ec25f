import { decodeMlModel, encodeMlModel } from "../../../src/MLOps/mod.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { DomainError } from "../../../src/core/mod.ts";
import { decodeForecastJson } from "../../../src/ml/models/forecast_json.ts";
import { loadForecastModel, loadSpecForecastModel } from "../../../src/ml/models/load_forecast_model.ts";
import { encodeModelFiles } from "../../../src/ml/models/model_files.ts";
import { canonicalJson } from "../../../src/ml/canonical_json.ts";
import { SEQUENCE_FAMILIES } from "../../../src/ml/models/sequence_shapes.ts";
import { sha256Of } from "../../../src/ml/sha256.ts";
import { flagshipFeatureSet } from "../../../src/ml/features/mod.ts";
import {
  linearModel,
  onPlainLines,
  plainModel,
  randomNetworkModel,
  sampleDataset,
  sampleRows,
  treesModel,
} from "./sample_models.ts";

const sample = sampleDataset(), flagship = sampleDataset({ engine: flagshipFeatureSet() });
const IDENTITY = {
  modelId: `m-${"a".repeat(32)}`,
  runId: "b".repeat(32),
  artifactUri: "file:///models/m/artifacts",
  createdAtMs: 0,
  metadata: { evidence: "full" },
};
const model = randomNetworkModel(sample);
const files = encodeModelFiles(model, sampleRows(sample, 8), IDENTITY, encodeMlModel);
const text = (path: string) => new TextDecoder().decode(files.get(path));
const bytes = (value: string) => new TextEncoder().encode(value);

/** A model is refused by the name of a file that is changed, cut or missing. */
async function assertGuarded(all: ReadonlyMap<string, Uint8Array>, path: string): Promise<void> {
  const changed = all.get(path)!.slice();
  changed[changed.length >> 1]! ^= 1;
  for (const content of [changed, all.get(path)!.slice(1), undefined]) {
    const broken = new Map(all);
    if (content === undefined) broken.delete(path);
    else broken.set(path, content);
    const error = await assertRejects(() => loadForecastModel(broken), DomainError, `'${path}'`);
    assertEquals(error.code, "model-invalid");
  }
}

Deno.test("loadForecastModel() gives back the forecasts of the model that was encoded", async () => {
  const sequences = SEQUENCE_FAMILIES.map((family) => randomNetworkModel(sample, { family, members: 2 }));
  const plain = [plainModel("har", sample), plainModel("contrarian", sample)];
  const ensemble = randomNetworkModel(sample, { members: 3 });
  const lines = [randomNetworkModel(flagship), treesModel(flagship, 20), linearModel(flagship)]
    .map((each) => onPlainLines(each, flagship));
  for (const each of [model, ensemble, ...sequences, treesModel(sample), linearModel(sample), ...plain, ...lines]) {
    const source = each.info.featureSetDigest === flagship.dataset.featureSetDigest ? flagship : sample;
    const encoded = encodeModelFiles(each, sampleRows(source, 4, each), IDENTITY, encodeMlModel);
    const loaded = await loadForecastModel(encoded);
    assertEquals(loaded.info, each.info);
    const rows = sampleRows(source, 50, each);
    assertEquals(loaded.predict(rows, 50), each.predict(rows, 50));
  }
});

Deno.test("decodeForecastJson() names what does not fit in the plain lines", () => {
  const lines = onPlainLines(treesModel(flagship, 2), flagship);
  const encoded = encodeModelFiles(lines, sampleRows(flagship, 4, lines), IDENTITY, encodeMlModel);
  const refused = (
    change: (heads: Record<string, Record<string, unknown>>, scaler: Record<string, unknown>) => void,
  ) => {
    const document = JSON.parse(new TextDecoder().decode(encoded.get("forecast.json")));
    change(document.heads, document.scaler);
    return assertThrows(() => decodeForecastJson(JSON.stringify(document)), DomainError).message;
  };
  assertStringIncludes(
    refused((heads) => heads["volatility"]!["hourLevels"] = [1, 2]),
    "'heads.volatility.hourLevels'",
  );
  assertStringIncludes(refused((heads) => heads["volatility"]!["weekdayLevels"] = null), "'heads.volatility.weekdayLe");
  const line = { share: 1.5, intercept: 0, weights: [] };
  assertStringIncludes(refused((heads) => heads["direction"]!["line"] = line), "'heads.direction.line.share'");
  assertStringIncludes(refused((_, scaler) => scaler["flagged"] = [0, 96]), "flags feature 96 of 96");
});

Deno.test("loadForecastModel() refuses a sequence model whose window is not where its features have it", () => {
  const tcn = randomNetworkModel(sample, { family: "tcn" });
  const encoded = encodeModelFiles(tcn, sampleRows(sample, 4, tcn), IDENTITY, encodeMlModel);
  const swap = (path: string, change: (text: string) => string) => {
    const document = JSON.parse(new TextDecoder().decode(encoded.get("forecast.json")));
    const changed = bytes(change(new TextDecoder().decode(encoded.get(path))));
    document.files[path] = sha256Of(changed);
    return new Map([...encoded, [path, changed], ["forecast.json", bytes(JSON.stringify(document))]]);
  };
  const moved = swap("model.json", (json) => json.replace('"start": 27', '"start": 26'));
  assertThrows(() => loadSpecForecastModel(moved), DomainError, "Golden row");
  const shorter = swap("model.json", (json) => json.replace('"steps": 60', '"steps": 59'));
  assertThrows(() => loadSpecForecastModel(shorter), DomainError, "to a network of");
});

Deno.test("loadForecastModel() refuses a changed, cut or missing file by name", async () => {
  const hashed = Object.keys(decodeForecastJson(text("forecast.json")).files);
  assertEquals(hashed.sort(), [
    "input_example.json",
    "model.json",
    "model.onnx",
    "python_env.yaml",
    "requirements.txt",
    "serving_input_example.json",
    "weights.bin",
  ]);
  for (const path of hashed) await assertGuarded(files, path);
  const error = await assertRejects(() => loadForecastModel(new Map()), DomainError, "forecast.json");
  assertEquals(error.code, "model-invalid");
});

Deno.test("loadForecastModel() refuses a model that no longer computes its golden rows", async () => {
  const document = JSON.parse(text("forecast.json"));
  const tampered = [
    (d: typeof document) => d.golden.outputs.volatilityBps[3] *= 1.001,
    (d: typeof document) => d.heads.volatility.intercept += 0.01,
    (d: typeof document) => d.scaler.means[0] += 1,
    (d: typeof document) => d.calibration.quantileMultipliers[8] = 1.2,
    (d: typeof document) => d.golden.inputs[0].pop(),
  ];
  for (const tamper of tampered) {
    const copy = structuredClone(document);
    tamper(copy);
    await assertRejects(
      () => loadForecastModel(new Map([...files, ["forecast.json", bytes(JSON.stringify(copy))]])),
      DomainError,
      "olden row",
    );
  }
});

Deno.test("loadForecastModel() refuses weights that another file swapped in, though their hash fits", () => {
  const other = encodeModelFiles(
    randomNetworkModel(sample, { seed: 2 }),
    sampleRows(sample, 8),
    IDENTITY,
    encodeMlModel,
  );
  const document = JSON.parse(text("forecast.json"));
  document.files["weights.bin"] = sha256Of(other.get("weights.bin")!);
  const swapped = new Map([
    ...files,
    ["weights.bin", other.get("weights.bin")!],
    ["forecast.json", bytes(JSON.stringify(document))],
  ]);
  assertThrows(() => loadSpecForecastModel(swapped), DomainError, "Golden row");
});

Deno.test("decodeForecastJson() names what does not fit", { permissions: "none" }, () => {
  const document = JSON.parse(text("forecast.json"));
  const refuse = (change: Record<string, unknown>, part: string) =>
    assertThrows(() => decodeForecastJson(JSON.stringify({ ...document, ...change })), DomainError, part);
  assertThrows(() => decodeForecastJson("{"), DomainError, "no JSON");
  refuse({ horizonMinutes: -1 }, "horizonMinutes");
  refuse({ heads: { ...document.heads, direction: { kind: "magic" } } }, "heads.direction");
  refuse({ nullable: [true] }, "one entry a feature");
  refuse({ formatVersion: 2 }, "formatVersion");
  refuse({ unheardOf: 1 }, "");
});

Deno.test("forecast.json has every key of the contract, and MLmodel both flavors and the signature", () => {
  const document = JSON.parse(text("forecast.json"));
  const keys = ["featureNames", "featureSetDigest", "horizonMinutes", "quantileLevels", "nullable", "scaler", "heads"];
  keys.push("calibration", "trainingRanges", "referenceHistograms", "golden", "files");
  assertEquals(keys.filter((key) => !(key in document)), []);
  assert(document.golden.inputs.some((row: unknown[]) => row.includes(null)), "a golden row lacks what may be missing");
  const { flavors, artifactPath, signature } = decodeMlModel(text("MLmodel"));
  assertEquals(Object.keys(flavors), ["tfjs", "onnx", "python_function"]);
  assertEquals(flavors["python_function"]?.["loader_module"], "mlflow.onnx");
  assertStringIncludes(text("python_env.yaml"), `python: ${flavors["python_function"]?.["python_version"]}\n`);
  assertEquals(artifactPath, IDENTITY.artifactUri);
  assertEquals(signature?.inputs, [{ kind: "tensor", dtype: "float32", shape: [-1, 27] }]);
  assertEquals(signature?.outputs.map(({ name }) => name), ["probabilityUp", "volatilityBps", "quantilesBps"]);
  const plain = encodeModelFiles(plainModel("har", sample), sampleRows(sample, 2), IDENTITY, encodeMlModel).get(
    "MLmodel",
  );
  assertEquals(Object.keys(decodeMlModel(new TextDecoder().decode(plain)).flavors), [
    "bitcoin_ml",
    "onnx",
    "python_function",
  ]);
  assertStringIncludes(text("requirements.txt"), "onnxruntime");
});

/** The files of a model of trees, some of them changed; hashes are those of the changed ones. */
function treeFiles(change: (document: Record<string, unknown>) => unknown, path = "trees_direction.json") {
  const all = encodeModelFiles(treesModel(sample, 3), sampleRows(sample, 8), IDENTITY, encodeMlModel);
  const read = (name: string) => JSON.parse(new TextDecoder().decode(all.get(name)));
  const { sha256: _, ...document } = read(path), forecast = read("forecast.json");
  change(document);
  all.set(path, bytes(JSON.stringify({ ...document, sha256: sha256Of(canonicalJson(document)) })));
  forecast.files[path] = sha256Of(all.get(path)!);
  all.set("forecast.json", bytes(JSON.stringify(forecast)));
  return all;
}

Deno.test("loadForecastModel() refuses trees that are changed, cut, missing or not listed, by name", async () => {
  const trees = encodeModelFiles(treesModel(sample, 3), sampleRows(sample, 8), IDENTITY, encodeMlModel);
  for (const path of ["trees_direction.json", "trees_volatility.json"]) {
    await assertGuarded(trees, path);
    const forecast = JSON.parse(new TextDecoder().decode(trees.get("forecast.json")));
    delete forecast.files[path];
    const unlisted = new Map([...trees, ["forecast.json", bytes(JSON.stringify(forecast))]]);
    await assertRejects(() => loadForecastModel(unlisted), DomainError, `without '${path}'`);
  }
});

Deno.test("loadForecastModel() refuses trees of other features or another loss, though the hashes fit", async () => {
  type Document = { featureNames: string[]; loss: unknown; trees: { feature: number[]; value: number[] }[] };
  const refused = async (change: (document: Document) => unknown, part: string, path?: string) => {
    const files = treeFiles((document) => change(document as unknown as Document), path);
    const error = await assertRejects(() => loadForecastModel(files), DomainError, part);
    assertEquals(error.code, "model-invalid");
  };
  await refused(
    ({ featureNames }) => featureNames.push("more"),
    "'trees_direction.json' as it reads 28 features of 27",
  );
  await refused(({ featureNames }) => featureNames.reverse(), "'trees_direction.json' as its feature 0 is");
  await refused((document) => document.loss = { kind: "squared" }, "'trees_direction.json' as its loss is 'squared'");
  await refused(
    (document) => document.loss = { kind: "logistic" },
    "'trees_volatility.json' as its loss is 'logistic'",
    "trees_volatility.json",
  );
  await refused(({ trees }) => trees[0]!.feature[0] = 27, "'trees_direction.json' at 'trees.0.feature.0'");
  await refused(({ trees }) => trees[0]!.value = trees[0]!.value.map((value) => value + 0.1), "Golden row");
  await refused(({ trees }) => trees.pop(), "Golden row");
});

Deno.test("loadForecastModel() refuses a line with too few weights", async () => {
  const linear = encodeModelFiles(linearModel(sample), sampleRows(sample, 8), IDENTITY, encodeMlModel);
  const forecast = JSON.parse(new TextDecoder().decode(linear.get("forecast.json")));
  forecast.heads.direction.weights.pop();
  linear.set("forecast.json", bytes(JSON.stringify(forecast)));
  await assertRejects(() => loadForecastModel(linear), DomainError, "to a line of");
});
