/** A split by two bounds: a second way to what folds pick, and one split for tests that need no fold. */
import { MINUTE_MS } from "../../src/core/mod.ts";
import type { Split } from "../../src/ml/labels/mod.ts";

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
