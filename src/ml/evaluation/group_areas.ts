import { areaUnderCurve } from "./auc.ts";

/** Rows that belong together: those of a fold, a year, a month or an hour of the day. */
export interface Grouping {
  readonly names: readonly string[];
  /** Place of each row's group in `names`. */
  readonly groupOf: Int32Array;
}

/**
 * Area under the ROC curve among the rows of each group alone; NaN where one class is absent.
 *
 * @param outcomes 1 up, 0 down; other values are left out.
 */
export function groupAreas(scores: Float32Array, outcomes: Int8Array, { names, groupOf }: Grouping): number[] {
  return names.map((_, group) => {
    let count = 0;
    for (const own of groupOf) if (own === group) count++;
    const ownScores = new Float32Array(count), ownOutcomes = new Int8Array(count);
    let at = 0;
    for (let row = 0; row < groupOf.length; row++) {
      if (groupOf[row] !== group) continue;
      ownScores[at] = scores[row]!;
      ownOutcomes[at++] = outcomes[row]!;
    }
    return areaUnderCurve({ scores: ownScores, outcomes: ownOutcomes });
  });
}

/**
 * Mean over the groups that have both classes; NaN where none has. The pooled area also compares rows of different folds,
 * and so rewards or punishes how the folds' models differ in level; the mean over folds does not.
 */
export function meanArea(areas: readonly number[]): number {
  const known = areas.filter((area) => !Number.isNaN(area));
  return known.reduce((sum, area) => sum + area, 0) / known.length;
}
