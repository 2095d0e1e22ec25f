import type { TrainingMemory } from "./training_memory.ts";

/** Rows of a stripe; whoever owns it, its part of a sample is the same. */
export const STRIPE_ROWS = 2048;

/** A stretch of training rows, `[from, to)`. */
export interface Stripe {
  /** Its place among all stripes. */
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The training rows of one thread of a team: every so manieth stripe, so that each has its share of any span of time. It
 * keeps the row indices of these alone, in an area of its own, and so splits leaves without asking anyone.
 */
export class OwnRows {
  readonly stripes: readonly Stripe[];
  /** Where its area of the row indices begins. */
  readonly start: number;

  /** Works out which rows a member of the team owns. */
  constructor({ shape: { trainRows, members } }: TrainingMemory, member: number) {
    const stripesOf = (owner: number): Stripe[] => {
      const found: Stripe[] = [];
      for (let number = owner; number * STRIPE_ROWS < trainRows; number += members) {
        const from = number * STRIPE_ROWS;
        found.push({ number, from, to: Math.min(from + STRIPE_ROWS, trainRows) });
      }
      return found;
    };
    this.stripes = stripesOf(member);
    this.start = 0;
    for (let owner = 0; owner < member; owner++) {
      for (const { from, to } of stripesOf(owner)) this.start += to - from;
    }
  }
}
