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

/** Row numbers one after the other. */
export function concatRows(a: Int32Array, b: Int32Array): Int32Array {
  const all = new Int32Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
