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
import { everyNthMinute } from "../../src/ml/labels/mod.ts";
import { chronologicalSplit } from "../ml/chronological_split.ts";
import { fitPlainLines } from "../../src/ml/training/plain_lines.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { rowMajor, syntheticRows } from "../ml/gbdt/rows.ts";
import { LARGE_DIR, readZips, SAMPLE_DIR } from "../reporting/sample_reader.ts";
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
/** For candles. */
const CANDLE_SETTINGS = { trees: 200, learningRate: 0.05, maxLeaves: 15, minLeafRows: 20, l2: 0 };
const LARGE_CANDLE_SETTINGS = { ...CANDLE_SETTINGS, maxLeaves: 31, minLeafRows: 200 };
/** For the sample, whose rows are few and overlap: larger trees learn noise, each implementation another. */
const GENTLE_SETTINGS = { trees: 100, learningRate: 0.03, maxLeaves: 15, minLeafRows: 500, l2: 1 };
/** Largest difference of the area under the curve, either way. */
const AUC_TOLERANCE = 0.002;
/** Share of the training rows in a resample, and how many of these there are. */
const RESAMPLE_SHARE = 0.8, RESAMPLES = 3;
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

/**
 * The same of the mean over resamples of the training rows. Where rows tell little, a tenth of them more or less moves
 * the area of any implementation by .001 to .002, and two peers differ by up to .0035 of each other: a single fit
 * compares two draws of noise.
 */
async function compareMeanAuc(
  name: string,
  { train, test }: { readonly train: Rows; readonly test: Rows },
  settings = SETTINGS,
): Promise<void> {
  const sums = new Map<string, number>();
  for (let seed = 1; seed <= RESAMPLES; seed++) {
    await compare({ kind: "logistic" }, { train: resampled(train, seed), test }, (peer, ours, theirs) => {
      const auc = (scores: ArrayLike<number>) => areaUnderCurve({ scores, outcomes: test.labels });
      report(`${name}, resample ${seed}: AUC ${auc(ours).toFixed(5)}, ${peer} ${auc(theirs).toFixed(5)}`);
      sums.set(peer, (sums.get(peer) ?? 0) + auc(ours) - auc(theirs));
    }, settings);
  }
  for (const [peer, sum] of sums) {
    const difference = sum / RESAMPLES;
    const line = `${name}: AUC differs by ${difference.toFixed(5)} of ${peer} in the mean of ${RESAMPLES}`;
    report(line);
    assert(Math.abs(difference) <= AUC_TOLERANCE, line);
  }
}

function resampled({ columns, labels }: Rows, seed: number): Rows {
  const random = seededRandom(seed), kept = Array.from(labels.keys()).filter(() => random.uniform() < RESAMPLE_SHARE);
  return rowsAt({ columns, labels }, kept);
}

function rowsAt({ columns, labels }: Rows, kept: readonly number[]): Rows {
  return {
    columns: columns.map((column) => Float32Array.from(kept, (row) => column[row]!)),
    labels: Float32Array.from(kept, (row) => labels[row]!),
  };
}

async function compareLoss(
  name: string,
  loss: GbdtLoss,
  rows: { readonly train: Rows; readonly test: Rows },
  { settings = SETTINGS, tolerance = LOSS_TOLERANCE } = {},
) {
  await compare(loss, rows, (peer, ours, theirs) => {
    const { labels } = rows.test;
    const mean = (scores: ArrayLike<number>) =>
      labels.reduce((sum, label, row) => sum + lossFunction(loss).loss(label, scores[row]!), 0) / labels.length;
    const line = `${name}: loss ${mean(ours).toPrecision(6)}, ${peer} ${mean(theirs).toPrecision(6)}`;
    report(line);
    assert(mean(ours) <= mean(theirs) * (1 + tolerance), line);
  }, settings);
}

/** Drops rows of class 1 until there are about a hundred of class 0 to each. */
function imbalanced({ columns, labels }: Rows): Rows {
  const random = seededRandom(11),
    kept = Array.from(labels.keys()).filter((row) => labels[row] === 0 || random.uniform() < 0.01);
  return rowsAt({ columns, labels }, kept);
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
  const { isLarge, lively, up, residual } = await candleRows();
  await t.step(
    "whether the next quarter of an hour is a lively one",
    () => compareAuc("candles, variance", lively, isLarge ? CANDLE_SETTINGS : GENTLE_SETTINGS),
  );
  // On the 90 days of the sample two peers differ by .0035 of each other: nothing can be told there.
  const twoYears = (name: string, fn: () => Promise<void>) => t.step({ name, ignore: !isLarge, fn });
  await twoYears(
    "whether the price rises, two years, 15 leaves",
    () => compareMeanAuc("two years, direction, 15 leaves", up, CANDLE_SETTINGS),
  );
  await twoYears(
    "whether the price rises, two years, 31 leaves",
    () => compareMeanAuc("two years, direction, 31 leaves", up, LARGE_CANDLE_SETTINGS),
  );
  await twoYears("what log-HAR leaves of the variance, two years", () => {
    const settings = LARGE_CANDLE_SETTINGS;
    return compareLoss("two years, residual", { kind: "squared" }, residual, { settings, tolerance: 0.005 });
  });
});

/** Rows of every fifth minute of two years where the machine has them, else all of the sample; the last quarter is test. */
async function candleRows() {
  const isLarge = await Deno.stat(LARGE_DIR).then(({ isDirectory }) => isDirectory, () => false);
  const [startMs, days] = isLarge ? [Date.UTC(2022, 0, 1), 730] : [Date.UTC(2023, 1, 1), 90];
  const candles = await readZips(isLarge ? LARGE_DIR : SAMPLE_DIR, startMs, startMs + days * DAY_MS);
  const dataset = buildDataset(candles, defaultFeatureEngine(), { horizonMinutes: 15, sinceMs: startMs });
  const { features, labels } = dataset, testStartMs = startMs + Math.floor(0.75 * days) * DAY_MS;
  const split = chronologicalSplit({ decisionTimeMs: features.decisionTimeMs, scorable: labels.scorable }, {
    ...{ horizonMinutes: 15, validationStartMs: testStartMs - DAY_MS, testStartMs },
  });
  const thinned = (rows: Int32Array) => everyNthMinute(rows, features.decisionTimeMs, { minutes: isLarge ? 5 : 1 });
  const train = thinned(split.train), test = thinned(split.test);
  const rowsOf = (of: Int32Array, label: Float64Array): Rows => {
    const kept = Array.from(of.keys()).filter((i) => !Number.isNaN(label[i]!));
    return {
      columns: features.columns.map((column) => Float32Array.from(kept, (i) => column[of[i]!]!)),
      labels: Float32Array.from(kept, (i) => label[i]!),
    };
  };
  const parted = (label: (rows: Int32Array) => Float64Array) => ({
    train: rowsOf(train, label(train)),
    test: rowsOf(test, label(test)),
  });
  const byRow = (label: (row: number) => number) => parted((rows) => Float64Array.from(rows, label));
  const variances = labels.realizedVarianceBps2.filter((variance) => variance > 0).sort();
  const median = variances[variances.length >> 1]!, lines = fitPlainLines(dataset, split);
  return {
    isLarge,
    lively: byRow((row) => Number(labels.realizedVarianceBps2[row]! > median)),
    up: byRow((row) => labels.returnBps[row] === 0 ? NaN : Number(labels.returnBps[row]! > 0)),
    residual: parted((rows) => lines.logVarianceResiduals(rows)),
  };
}
