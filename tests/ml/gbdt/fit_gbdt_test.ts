import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DomainError, seededRandom } from "../../../src/core/mod.ts";
import type { Tree } from "../../../src/ml/gbdt/gbdt_model.ts";
import { GbdtPredictor } from "../../../src/ml/gbdt/gbdt_predictor.ts";
import { fitGbdt, fitGbdtHere, type GbdtTask } from "../../../src/ml/gbdt/training/fit_gbdt.ts";
import { lossFunction } from "../../../src/ml/gbdt/training/losses.ts";
import { growNaiveTree, type NaiveNode } from "./naive_gbdt.ts";
import { featureNames, rowMajor, syntheticRows } from "./rows.ts";

function task(options: GbdtTask["options"], rows = 3000, features = 10): GbdtTask {
  const labels = options.loss.kind === "logistic" ? "classes" : "real";
  return {
    featureNames: featureNames(features),
    train: syntheticRows(rows, { features, labels }),
    validation: syntheticRows(1000, { features, labels, seed: 2 }),
    options,
  };
}

const LOSSES = [{ kind: "squared" }, { kind: "logistic" }, { kind: "quantile", level: 0.9 }] as const;

Deno.test("fitGbdtHere() grows the trees of a slow one that tries every split", { permissions: "none" }, () => {
  const options = { maxLeaves: 8, minLeafRows: 5, l2: 1, learningRate: 0.3 };
  for (const seed of [1, 2, 3]) {
    const train = syntheticRows(400, { features: 6, seed });
    const { model } = fitGbdtHere({
      featureNames: featureNames(6),
      train,
      options: { loss: { kind: "squared" }, trees: 2, ...options },
    });
    const scores = new Float64Array(400).fill(model.baseScore);
    const rows = rowMajor(train.columns);
    model.trees.forEach((tree, i) => {
      assertSameTree(tree, 0, growNaiveTree(train, scores, options));
      scores.set(new GbdtPredictor({ ...model, trees: model.trees.slice(0, i + 1) }).scores(rows, 400));
    });
  }
});

function assertSameTree(tree: Tree, node: number, expected: NaiveNode): void {
  if ("value" in expected) {
    assertEquals(tree.feature[node], -1);
    assertEquals(tree.rows[node], expected.rows);
    assertAlmostEquals(tree.value[node]!, expected.value, 1e-7);
    return;
  }
  const { feature, threshold, missingLeft, left, right } = expected;
  assertEquals([tree.feature[node], tree.threshold[node]], [feature, threshold]);
  assertEquals(tree.missingLeft[node] === 1, missingLeft);
  assertSameTree(tree, tree.left[node]!, left);
  assertSameTree(tree, tree.left[node]! + 1, right);
}

for (const loss of LOSSES) {
  Deno.test(`fitGbdt() of the ${loss.kind} loss gives the same bits with 1, 2 and 3 workers and on this thread`, async () => {
    // More than one block of rows, and more than one group of features.
    const job = task({ loss, trees: 8, rowFraction: 0.7, columnFraction: 0.8 }, 40_000, 20);
    const here = fitGbdtHere(job);
    assertEquals(here.model.trees.length, 8);
    for (const workers of [1, 2, 3]) {
      const { model, validationLosses } = await fitGbdt(job, { workers });
      assertEquals({ model, validationLosses }, { model: here.model, validationLosses: here.validationLosses });
    }
  });

  Deno.test(`the ${loss.kind} loss falls on rows not trained on, and is that of the predictions`, {
    permissions: "none",
  }, () => {
    const job = task({ loss, trees: 60, patience: 60 });
    const fit = fitGbdtHere(job), { columns, labels } = job.validation!;
    const best = Math.min(...fit.validationLosses);
    assert(best < 0.98 * fit.validationLosses[0]!, `${fit.validationLosses[0]} -> ${best}`);
    const scores = new GbdtPredictor(fit.model).scores(rowMajor(columns), labels.length);
    const mean = scores.reduce((sum, score, row) => sum + lossFunction(loss).loss(labels[row]!, score), 0) / 1000;
    assertAlmostEquals(mean, best, 1e-9);
  });
}

Deno.test(
  "the trees do not depend on the order of the features, but for their numbers",
  { permissions: "none" },
  () => {
    const job = task({ loss: { kind: "squared" }, trees: 10 }, 2000, 20);
    const order = [13, 2, 19, 7, 0, 11, 4, 16, 1, 18, 5, 9, 3, 15, 8, 6, 17, 10, 12, 14];
    const shuffled = fitGbdtHere({
      featureNames: order.map((feature) => `f${feature}`),
      train: { ...job.train, columns: order.map((feature) => job.train.columns[feature]!) },
      options: job.options,
    });
    const { model } = fitGbdtHere({ featureNames: job.featureNames, train: job.train, options: job.options });
    const renumbered = shuffled.model.trees.map((tree) => ({
      ...tree,
      feature: tree.feature.map((feature) => feature < 0 ? -1 : order[feature]!),
    }));
    assertEquals(renumbered, model.trees);
  },
);

Deno.test("monotone constraints hold on any pair of rows", { permissions: "none" }, () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.constantFrom(...LOSSES.slice(0, 2)), (seed, loss) => {
      const labels = loss.kind === "logistic" ? "classes" : "real";
      const { model } = fitGbdtHere({
        featureNames: featureNames(6),
        train: syntheticRows(1500, { features: 6, seed, labels }),
        options: { loss, trees: 20, minLeafRows: 3, monotone: { f0: 1, f2: -1 } },
      });
      assert(model.trees.some(({ feature }) => feature.includes(0)), "the constrained feature is used");
      const predictor = new GbdtPredictor(model), random = seededRandom(seed);
      for (let pair = 0; pair < 200; pair++) {
        const row = Float32Array.from({ length: 6 }, () => random.normal());
        const scores = (feature: number) => {
          const raised = row.slice();
          raised[feature]! += Math.abs(random.normal());
          return predictor.scores(raised, 1)[0]! - predictor.scores(row, 1)[0]!;
        };
        assert(scores(0) >= 0 && scores(2) <= 0);
      }
    }),
    { numRuns: 10 },
  );
});

Deno.test("a missing value goes to the better side, also where missing alone tells the rows apart", {
  permissions: "none",
}, () => {
  const column = Float32Array.from({ length: 400 }, (_, row) => row % 4 === 0 ? NaN : row % 7);
  const labels = column.map((value) => Number.isNaN(value) ? 5 : 0);
  const { model } = fitGbdtHere({
    featureNames: ["x"],
    train: { columns: [column], labels },
    options: { loss: { kind: "squared" }, trees: 1, learningRate: 1 },
  });
  assertEquals([...model.trees[0]!.threshold.slice(0, 1)], [Infinity]);
  assertEquals([...new GbdtPredictor(model).predict(Float32Array.of(NaN, 3, Infinity, -Infinity), 4)], [5, 0, 0, 0]);
});

Deno.test("constant, duplicated and infinite features do no harm", { permissions: "none" }, () => {
  const { columns: [x, y], labels } = syntheticRows(1000, { features: 5 });
  const infinite = x!.map((value) => value > 1 ? Infinity : value < -1 ? -Infinity : value);
  const { model } = fitGbdtHere({
    featureNames: ["constant", "missing", "x", "x_again", "infinite"],
    train: { columns: [new Float32Array(1000).fill(3), new Float32Array(1000).fill(NaN), y!, y!, infinite], labels },
    options: { loss: { kind: "squared" }, trees: 20 },
  });
  const used = new Set(model.trees.flatMap(({ feature }) => [...feature]));
  assertEquals([...used].sort(), [-1, 2, 4], "of two equal features the first is used");
  assert(model.trees.every(({ threshold }) => threshold.every(Number.isFinite)));
  const scores = new GbdtPredictor(model).scores(Float32Array.of(3, NaN, 0, 0, Infinity, 3, NaN, 0, 0, -Infinity), 2);
  assert(scores.every(Number.isFinite) && scores[0] !== scores[1]);
});

Deno.test("training stops after patience trees without a better loss and goes back to the best", {
  permissions: "none",
}, () => {
  const fit = fitGbdtHere(task({ loss: { kind: "squared" }, trees: 2000, patience: 5, learningRate: 0.5 }));
  const best = fit.validationLosses.indexOf(Math.min(...fit.validationLosses)) + 1;
  assertEquals([fit.stopReason, fit.model.trees.length, fit.grownTrees], ["patience", best, best + 5]);
});

Deno.test("labels that are all alike end training with no tree", { permissions: "none" }, () => {
  const { columns } = syntheticRows(500, { features: 5 });
  const fit = fitGbdtHere({
    featureNames: featureNames(5),
    train: { columns, labels: new Float32Array(500).fill(2.5) },
    options: { loss: { kind: "squared" } },
  });
  assertEquals([fit.stopReason, fit.model.trees.length, fit.model.baseScore], ["no-gain", 0, 2.5]);
});

Deno.test("labels near both ends of the doubles are trained on all the same", { permissions: "none" }, () => {
  const { columns, labels } = syntheticRows(500, { features: 5 }), tried = [1e-300, 1e-90, 1, 1e90];
  const steps = tried.map((unit) => {
    const scaled = Float64Array.from(labels, (label) => label * unit);
    const options = { loss: { kind: "squared" }, trees: 3 } as const;
    const { model } = fitGbdtHere({ featureNames: featureNames(5), train: { columns, labels: scaled }, options });
    return model.trees.map(({ value }) => Math.max(...value) / unit);
  });
  assertEquals(steps[0], [], "as good as constant");
  for (const each of steps.slice(1)) each.forEach((step, tree) => assertAlmostEquals(step, steps[2]![tree]!, 1e-6));
});

Deno.test("options that there are none of, and losses, are refused by name", { permissions: "none" }, () => {
  const good = task({ loss: { kind: "squared" }, trees: 1 }, 100, 5);
  // deno-lint-ignore no-explicit-any -- what a caller without types may hand over
  const withOptions = (options: any) => () => fitGbdtHere({ ...good, options });
  const cases: readonly [unknown, string][] = [
    [{}, "'loss.kind' must be squared, logistic, quantile: current value is undefined"],
    [{ loss: { kind: "hinge" } }, "current value is hinge"],
    [{ loss: { kind: "toString" } }, "current value is toString"],
    [{ loss: { kind: "squared" }, maxLeafs: 3 }, "there is no option 'maxLeafs'"],
  ];
  for (const [options, message] of cases) {
    assertEquals(assertThrows(withOptions(options), DomainError, message).code, "config-invalid");
  }
  const nameless = () => fitGbdtHere({ ...good, featureNames: ["f0", "", "f2", "f3", "f4"] });
  assertThrows(nameless, DomainError, "feature 1 has no name");
});

Deno.test("bad input is refused by name", { permissions: "none" }, async () => {
  const good = task({ loss: { kind: "logistic" }, trees: 2 }, 100, 5);
  const { columns, labels } = good.train;
  const withLabel = (row: number, label: number) => ({ columns, labels: labels.with(row, label) });
  const short = columns.with(2, columns[2]!.subarray(1));
  const cases: readonly [string, Partial<GbdtTask>][] = [
    ["training column 'f2' has 99 values for 100 labels", { train: { columns: short, labels } }],
    ["there are 4 training columns for 5 features", { train: { columns: columns.slice(1), labels } }],
    ["training label 7 is NaN", { train: withLabel(7, NaN) }],
    ["training label 7 is Infinity", { train: withLabel(7, Infinity) }],
    ["training label 7 is 2 where the logistic loss needs 0 or 1", { train: withLabel(7, 2) }],
    ["all 100 training labels are 1: one class only", { train: { columns, labels: labels.map(() => 1) } }],
    ["there are 100 training rows where a leaf must have 101", { options: { ...good.options, minLeafRows: 101 } }],
    ["two features are named 'f0'", { featureNames: ["f0", "f1", "f0", "f3", "f4"] }],
    ["validation column 'f0' has 9 values", { validation: { columns: short.with(0, short[0]!.subarray(91)), labels } }],
    ["'maxBins' must be a whole number from 2 to 255: current value is 256", {
      options: { ...good.options, maxBins: 256 },
    }],
    ["'monotone' names 'g', which is no feature", { options: { ...good.options, monotone: { g: 1 } } }],
    ["'loss.level' must be between 0 and 1", { options: { loss: { kind: "quantile", level: 1 } } }],
  ];
  for (const [message, change] of cases) {
    await assertRejects(() => fitGbdt({ ...good, ...change }), DomainError, message);
  }
});

Deno.test("start scores of one value are a base score", { permissions: "none" }, () => {
  const whole = task({ loss: { kind: "logistic" }, trees: 5 });
  const { model, validationLosses } = fitGbdtHere(whole);
  const started = (rows: typeof whole.train) => ({
    ...rows,
    startScores: new Float64Array(rows.labels.length).fill(model.baseScore),
  });
  const fit = fitGbdtHere({ ...whole, train: started(whole.train), validation: started(whole.validation!) });
  assertEquals(fit.model, { ...model, baseScore: 0 });
  assertEquals(fit.validationLosses, validationLosses);
});

Deno.test(
  "from start scores trees learn what is left: those of labels less the scores",
  { permissions: "none" },
  () => {
    const { train, ...rest } = task({ loss: { kind: "squared" }, trees: 5, rowFraction: 0.5 });
    const random = seededRandom(9), quarters = (value: number) => Math.round(4 * value) / 4; // exact sums
    const labels = Float64Array.from(train.labels, quarters);
    const startScores = Float64Array.from(labels, (_, row) => row % 2 === 0 ? quarters(random.normal()) : 0);
    const left = labels.map((label, row) => label - startScores[row]!);
    left[0]! -= left.reduce((a, b) => a + b); // no base score
    labels[0] = startScores[0]! + left[0]!;
    const { validation: _, ...options } = rest;
    const fromScores = fitGbdtHere({ ...options, train: { ...train, labels, startScores } });
    assertEquals(fromScores.model, fitGbdtHere({ ...options, train: { ...train, labels: left } }).model);
  },
);

Deno.test("start scores that fit no rows are refused", { permissions: "none" }, () => {
  const { train, validation, ...rest } = task({ loss: { kind: "squared" }, trees: 1 });
  const withScores = (startScores: Float64Array) => () => fitGbdtHere({ ...rest, train: { ...train, startScores } });
  assertThrows(withScores(new Float64Array(7)), DomainError, "there are 7 training start scores for 3000 labels");
  assertThrows(withScores(new Float64Array(3000).fill(NaN, 5)), DomainError, "training start score 5 is NaN");
  const startScores = new Float64Array(3000);
  assertThrows(
    () => fitGbdtHere({ ...rest, train: { ...train, startScores }, validation: validation! }),
    RangeError,
    "rows alone",
  );
});
