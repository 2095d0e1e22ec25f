import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Tree } from "../../../src/ml/gbdt/gbdt_model.ts";
import { decodeGbdtJson, encodeGbdtJson } from "../../../src/ml/gbdt/gbdt_json.ts";
import { type GbdtOptions, resolveGbdtOptions } from "../../../src/ml/gbdt/gbdt_options.ts";
import { GbdtPredictor } from "../../../src/ml/gbdt/gbdt_predictor.ts";
import { fitGbdt, fitGbdtHere } from "../../../src/ml/gbdt/training/fit_gbdt.ts";
import type { GbdtRows } from "../../../src/ml/gbdt/training/gbdt_rows.ts";
import { LeafRules } from "../../../src/ml/gbdt/training/leaf.ts";
import { TrainingMemory } from "../../../src/ml/gbdt/training/training_memory.ts";
import { featureNames, rowMajor, syntheticRows } from "./rows.ts";

const QUIET = { permissions: "none" } as const;
const ROWS = 3000, FEATURES = 10;
const rows = syntheticRows(ROWS, { features: FEATURES });

function treesOf(options: Partial<GbdtOptions>, train: GbdtRows = rows): readonly Tree[] {
  const names = featureNames(train.columns.length);
  return fitGbdtHere({ featureNames: names, train, options: { loss: { kind: "squared" }, trees: 3, ...options } })
    .model.trees;
}

const leavesOf = ({ feature }: Tree) => [...feature.keys()].filter((node) => feature[node] === -1);
const splitsOf = ({ feature }: Tree) => [...feature.keys()].filter((node) => feature[node] !== -1);
const featuresOf = (tree: Tree) => new Set(splitsOf(tree).map((node) => tree.feature[node]!));
const depthOf = ({ feature, left }: Tree, node = 0): number =>
  feature[node] === -1 ? 0 : 1 +
    Math.max(depthOf({ feature, left } as Tree, left[node]!), depthOf({ feature, left } as Tree, left[node]! + 1));
const shapeOf = ({ feature, threshold, rows }: Tree) => [[...feature], [...threshold], [...rows]];

Deno.test("rowFraction is the share of the rows that each tree sees, other ones each time", QUIET, () => {
  for (const rowFraction of [0.25, 0.5]) {
    // The smallest steps: gradients are all but the same, so trees differ by their rows alone.
    const trees = treesOf({ rowFraction, learningRate: 1e-6 });
    for (const tree of trees) assertEquals(tree.rows[0], ROWS * rowFraction);
    assertNotEquals(shapeOf(trees[0]!), shapeOf(trees[1]!));
    assertNotEquals(shapeOf(trees[1]!), shapeOf(trees[2]!));
  }
  const [first, second] = treesOf({ learningRate: 1e-6 });
  assertEquals(first!.rows[0], ROWS);
  assertEquals(shapeOf(first!), shapeOf(second!), "all rows each time");
});

Deno.test("rows outside a tree's sample are given its leaf values too", QUIET, () => {
  const column = Float32Array.from({ length: 1000 }, (_, row) => row % 2);
  const train = { columns: [column], labels: column.map((value) => 10 * value) };
  const trees = treesOf({ rowFraction: 0.3, learningRate: 1 }, train);
  assertEquals([...trees[0]!.value], [0, -5, 5]);
  // Nothing is left to learn for any row; else the next samples would find it.
  for (const tree of trees.slice(1)) assertEquals([...tree.value], [0]);
});

Deno.test("columnFraction is the share of the features that a tree may split on, other ones each time", QUIET, () => {
  const trees = treesOf({ columnFraction: 0.3, trees: 8 }), used = trees.map(featuresOf);
  for (const features of used) assert(features.size <= 3, [...features].join());
  assert(new Set(used.flatMap((features) => [...features])).size > 6);
  assert(featuresOf(treesOf({ trees: 1 })[0]!).size > 3, "without it more are used");
});

Deno.test("maxDepth is the most splits between root and leaf, and is made use of", QUIET, () => {
  for (const maxDepth of [1, 2, 3]) {
    for (const tree of treesOf({ maxDepth })) {
      assertEquals([depthOf(tree), leavesOf(tree).length], [maxDepth, 2 ** maxDepth]);
    }
  }
  assert(depthOf(treesOf({ maxDepth: 0 })[0]!) > 3);
});

Deno.test("each split gains more than minGain", QUIET, () => {
  const [free] = treesOf({ trees: 1 }), gains = splitsOf(free!).map((node) => free!.gain[node]!).sort((a, b) => a - b);
  const minGain = gains[gains.length >> 1]!;
  const [held] = treesOf({ trees: 1, minGain }), kept = splitsOf(held!).map((node) => held!.gain[node]!);
  assert(gains[0]! < minGain && kept.length > 3);
  assert(kept.every((gain) => gain > minGain), `${Math.min(...kept)} > ${minGain}`);
});

Deno.test("minLeafHessian is rows for the squared loss, and p (1 − p) each for the logistic one", QUIET, () => {
  const fewest = (trees: readonly Tree[]) =>
    Math.min(...trees.flatMap((tree) => leavesOf(tree).map((leaf) => tree.rows[leaf]!)));
  const options = { minLeafRows: 1, maxLeaves: 63 };
  assert(fewest(treesOf(options)) < 60);
  assertEquals(fewest(treesOf({ ...options, minLeafHessian: 61.5 })), 62);
  assertEquals(fewest(treesOf({ ...options, minLeafRows: 62 })), 62);

  const classes = syntheticRows(ROWS, { features: FEATURES, labels: "classes" });
  const share = classes.labels.reduce((sum, label) => sum + label, 0) / ROWS, each = share * (1 - share);
  const logistic = { ...options, loss: { kind: "logistic" }, trees: 1 } as const;
  assert(fewest(treesOf(logistic, classes)) < 60);
  const held = fewest(treesOf({ ...logistic, minLeafHessian: 61.5 * each }, classes));
  assert(held >= 62 && held < 100, `${held}`);
});

Deno.test(
  "a rare class that samples often lack stays finite: a lone root adds nothing",
  async () => {
    const rows = 4000, { columns } = syntheticRows(rows, { features: 5 });
    const labels = Float32Array.from({ length: rows }, (_, row) => Number(row % 1000 === 7));
    const options = { loss: { kind: "logistic" }, trees: 300, learningRate: 0.1, rowFraction: 0.05 } as const;
    const job = { featureNames: featureNames(5), train: { columns, labels }, options };
    const { model, grownTrees, stopReason } = fitGbdtHere(job);
    assertEquals([grownTrees, stopReason], [300, "trees"]);
    const lone = model.trees.filter(({ feature }) => feature.length === 1);
    assert(lone.length > 20 && lone.length < 300, `${lone.length}`);
    assert(lone.every(({ value }) => value[0] === 0));
    const forecasts = new GbdtPredictor(model).predict(rowMajor(columns), rows);
    assert(forecasts.every(Number.isFinite));
    assertEquals(decodeGbdtJson(encodeGbdtJson(model)), model);
    assertEquals((await fitGbdt(job, { workers: 2 })).model, model);
  },
);

Deno.test("LeafRules takes no step where all hessians have rounded to nothing", { permissions: "none" }, () => {
  const options = resolveGbdtOptions({ loss: { kind: "logistic" } }, ["x"]);
  const shape = {
    ...{ trainRows: 100, validationRows: 0, features: 1, maxLeaves: 2, members: 1 },
    ...{ hasHessians: true, hasBinColumns: true },
  };
  const { memory } = TrainingMemory.allocate(shape);
  const rules = new LeafRules(TrainingMemory.attach(memory, shape), 0, options, new Int8Array(1));
  const rows = { seen: { start: 0, end: 100 }, others: { start: 100, end: 100 } };
  assertEquals(rules.root({ gradient: 3, hessian: 0, rows: 100 }, rows).weight, 0);
  assertEquals(rules.root({ gradient: 3, hessian: 2, rows: 100 }, rows).weight, -1.5);
});

Deno.test("a lone root of the quantile loss adds nothing either", { permissions: "none" }, () => {
  const { columns, labels } = syntheticRows(400, { features: 5 });
  const options = { loss: { kind: "quantile", level: 0.9 }, trees: 5, rowFraction: 0.5, minGain: 1e9 } as const;
  const { model } = fitGbdtHere({ featureNames: featureNames(5), train: { columns, labels }, options });
  assertEquals(model.trees.map(({ value }) => [...value]), [[0], [0], [0], [0], [0]]);
});
