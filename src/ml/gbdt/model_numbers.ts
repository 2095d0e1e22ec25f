import type { GbdtModel } from "./gbdt_model.ts";

/** Largest magnitude that float32 holds. */
export const LARGEST_FLOAT32 = 3.4028234663852886e38;

/** A number of a model that a forecast cannot be made with. */
export interface NumberFault {
  readonly place: string;
  readonly reason: string;
}

/**
 * The first base score, leaf value or gain that is no number or beyond `largest`, or that the scores of some row could be;
 * undefined where there is none.
 */
export function faultOfNumbers({ baseScore, trees }: GbdtModel, largest = Number.MAX_VALUE): NumberFault | undefined {
  const isWithin = (value: number) => Math.abs(value) <= largest;
  if (!isWithin(baseScore)) return { place: "baseScore", reason: `${baseScore} is out of range` };
  let bound = Math.abs(baseScore);
  for (const [i, { value, gain }] of trees.entries()) {
    const wrong = value.findIndex((leaf) => !isWithin(leaf));
    if (wrong >= 0) return { place: `trees.${i}.value.${wrong}`, reason: `${value[wrong]} is out of range` };
    const endless = gain.findIndex((each) => !Number.isFinite(each));
    if (endless >= 0) return { place: `trees.${i}.gain.${endless}`, reason: `${gain[endless]} is out of range` };
    bound += value.reduce((most, leaf) => Math.max(most, Math.abs(leaf)), 0);
    if (!isWithin(bound)) return { place: `trees.${i}.value`, reason: "a sum of leaf values is out of range" };
  }
}
