import { seededRandom } from "../../../core/mod.ts";
import type { GbdtOptions } from "../gbdt_options.ts";
import type { OwnRows, Span, Stripe } from "./own_rows.ts";
import { pickRows } from "./pick_rows.ts";
import type { TrainingMemory } from "./training_memory.ts";

/** Spans of the row indices that a thread owns. */
export interface DrawnRows {
  /** Training rows that a tree is grown from. */
  readonly seen: Span;
  /** The other training rows, and those of the validation. */
  readonly others: Span;
}

/** Draws the own rows that a tree sees: the same share of each stripe, with a seed of its own for each. */
export class RowSampler {
  readonly #memory: TrainingMemory;
  readonly #own: OwnRows;
  readonly #options: GbdtOptions;

  /** Binds the sampler to the rows of a thread. */
  constructor(memory: TrainingMemory, own: OwnRows, options: GbdtOptions) {
    this.#memory = memory;
    this.#own = own;
    this.#options = options;
  }

  /** Fills the own row indices, in their order: rows of the sample, then the others. */
  draw(tree: number): DrawnRows {
    const { area, train, validation } = this.#own, { indices } = this.#memory, { rowFraction, seed } = this.#options;
    const middle = area.start + train.reduce((sum, stripe) => sum + this.#chosenOf(stripe), 0);
    let seenAt = area.start, othersAt = middle;
    for (const stripe of train) {
      const { number, from, to } = stripe, count = this.#chosenOf(stripe);
      if (rowFraction === 1) fillRows(indices, seenAt, stripe);
      else {
        const random = seededRandom(stripeSeed(seed, tree, number));
        pickRows(random, { from, to, count }, indices.subarray(seenAt), indices.subarray(othersAt));
      }
      seenAt += count;
      othersAt += to - from - count;
    }
    for (const stripe of validation) {
      fillRows(indices, othersAt, stripe);
      othersAt += stripe.to - stripe.from;
    }
    return { seen: { start: area.start, end: middle }, others: { start: middle, end: area.end } };
  }

  #chosenOf({ from, to }: Stripe): number {
    return Math.max(1, Math.round((to - from) * this.#options.rowFraction));
  }
}

function fillRows(indices: Uint32Array, at: number, { from, to }: Stripe): void {
  for (let row = from; row < to; row++) indices[at + row - from] = row;
}

/** Mixes three numbers into a seed (the finalizer of MurmurHash3, Austin Appleby). */
function stripeSeed(seed: number, tree: number, stripe: number): number {
  let hash = seed;
  for (const word of [tree, stripe]) {
    hash = Math.imul(hash ^ word, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash;
}
