import { type Dataset, datasetOf, pickLabels } from "../dataset.ts";
import { gatherFeatures } from "../gather_features.ts";
import type { Split } from "../labels/mod.ts";
import type { LeakCheckRun } from "./leak_check_run.ts";

/** Rows of a fold that a line is fitted on, and that it is asked about. */
const TRAIN_ROWS = 8_000, TEST_ROWS = 8_000;

/** Rows of one fold, by their places in {@linkcode LineRows}. */
export interface LineFold {
  /** A part of the fold's training span, evenly spaced. */
  readonly train: Int32Array;
  /** The same of its test rows. */
  readonly test: Int32Array;
}

/** The rows that lines of all folds are fitted on and asked about, with their features: a fifth of a long run's. */
export interface LineRows {
  readonly dataset: Dataset;
  /** Which of the run's rows they are, ascending. */
  readonly rows: Int32Array;
  readonly folds: readonly LineFold[];
}

/** Picks the rows of every fold and reads their features. */
export async function readLineRows(run: Omit<LeakCheckRun, "shortFold" | "lineRows">): Promise<LineRows> {
  const { candles, decisionTimeMs, engine, features, labels, folds, rowsOf, breathe } = run;
  const picked: LineFold[] = [], isPicked = new Uint8Array(decisionTimeMs.length);
  for (const fold of folds) {
    const { trainingSpan, test } = rowsOf({ decisionTimeMs, scorable: labels.scorable }, fold);
    const own = { train: spaced(trainingSpan, TRAIN_ROWS), test: spaced(test, TEST_ROWS) };
    picked.push(own);
    for (const row of own.train) isPicked[row] = 1;
    for (const row of own.test) isPicked[row] = 1;
    await breathe();
  }
  const rows = Int32Array.from(decisionTimeMs.keys()).filter((row) => isPicked[row] === 1);
  const placeOf = new Int32Array(decisionTimeMs.length);
  rows.forEach((row, place) => placeOf[row] = place);
  const placed = ({ train, test }: Pick<Split, "train" | "test">): LineFold => ({
    train: train.map((row) => placeOf[row]!),
    test: test.map((row) => placeOf[row]!),
  });
  const dataset = datasetOf({
    candles,
    features: await gatherFeatures(features, engine.names, Float64Array.from(rows, (row) => decisionTimeMs[row]!)),
    labels: pickLabels(labels, rows),
    featureSetDigest: engine.digest,
    nullable: engine.nullable,
  });
  return { dataset, rows, folds: picked.map(placed) };
}

/** At most so many rows, evenly spaced. */
function spaced(rows: Int32Array, most: number): Int32Array {
  const step = Math.max(1, Math.ceil(rows.length / most));
  return rows.filter((_, i) => i % step === 0);
}
