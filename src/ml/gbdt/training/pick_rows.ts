import type { Random } from "../../../core/mod.ts";

/**
 * Picks `count` of the rows `[from, to)`, all sets equally likely, in order (Knuth, The Art of Computer Programming 2,
 * algorithm 3.4.2 S); the others go to the second array.
 */
export function pickRows(
  random: Random,
  { from, to, count }: { readonly from: number; readonly to: number; readonly count: number },
  chosen: Uint32Array,
  others: Uint32Array,
): void {
  let taken = 0, left = 0;
  for (let row = from; row < to; row++) {
    const isTaken = (to - row) * random.uniform() < count - taken;
    if (isTaken) chosen[taken++] = row;
    else others[left++] = row;
  }
}
