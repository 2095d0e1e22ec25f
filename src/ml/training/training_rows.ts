import type { Dataset } from "../dataset.ts";
import { varianceFloor } from "../evaluation/losses.ts";
import { concatRows, type Split } from "../labels/mod.ts";
import { harLogVariance } from "../models/har.ts";
import type { Scaler } from "../models/scaler.ts";
import type { PlainLines } from "./plain_lines.ts";
import type { TrainingRows } from "./protocol.ts";

/** The columns of a training job: training rows, then validation rows. */
export function trainingRows(
  dataset: Dataset,
  split: Split,
  scaler: Scaler,
  lines: PlainLines,
): TrainingRows {
  const { features, labels } = dataset, rows = concatRows(split.train, split.validation);
  const harLine = harLogVariance(lines.har, features, rows),
    logits = lines.logits(rows, dataset),
    floor = varianceFloor(labels.horizonMinutes);
  return {
    trainRows: split.train.length,
    validationRows: split.validation.length,
    inputs: networkInputs(dataset, scaler, rows),
    width: scaler.width,
    plainLogit: sharedColumn(rows.length, (i) => logits[i]!),
    harLogVariance: sharedColumn(rows.length, (i) => harLine[i]!),
    returnBps: sharedColumn(rows.length, (i) => labels.returnBps[rows[i]!]!),
    realizedVarianceBps2: sharedColumn(rows.length, (i) => Math.max(floor, labels.realizedVarianceBps2[rows[i]!]!)),
  };
}

/** A column over shared memory, so that Workers read it without a copy. */
export function sharedColumn(length: number, valueAt: (i: number) => number): Float32Array {
  const values = new Float32Array(new SharedArrayBuffer(4 * length));
  for (let i = 0; i < length; i++) values[i] = valueAt(i);
  return values;
}

/** Inputs of the rows over shared memory, likewise. */
function networkInputs({ features }: Dataset, scaler: Scaler, rows: Int32Array): Float32Array {
  const inputs = new Float32Array(new SharedArrayBuffer(4 * rows.length * scaler.width));
  scaler.writeRows(features.columns, rows, inputs);
  return inputs;
}
