import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { MODEL_CONFIG_SCHEMA } from "../../../src/config/model_config.ts";
import { DAY_MS, DomainError, MINUTE_MS } from "../../../src/core/mod.ts";
import { encodeGbdtJson } from "../../../src/ml/gbdt/gbdt_json.ts";
import { fitGbdt, fitGbdtHere, type GbdtTask } from "../../../src/ml/gbdt/training/fit_gbdt.ts";
import { harLogVariance } from "../../../src/ml/models/har.ts";
import { shrinkCorrection } from "../../../src/ml/training/calibrated_model.ts";
import { fitTrees, type GrowTrees, type HeadReport, type TreesOptions } from "../../../src/ml/training/fit_trees.ts";
import { fitPlainLines } from "../../../src/ml/training/plain_lines.ts";
import { sampleDataset } from "../models/sample_models.ts";

const OPTIONS: TreesOptions = {
  ...MODEL_CONFIG_SCHEMA.parse({}).gbdt,
  ...{ trees: 30, patience: 30, minLeafRows: 50, seed: 1 },
};
const { dataset, split } = sampleDataset({ minutes: 43_200 });
const growHere: GrowTrees = (task) => Promise.resolve(fitGbdtHere(task));

/** Fits, and keeps the tasks that were given to the trainer. */
async function fitted(options: Partial<TreesOptions> = {}, grow = growHere, data = dataset) {
  const tasks: GbdtTask[] = [], reports: HeadReport[] = [];
  const fit = await fitTrees(data, split, { ...OPTIONS, ...options }, {
    grow(task, callOptions) {
      tasks.push(task);
      return grow(task, callOptions);
    },
    onTree: (report) => reports.push(report),
  });
  return { ...fit, tasks, reports };
}

Deno.test("fitTrees() grows direction on moves and volatility on all, of every third minute, the phase rotating by day", async () => {
  const monotone = { direction: { return_5: -1 }, volatility: { rv_15: 1 } } as const;
  const { tasks: [direction, volatility] } = await fitted({ monotone });
  assertEquals([direction!, volatility!].map(({ options }) => options.monotone), Object.values(monotone));
  const { features, labels } = dataset;
  const third = split.train.filter((row) => {
    const timeMs = features.decisionTimeMs[row]!;
    return (timeMs / MINUTE_MS % 1440 + Math.floor(timeMs / DAY_MS)) % 3 === 0;
  });
  const moved = third.filter((row) => labels.returnBps[row] !== 0);
  assertEquals(direction!.options.loss, { kind: "logistic" });
  assertEquals([...direction!.train.labels], Array.from(moved, (row) => labels.returnBps[row]! > 0 ? 1 : 0));
  assertEquals([...direction!.train.columns[0]!], Array.from(moved, (row) => features.columns[0]![row]!));
  assertEquals(volatility!.options.loss, { kind: "squared" });
  assertEquals(volatility!.train.labels.length, third.length);
  assertEquals(volatility!.validation!.labels.length, split.validation.length);
  const { har, direction: cells } = fitPlainLines(dataset, split), at = third.length >> 1;
  const [line] = harLogVariance(har, features, third.slice(at, at + 1));
  const target = Math.log(labels.realizedVarianceBps2[third[at]!]!) - line!;
  assertAlmostEquals(volatility!.train.labels[at]!, target, 1e-12);
  const move = features.columns[features.names.indexOf("return_15")]![moved[7]!]!;
  assertEquals(direction!.train.startScores![7], move > 0 ? cells.logits.up : cells.logits.down);
});

Deno.test("fitTrees() gives the same model from Workers and on this thread, and tells of both heads", async () => {
  const here = await fitted(), inWorkers = await fitted({}, (task, o) => fitGbdt(task, { ...o, workers: 2 }));
  const files = ({ model }: typeof here) =>
    [model.parts.trees!.direction!, model.parts.trees!.volatility!].map((trees) => encodeGbdtJson(trees));
  assertEquals(inWorkers.model.spec, here.model.spec);
  assertEquals(files(inWorkers), files(here));
  assertEquals(new Set(inWorkers.reports.map(({ head }) => head)), new Set(["direction", "volatility"]));
  const { direction, volatility } = here.outcome;
  for (const { trees, grownTrees, shrink } of [direction, volatility]) {
    assert(trees <= grownTrees && grownTrees <= 30 && shrink >= 0 && shrink <= 1);
  }
});

Deno.test("fitTrees() keeps leaves that float32 holds, and no base score beside the lines", async () => {
  const { model } = await fitted();
  for (const trees of Object.values(model.parts.trees!)) {
    assertEquals(trees.baseScore, 0);
    for (const { value } of trees.trees) assertEquals(value, value.map(Math.fround));
  }
});

Deno.test("fitTrees() where trees make it worse is the plain lines", async () => {
  const wrong: GrowTrees = (task) => {
    const fit = fitGbdtHere({ ...task, options: { ...task.options, rowFraction: 1, patience: 1000 } });
    const flip = (value: Float64Array) => value.map((leaf) => -leaf);
    // Kept to the last, with every leaf the wrong way round.
    return Promise.resolve({
      ...fit,
      model: { ...fit.model, trees: fit.model.trees.map((tree) => ({ ...tree, value: flip(tree.value) })) },
    });
  };
  const { model, outcome } = await fitted({}, wrong);
  assertEquals([outcome.direction.shrink, outcome.volatility.shrink], [0, 0]);
  const { har, direction: cells } = fitPlainLines(dataset, split);
  assertEquals(model.spec.heads.volatility, { kind: "har-trees", bound: 1, shrink: 0, level: 0, ...har });
  assertEquals(model.spec.heads.direction, { kind: "sign-trees", shrink: 0, ...cells });
});

Deno.test("shrinkCorrection() keeps the level: the mean of RV/σ² on the fitted rows is what it was", () => {
  const lines = fitPlainLines(dataset, split), rows = split.train, residuals = lines.logVarianceResiduals(rows);
  const half = (of: Int32Array) => lines.logVarianceResiduals(of).map((residual) => residual / 2);
  const { shrink, level } = shrinkCorrection(dataset, split, lines, {
    rows,
    fitted: half(rows),
    validation: half(split.validation),
  });
  assertEquals(shrink, 0.7, "it knows half of what is to come, and no correction counts for more");
  const ratio = (level: number, share: number) =>
    residuals.reduce((sum, residual) => sum + Math.exp(residual * (1 - share / 2) - level), 0) / rows.length;
  assertAlmostEquals(ratio(level, shrink), ratio(0, 0), 1e-9);
});

Deno.test("fitTrees() refuses what cannot be learnt from, by name", async () => {
  const refused = async (options: Partial<TreesOptions>, code: string, part: string, data = dataset) => {
    const error = await assertRejects(() => fitted(options, growHere, data), DomainError, part);
    assertEquals(error.code, code);
  };
  const withColumn = (change: (column: Float32Array, columns: readonly Float32Array[]) => unknown) => {
    const columns = dataset.features.columns.map((column) => column.slice());
    change(columns[2]!, columns);
    return { ...dataset, features: { ...dataset.features, columns } };
  };
  const name = dataset.features.names[2]!;
  await refused({}, "input-invalid", `'${name}' is 7 in every row`, withColumn((column) => column.fill(7)));
  await refused({}, "input-invalid", `'${name}' has the values of`, withColumn((c, all) => c.set(all[1]!)));
  const first = split.train[9]!;
  await refused({}, "input-invalid", `'${name}' is Infinity in row ${first}`, withColumn((c) => c[first] = Infinity));
  const rising = { ...dataset.labels, returnBps: dataset.labels.returnBps.map(Math.abs) };
  await refused({}, "input-invalid", "goes down", { ...dataset, labels: rising });
  await refused({ minLeafRows: 1e6 }, "input-invalid", "training rows where a leaf must have 1000000");
  await refused({ monotone: { direction: { nothing: 1 }, volatility: {} } }, "config-invalid", "'nothing'");
});

Deno.test("fitTrees() ends with the error of a trainer that was lost", async () => {
  const lost = new DomainError("bug", "Training boosted trees ended as no worker has done anything for 60 s");
  const error = await assertRejects(() => fitted({}, () => Promise.reject(lost)), DomainError, "no worker");
  assertEquals(error, lost);
});
