import { MINUTE_MS } from "../../core/mod.ts";

/** Row numbers of a chronological split; the three are disjoint and in this order in time. */
export interface Split {
  /** Rows to fit on. */
  readonly train: Int32Array;
  /** Tail of the training span: early stopping, shrinking, calibration. */
  readonly validation: Int32Array;
  /** `train` and `validation`: what models without such choices are fitted on. */
  readonly trainingSpan: Int32Array;
  /** Rows that are scored. */
  readonly test: Int32Array;
}

/** Where a split is cut, epoch milliseconds. */
export interface SplitBounds {
  /** First decision time of the validation. */
  readonly validationStartMs: number;
  /** First decision time of the test. */
  readonly testStartMs: number;
}

/**
 * Splits scorable rows in time and purges: a row is left out where its label reaches into the next span. Without the
 * purge, the last rows of a span would know returns that the next span is scored on.
 */
export function chronologicalSplit(
  rows: { readonly decisionTimeMs: Float64Array; readonly scorable: Uint8Array },
  bounds: SplitBounds & { readonly horizonMinutes: number },
): Split {
  const { validationStartMs, testStartMs } = bounds;
  if (!(validationStartMs < testStartMs)) {
    throw new RangeError(
      `Cannot split rows as the validation must start before the test: ${validationStartMs} and ${testStartMs}`,
    );
  }
  const horizonMs = bounds.horizonMinutes * MINUTE_MS;
  const train: number[] = [], validation: number[] = [], trainingSpan: number[] = [], test: number[] = [];
  for (let row = 0; row < rows.decisionTimeMs.length; row++) {
    if (rows.scorable[row] === 0) continue;
    const startMs = rows.decisionTimeMs[row]!, endMs = startMs + horizonMs;
    if (startMs >= testStartMs) test.push(row);
    else if (endMs <= testStartMs) {
      trainingSpan.push(row);
      if (startMs >= validationStartMs) validation.push(row);
      else if (endMs <= validationStartMs) train.push(row);
    }
  }
  return {
    train: Int32Array.from(train),
    validation: Int32Array.from(validation),
    trainingSpan: Int32Array.from(trainingSpan),
    test: Int32Array.from(test),
  };
}

/** Row numbers one after the other. */
export function concatRows(a: Int32Array, b: Int32Array): Int32Array {
  const all = new Int32Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
