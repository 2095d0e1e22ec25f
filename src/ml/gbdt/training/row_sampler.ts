import { seededRandom } from "../../../core/mod.ts";
import type { GbdtOptions } from "../gbdt_options.ts";
import type { OwnRows, Stripe } from "./own_rows.ts";
import { pickRows } from "./pick_rows.ts";
import type { TrainingMemory } from "./training_memory.ts";

/** Spans of the row indices that a thread owns. */
export interface DrawnRows {
  /** Where rows of the sample begin, where they end and others begin, and where these end. */
  readonly start: number;
  readonly middle: number;
  readonly end: number;
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

  /** Fills the own row indices, rows of the sample first. */
  draw(tree: number): DrawnRows {
    const { start, stripes } = this.#own, { indices } = this.#memory, { rowFraction, seed } = this.#options;
    const chosen = stripes.reduce((sum, stripe) => sum + this.#chosenOf(stripe), 0), middle = start + chosen;
    let chosenAt = start, othersAt = middle;
    for (const stripe of stripes) {
      const { number, from, to } = stripe, count = this.#chosenOf(stripe);
      if (rowFraction === 1) { for (let row = from; row < to; row++) indices[chosenAt + row - from] = row; }
      else {
        const random = seededRandom(stripeSeed(seed, tree, number));
        pickRows(random, { from, to, count }, indices.subarray(chosenAt), indices.subarray(othersAt));
      }
      chosenAt += count;
      othersAt += to - from - count;
    }
    return { start, middle, end: othersAt };
  }

  #chosenOf({ from, to }: Stripe): number {
    return Math.max(1, Math.round((to - from) * this.#options.rowFraction));
  }
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
