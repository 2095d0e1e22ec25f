import type { TrainingMemory } from "./training_memory.ts";

/** Rows of a stripe; whoever owns it, its part of a sample is the same. */
export const STRIPE_ROWS = 2048;

/** A stretch of rows, `[from, to)`. */
export interface Stripe {
  /** Its place among all stripes of its kind. */
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

/** A stretch of the row indices, `[start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The rows of one thread of a team: every so manieth stripe, so that each has its share of any span of time. It keeps
 * the row indices of these alone, in an area of its own, and so splits leaves without asking anyone.
 */
export class OwnRows {
  /** Stripes of the training rows. */
  readonly train: readonly Stripe[];
  /** Stripes of the validation rows. */
  readonly validation: readonly Stripe[];
  /** Its area of the row indices. */
  readonly area: Span;

  /** Works out which rows a member of the team owns. */
  constructor({ shape: { trainRows, members }, allRows }: TrainingMemory, member: number) {
    const trainOf = (owner: number) => stripes(0, trainRows, owner, members);
    const validationOf = (owner: number) => stripes(trainRows, allRows, owner, members);
    const rowsOf = (owner: number) => countRows(trainOf(owner)) + countRows(validationOf(owner));
    this.train = trainOf(member);
    this.validation = validationOf(member);
    let start = 0;
    for (let owner = 0; owner < member; owner++) start += rowsOf(owner);
    this.area = { start, end: start + rowsOf(member) };
  }
}

function stripes(start: number, end: number, owner: number, members: number): Stripe[] {
  const found: Stripe[] = [];
  for (let number = owner; start + number * STRIPE_ROWS < end; number += members) {
    const from = start + number * STRIPE_ROWS;
    found.push({ number, from, to: Math.min(from + STRIPE_ROWS, end) });
  }
  return found;
}

function countRows(some: readonly Stripe[]): number {
  return some.reduce((sum, { from, to }) => sum + to - from, 0);
}
