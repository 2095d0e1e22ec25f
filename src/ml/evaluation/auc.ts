import { rowsByScore } from "./rank_rows.ts";

/** Scores with their outcome and the block of days each belongs to. */
export interface RankedRows {
  readonly scores: ArrayLike<number>;
  /** 1 up, 0 down; other values are left out. */
  readonly outcomes: ArrayLike<number>;
}

/** Area under the ROC curve with ties counted half; NaN where one class is absent. O(n log n). */
export function areaUnderCurve(rows: RankedRows): number {
  const pairs = blockPairs(rows, { blocks: 1, blockOf: () => 0 });
  return weightedArea(pairs, [1]);
}

/** Wins of ups over downs by the blocks they come from: all that a block-weighted area needs. */
export interface BlockPairs {
  readonly blocks: number;
  /** Entry `[i · blocks + j]`: pairs of an up in block i and a down in block j that the up wins; ties count half. */
  readonly wins: Float64Array;
  readonly ups: Float64Array;
  readonly downs: Float64Array;
}

/** Ranks the rows once; any weighting of blocks is then cheap. O(n log n + n · blocks). */
export function blockPairs(
  rows: RankedRows,
  blocking: { readonly blocks: number; readonly blockOf: (row: number) => number },
): BlockPairs {
  const { blocks, blockOf } = blocking;
  const { scores, outcomes } = rows;
  const counted = new Uint32Array(scores.length);
  let count = 0;
  for (let row = 0; row < scores.length; row++) {
    if (outcomes[row] === 0 || outcomes[row] === 1) counted[count++] = row;
  }
  const sorted = rowsByScore(scores, counted.subarray(0, count));
  const wins = new Float64Array(blocks * blocks), ups = new Float64Array(blocks), downs = new Float64Array(blocks);
  const tiedDowns = new Float64Array(blocks);
  for (let start = 0; start < sorted.length;) {
    let end = start;
    tiedDowns.fill(0);
    while (end < sorted.length && scores[sorted[end]!] === scores[sorted[start]!]) {
      const row = sorted[end++]!;
      if (outcomes[row] === 0) tiedDowns[blockOf(row)]! += 1;
    }
    // The rest has no score, and equals not even itself.
    if (end === start) break;
    for (let at = start; at < end; at++) {
      const row = sorted[at]!;
      if (outcomes[row] !== 1) continue;
      const block = blockOf(row);
      ups[block]! += 1;
      for (let j = 0; j < blocks; j++) wins[block * blocks + j]! += downs[j]! + tiedDowns[j]! / 2;
    }
    for (let j = 0; j < blocks; j++) downs[j]! += tiedDowns[j]!;
    start = end;
  }
  return { blocks, wins, ups, downs };
}

/** Area with block i counted `weights[i]` times. */
export function weightedArea(pairs: BlockPairs, weights: ArrayLike<number>): number {
  let wins = 0, ups = 0, downs = 0;
  for (let i = 0; i < pairs.blocks; i++) {
    ups += weights[i]! * pairs.ups[i]!;
    downs += weights[i]! * pairs.downs[i]!;
    if (weights[i] === 0) continue;
    for (let j = 0; j < pairs.blocks; j++) wins += weights[i]! * weights[j]! * pairs.wins[i * pairs.blocks + j]!;
  }
  return ups === 0 || downs === 0 ? NaN : wins / (ups * downs);
}
