/** Our boosted trees beside scikit-learn's and LightGBM's: the same rows and settings, and our ONNX file in Python. */
import { assert } from "@std/assert";
import { DAY_MS, seededRandom } from "../../src/core/mod.ts";
import { areaUnderCurve } from "../../src/ml/evaluation/auc.ts";
import { defaultFeatureEngine } from "../../src/ml/features/mod.ts";
import type { GbdtLoss } from "../../src/ml/gbdt/gbdt_model.ts";
import { GbdtPredictor } from "../../src/ml/gbdt/gbdt_predictor.ts";
import { fitGbdt } from "../../src/ml/gbdt/training/fit_gbdt.ts";
import { lossFunction } from "../../src/ml/gbdt/training/losses.ts";
import { encodeGbdtOnnx } from "../../src/ml/models/onnx/tree_ensemble.ts";
import { buildDataset } from "../../src/ml/dataset.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { rowMajor, syntheticRows } from "../ml/gbdt/rows.ts";
import { readZips, SAMPLE_DIR } from "../reporting/sample_reader.ts";
import { interopTest, runPython } from "./python.ts";

interface Rows {
  readonly columns: readonly Float32Array[];
  readonly labels: Float32Array;
}

interface PeerAnswer {
  readonly predictions: Readonly<Record<string, readonly number[]>>;
  readonly onnxDifference: number;
}

const SETTINGS = { trees: 100, learningRate: 0.1, maxLeaves: 31, minLeafRows: 50, l2: 1 };
/** For rows that tell little: larger trees learn noise, each implementation another. */
const GENTLE_SETTINGS = { trees: 100, learningRate: 0.03, maxLeaves: 15, minLeafRows: 500, l2: 1 };
/** Largest difference of the area under the curve, either way. */
const AUC_TOLERANCE = 0.002;
/** Largest loss above a peer's, as a share of it. */
const LOSS_TOLERANCE = 0.02;

/** Trains ours and the peers; calls back with the predictions of each for the test rows. */
async function compare(
  loss: GbdtLoss,
  { train, test }: { readonly train: Rows; readonly test: Rows },
  check: (peer: string, ours: ArrayLike<number>, theirs: ArrayLike<number>) => void,
  settings = SETTINGS,
): Promise<void> {
  await using folder = await tmpDir();
  const featureNames = train.columns.map((_, i) => `f${i}`), options = { loss, ...settings };
  const { model } = await fitGbdt({ featureNames, train, options }, { workers: 2 });
  const ours = new GbdtPredictor(model).predict(rowMajor(test.columns), test.labels.length);
  const write = async (name: string, parts: readonly (Float32Array | Float64Array)[]) => {
    using file = await Deno.open(`${folder.path}/${name}.bin`, { create: true, write: true });
    for (const part of parts) file.writeSync(new Uint8Array(part.slice().buffer));
  };
  await write("train", train.columns);
  await write("labels", [train.labels]);
  await write("test", test.columns);
  await write("predictions", [ours]);
  await Deno.writeFile(`${folder.path}/model.onnx`, encodeGbdtOnnx(model));
  await Deno.writeTextFile(`${folder.path}/task.json`, JSON.stringify({ options, features: featureNames.length }));
  const file = new URL("gbdt_peers.py", import.meta.url).pathname;
  const { predictions, onnxDifference } = await runPython<PeerAnswer>({ file }, [folder.path], {
    env: { OMP_NUM_THREADS: "1" }, // its threads wait by spinning, for minutes where others keep the cores busy
  });
  assert(onnxDifference <= 1e-5, `ONNX in Python differs by ${onnxDifference}`);
  if (predictions["LightGBM"] === undefined) assert(Deno.env.get("CI") !== "true", "LightGBM is not installed");
  report(`${loss.kind}: ONNX ${onnxDifference.toExponential(1)}`);
  for (const [peer, theirs] of Object.entries(predictions)) check(peer, ours, theirs);
}

/** Figures are kept in the file that GBDT_FIGURES names. */
function report(line: string): void {
  const path = Deno.env.get("GBDT_FIGURES");
  if (path !== undefined) Deno.writeTextFileSync(path, `${line}\n`, { append: true });
}

async function compareAuc(
  name: string,
  rows: { readonly train: Rows; readonly test: Rows },
  settings = SETTINGS,
): Promise<void> {
  await compare({ kind: "logistic" }, rows, (peer, ours, theirs) => {
    const auc = (scores: ArrayLike<number>) => areaUnderCurve({ scores, outcomes: rows.test.labels });
    const line = `${name}: AUC ${auc(ours).toFixed(5)}, ${peer} ${auc(theirs).toFixed(5)}`;
    report(line);
    assert(Math.abs(auc(ours) - auc(theirs)) <= AUC_TOLERANCE, line);
  }, settings);
}

async function compareLoss(name: string, loss: GbdtLoss, rows: { readonly train: Rows; readonly test: Rows }) {
  await compare(loss, rows, (peer, ours, theirs) => {
    const { labels } = rows.test;
    const mean = (scores: ArrayLike<number>) =>
      labels.reduce((sum, label, row) => sum + lossFunction(loss).loss(label, scores[row]!), 0) / labels.length;
    const line = `${name}: loss ${mean(ours).toPrecision(6)}, ${peer} ${mean(theirs).toPrecision(6)}`;
    report(line);
    assert(mean(ours) <= mean(theirs) * (1 + LOSS_TOLERANCE), line);
  });
}

/** Drops rows of class 1 until there are about a hundred of class 0 to each. */
function imbalanced({ columns, labels }: Rows): Rows {
  const random = seededRandom(11),
    kept = Array.from(labels.keys()).filter((row) => labels[row] === 0 || random.uniform() < 0.01);
  return {
    columns: columns.map((column) => Float32Array.from(kept, (row) => column[row]!)),
    labels: Float32Array.from(kept, (row) => labels[row]!),
  };
}

const generated = (labels: "real" | "classes") => ({
  train: syntheticRows(60_000, { features: 20, seed: 1, labels }),
  test: syntheticRows(60_000, { features: 20, seed: 2, labels }),
});

interopTest(
  "boosted trees rank generated rows as scikit-learn and LightGBM do",
  () => compareAuc("generated", generated("classes")),
);

interopTest("boosted trees rank rows of classes 100:1 as scikit-learn and LightGBM do", () => {
  const many = {
    train: syntheticRows(400_000, { features: 12, seed: 3, labels: "classes" }),
    test: syntheticRows(400_000, { features: 12, seed: 4, labels: "classes" }),
  };
  return compareAuc("100:1", { train: imbalanced(many.train), test: imbalanced(many.test) });
});

interopTest(
  "boosted trees have the squared loss of scikit-learn and LightGBM",
  () => compareLoss("squared", { kind: "squared" }, generated("real")),
);

for (const level of [0.05, 0.5, 0.9]) {
  interopTest(
    `boosted trees have the pinball loss of scikit-learn and LightGBM at ${level}`,
    () => compareLoss(`quantile ${level}`, { kind: "quantile", level }, generated("real")),
  );
}

interopTest("boosted trees on the features of real candles rank as scikit-learn and LightGBM do", async (t) => {
  const startMs = Date.UTC(2023, 1, 1), DAYS = 90;
  const candles = await readZips(SAMPLE_DIR, startMs, startMs + DAYS * DAY_MS);
  const { features, labels } = buildDataset(candles, defaultFeatureEngine(), { horizonMinutes: 15, sinceMs: startMs });
  const testStartMs = startMs + 0.7 * DAYS * DAY_MS;
  const rowsOf = (isTest: boolean, label: (row: number) => number) => {
    const rows = Array.from(labels.scorable.keys()).filter((row) =>
      labels.scorable[row] === 1 && (features.decisionTimeMs[row]! >= testStartMs) === isTest && label(row) >= 0
    );
    return {
      columns: features.columns.map((column) => Float32Array.from(rows, (row) => column[row]!)),
      labels: Float32Array.from(rows, label),
    };
  };
  const split = (label: (row: number) => number) => ({ train: rowsOf(false, label), test: rowsOf(true, label) });
  const variances = labels.realizedVarianceBps2.filter((variance) => variance > 0).sort();
  const median = variances[variances.length >> 1]!;
  const isLively = split((row) => Number(labels.realizedVarianceBps2[row]! > median));
  const isUp = split((row) => labels.returnBps[row] === 0 ? -1 : Number(labels.returnBps[row]! > 0));
  await t.step(
    "whether the next quarter of an hour is a lively one",
    () => compareAuc("candles, variance", isLively, GENTLE_SETTINGS),
  );
  await t.step("whether the price rises", () => compareAuc("candles, direction", isUp, GENTLE_SETTINGS));
});
