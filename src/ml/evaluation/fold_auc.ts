import { areaUnderCurve } from "./auc.ts";

/** Area under the curve fold by fold. */
export interface FoldAuc {
  /** Mean over the folds that have both classes; NaN where none has. */
  readonly mean: number;
  /** One a fold; NaN where one class is absent. */
  readonly folds: readonly number[];
}

/**
 * Area under the ROC curve within each fold. The pooled area also compares rows of different folds, and so rewards or
 * punishes how the folds' models differ in level; the mean over folds does not.
 *
 * @param outcomes 1 up, 0 down; other values are left out.
 * @param starts first row of each fold, ascending; a fold ends where the next begins.
 */
export function foldAuc(scores: Float32Array, outcomes: Int8Array, starts: readonly number[]): FoldAuc {
  const folds = starts.map((start, fold) => {
    const end = starts[fold + 1] ?? scores.length;
    return areaUnderCurve({ scores: scores.subarray(start, end), outcomes: outcomes.subarray(start, end) });
  });
  const known = folds.filter((area) => !Number.isNaN(area));
  return { mean: known.reduce((sum, area) => sum + area, 0) / known.length, folds };
}
