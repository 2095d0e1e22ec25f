import { assert, assertEquals, assertThrows } from "@std/assert";
import * as ort from "onnxruntime-node";
import { DomainError, seededRandom } from "../../../src/core/mod.ts";
import { areaUnderCurve } from "../../../src/ml/evaluation/auc.ts";
import { decodeGbdtJson, encodeGbdtJson } from "../../../src/ml/gbdt/gbdt_json.ts";
import type { GbdtModel, Tree } from "../../../src/ml/gbdt/gbdt_model.ts";
import { canonicalJson } from "../../../src/ml/canonical_json.ts";
import { sha256Of } from "../../../src/ml/sha256.ts";
import { GbdtPredictor } from "../../../src/ml/gbdt/gbdt_predictor.ts";
import { permutationImportance } from "../../../src/ml/evaluation/permutation_importance.ts";
import { gainImportance } from "../../../src/ml/gbdt/importance.ts";
import { fitGbdtHere } from "../../../src/ml/gbdt/training/fit_gbdt.ts";
import { encodeGbdtOnnx } from "../../../src/ml/models/onnx/tree_ensemble.ts";
import { featureNames, rowMajor, syntheticRows } from "./rows.ts";

const FEATURES = 8;
const test = syntheticRows(500, { features: FEATURES, seed: 5, labels: "classes" });

function trained(loss: Parameters<typeof fitGbdtHere>[0]["options"]["loss"]) {
  const labels = loss.kind === "logistic" ? "classes" : "real";
  const train = syntheticRows(3000, { features: FEATURES, labels });
  return fitGbdtHere({ featureNames: featureNames(FEATURES), train, options: { loss, trees: 60 } }).model;
}

for (const loss of [{ kind: "squared" }, { kind: "logistic" }, { kind: "quantile", level: 0.1 }] as const) {
  Deno.test(`encodeGbdtOnnx() of the ${loss.kind} loss agrees with our forward pass in onnxruntime`, async () => {
    const model = trained(loss), rows = rowMajor(test.columns), count = 500;
    // On thresholds themselves, where `≤` and `<` differ, and beyond all values.
    const random = seededRandom(9);
    model.trees.forEach(({ feature, threshold }) => {
      if (feature[0]! >= 0) rows[random.integer(count) * FEATURES + feature[0]!] = threshold[0]!;
    });
    for (const value of [NaN, Infinity, -Infinity]) rows[random.integer(rows.length)] = value;
    const ours = new GbdtPredictor(model).predict(rows, count);
    const session = await ort.InferenceSession.create(encodeGbdtOnnx(model));
    const { prediction } = await session.run({ features: new ort.Tensor("float32", rows, [count, FEATURES]) });
    assertEquals([...prediction!.dims], [count, 1]);
    const theirs = prediction!.data as Float32Array;
    const worst = Math.max(
      ...theirs.map((value, row) => Math.abs(value - ours[row]!) / Math.max(1, Math.abs(ours[row]!))),
    );
    assert(worst <= 1e-5, `${worst}`);
    await session.release();
  });
}

Deno.test("decodeGbdtJson() gives back the model bit for bit", { permissions: "none" }, () => {
  const model = trained({ kind: "quantile", level: 0.9 });
  assertEquals(decodeGbdtJson(encodeGbdtJson(model)), model);
});

Deno.test("decodeGbdtJson() refuses what was tampered with by name", { permissions: "none" }, () => {
  const text = encodeGbdtJson(trained({ kind: "squared" }));
  // deno-lint-ignore no-explicit-any -- any place of the document is changed
  type Document = any;
  const cases: readonly [string, (document: Document) => void][] = [
    ["at 'trees.3.left.0': there is no child 0 of node 0", (d) => d.trees[3].left[0] = 0],
    ["at 'trees.3.left.0': there is no child 999", (d) => d.trees[3].left[0] = 999],
    ["at 'trees.0.feature.0': there is no feature 8", (d) => d.trees[0].feature[0] = 8],
    ["at 'trees.1.threshold.0': 0.1 is no float32", (d) => d.trees[1].threshold[0] = 0.1],
    ["at 'trees.1.value': 1 entries for", (d) => d.trees[1].value.length = 1],
    ["at 'trees.2.rows.0': children have other rows", (d) => d.trees[2].rows[0]++],
    ["at 'baseScore':", (d) => d.baseScore = null],
    ["at 'trees.4.value.1':", (d) => d.trees[4].value[1] = "7"],
    ["as it was changed: its sha256 is", (d) => d.trees[4].value[2] += 1],
    ["as it was changed: its sha256 is", (d) => d.featureNames.reverse()],
    ["at 'featureNames': two features have one name", (d) => d.featureNames[1] = "f0"],
    ["at 'featureNames.2':", (d) => d.featureNames[2] = ""],
    ["at 'trees.0.rows.1':", (d) => d.trees[0].rows[1] = -1],
  ];
  for (const [message, change] of cases) {
    const document = JSON.parse(text);
    change(document);
    assertThrows(() => decodeGbdtJson(JSON.stringify(document)), DomainError, `Cannot read 'gbdt.json' ${message}`);
  }
  assertThrows(
    () => decodeGbdtJson(text.slice(0, -9), "direction.json"),
    DomainError,
    "Cannot read 'direction.json' as",
  );
});

Deno.test("models whose numbers a file cannot hold are refused by name", { permissions: "none" }, () => {
  const model = trained({ kind: "squared" });
  const withTree = (i: number, change: (tree: Tree) => Partial<Tree>): GbdtModel => ({
    ...model,
    trees: model.trees.map((tree, at) => at === i ? { ...tree, ...change(tree) } : tree),
  });
  const leaf = model.trees[2]!.feature.indexOf(-1);
  const withLeaf = (value: number) => withTree(2, (tree) => ({ value: tree.value.with(leaf, value) }));
  const everyLeaf = (value: number) => ({
    ...model,
    trees: model.trees.map((t) => ({ ...t, value: t.value.map(() => value) })),
  });
  const cases: readonly [GbdtModel, string][] = [
    [withLeaf(NaN), `'trees.2.value.${leaf}': NaN is out of range`],
    [withLeaf(-Infinity), `'trees.2.value.${leaf}': -Infinity is out of range`],
    [{ ...model, baseScore: NaN }, "'baseScore': NaN is out of range"],
    [withTree(1, ({ gain }) => ({ gain: gain.with(0, Infinity) })), "'trees.1.gain.0': Infinity is out of range"],
    [everyLeaf(1e308), "'trees.1.value': a sum of leaf values is out of range"],
  ];
  for (const [wrong, message] of cases) {
    for (const encode of [encodeGbdtJson, encodeGbdtOnnx]) {
      if (encode === encodeGbdtOnnx && wrong === cases[4]![0]) continue;
      assertEquals(assertThrows(() => encode(wrong), DomainError, message).code, "model-invalid");
    }
  }
  const document = JSON.parse(encodeGbdtJson(model));
  // deno-lint-ignore no-explicit-any -- a tree of the document
  document.trees.forEach((tree: any) => tree.value.fill(1e308));
  const { sha256: _, ...unsigned } = document;
  const forged = JSON.stringify({ ...unsigned, sha256: sha256Of(canonicalJson(unsigned)) });
  assertThrows(() => decodeGbdtJson(forged), DomainError, "a sum of leaf values is out of range");
  for (const large of [withLeaf(1e39), { ...model, baseScore: -1e99 }, everyLeaf(1e38)]) {
    assertThrows(() => encodeGbdtOnnx(large), DomainError, "Cannot write trees as ONNX, which is float32, at");
    assertEquals(decodeGbdtJson(encodeGbdtJson(large)).baseScore, large.baseScore);
  }
  encodeGbdtOnnx(withLeaf(3.4e38));
});

Deno.test("permutationImportance() refuses what are no whole rows, and no repeats", { permissions: "none" }, () => {
  const scoresOf = () => ({ auc: 1 });
  assertThrows(
    () => permutationImportance(["a", "b"], new Float32Array(5), { scoresOf }),
    RangeError,
    "5 values as rows of 2",
  );
  assertThrows(() => permutationImportance([], new Float32Array(0), { scoresOf }), RangeError, "rows of 0 features");
  for (const repeats of [0, -1, 1.5, NaN]) {
    const run = () => permutationImportance(["a"], new Float32Array(5), { scoresOf, repeats });
    assertThrows(run, RangeError, `${repeats} times`);
  }
});

Deno.test("importance by gain and by permutation puts the features that matter first", { permissions: "none" }, () => {
  const model = trained({ kind: "logistic" });
  const predictor = new GbdtPredictor(model);
  const byGain = gainImportance(model);
  const byPermutation = permutationImportance(featureNames(FEATURES), rowMajor(test.columns), {
    scoresOf: (rows) => ({ auc: areaUnderCurve({ scores: predictor.scores(rows, 500), outcomes: test.labels }) }),
  });
  for (const ranking of [byGain, byPermutation.auc]) {
    assertEquals(ranking.slice(0, 4).map(({ feature }) => feature).sort(), ["f0", "f1", "f2", "f4"]);
  }
  assert(Math.abs(byGain.reduce((sum, { value }) => sum + value, 0) - 1) < 1e-12);
});
