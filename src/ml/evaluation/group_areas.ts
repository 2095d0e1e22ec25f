import { rowsByScore } from "./rank_rows.ts";

/** Rows that belong together: those of a fold, a year, a month or an hour of the day. */
export interface Grouping {
  readonly names: readonly string[];
  /** Place of each row's group in `names`. */
  readonly groupOf: Int32Array;
}

/** Rows with an outcome by ascending score: what areas of any grouping are read from. */
export function rankedRows(scores: Float32Array, outcomes: Int8Array): Uint32Array {
  const counted = new Uint32Array(scores.length);
  let count = 0;
  for (let row = 0; row < outcomes.length; row++) if (outcomes[row]! >= 0) counted[count++] = row;
  return rowsByScore(scores, counted.subarray(0, count));
}

/**
 * Area under the ROC curve among the rows of each group alone, ties counted half; NaN where one class is absent. One pass
 * over the ranked rows, whatever the number of groups.
 *
 * @param outcomes 1 up, 0 down; other values are left out.
 * @param ranked @default {@linkcode rankedRows}
 */
export function groupAreas(
  scores: Float32Array,
  outcomes: Int8Array,
  { names, groupOf }: Grouping,
  ranked: Uint32Array = rankedRows(scores, outcomes),
): number[] {
  const groups = names.length;
  const wins = new Float64Array(groups), ups = new Float64Array(groups), downs = new Float64Array(groups);
  const tiedUps = new Float64Array(groups), tiedDowns = new Float64Array(groups);
  for (let start = 0, end = 0; start < ranked.length; start = end) {
    const score = scores[ranked[start]!]!;
    for (; end < ranked.length && scores[ranked[end]!] === score; end++) {
      const row = ranked[end]!, tied = outcomes[row] === 1 ? tiedUps : tiedDowns;
      tied[groupOf[row]!]! += 1;
    }
    if (end === start) break; // the rest has no score
    for (let at = start; at < end; at++) {
      const group = groupOf[ranked[at]!]!;
      wins[group]! += tiedUps[group]! * (downs[group]! + tiedDowns[group]! / 2);
      ups[group]! += tiedUps[group]!;
      downs[group]! += tiedDowns[group]!;
      tiedUps[group] = tiedDowns[group] = 0;
    }
  }
  return names.map((_, group) => wins[group]! / (ups[group]! * downs[group]!));
}

/**
 * Mean over the groups that have both classes; NaN where none has. The pooled area also compares rows of different folds,
 * and so rewards or punishes how the folds' models differ in level; the mean over folds does not.
 */
export function meanArea(areas: readonly number[]): number {
  const known = areas.filter((area) => !Number.isNaN(area));
  return known.reduce((sum, area) => sum + area, 0) / known.length;
}
