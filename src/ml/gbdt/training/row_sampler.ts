import { seededRandom } from "../../../core/mod.ts";
import type { GbdtOptions } from "../gbdt_options.ts";
import { pickRows } from "./pick_rows.ts";
import type { Team } from "./team.ts";
import { BLOCK_ROWS, type TrainingMemory } from "./training_memory.ts";

/** Draws the rows that a tree sees: the same share of each block of rows, with a seed of its own for each. */
export class RowSampler {
  readonly #memory: TrainingMemory;
  readonly #team: Team;
  readonly #options: GbdtOptions;
  readonly #blocks: readonly { readonly from: number; readonly to: number; readonly count: number }[];

  /** Plans the blocks of the training rows. */
  constructor(memory: TrainingMemory, team: Team, options: GbdtOptions) {
    this.#memory = memory;
    this.#team = team;
    this.#options = options;
    const rows = memory.shape.trainRows;
    this.#blocks = Array.from({ length: Math.ceil(rows / BLOCK_ROWS) }, (_, block) => {
      const from = block * BLOCK_ROWS, to = Math.min(from + BLOCK_ROWS, rows);
      return { from, to, count: Math.max(1, Math.round((to - from) * options.rowFraction)) };
    });
  }

  /** Fills the row indices, rows of the sample first; returns how many these are. */
  draw(tree: number): number {
    const { indices, shape } = this.#memory, blocks = this.#blocks;
    const chosen = blocks.reduce((sum, { count }) => sum + count, 0);
    let chosenAt = 0, othersAt = chosen;
    const places = blocks.map(({ from, to, count }) => {
      const place = { chosenAt, othersAt };
      chosenAt += count;
      othersAt += to - from - count;
      return place;
    });
    this.#team.forEach(blocks.length, (block) => {
      const place = places[block]!, span = blocks[block]!;
      if (chosen === shape.trainRows) {
        for (let row = span.from; row < span.to; row++) indices[row] = row;
        return;
      }
      const random = seededRandom(blockSeed(this.#options.seed, tree, block));
      pickRows(random, span, indices.subarray(place.chosenAt), indices.subarray(place.othersAt));
    });
    return chosen;
  }
}

/** Mixes three numbers into a seed (the finalizer of MurmurHash3, Austin Appleby). */
function blockSeed(seed: number, tree: number, block: number): number {
  let hash = seed;
  for (const word of [tree, block]) {
    hash = Math.imul(hash ^ word, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash;
}
