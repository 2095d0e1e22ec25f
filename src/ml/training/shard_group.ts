import { newStopWord, type StopWord, throwIfStopped } from "../stop_word.ts";

/** Parts that a batch is cut into, whatever the number of Workers: the sum of two has one order. */
export const SHARDS = 2;

/** Numbers a shard gives beside its gradient: losses and counts. */
export const SHARD_SUMS = 4;

/** Where one shard of a batch leaves its results. */
export interface ShardSlot {
  readonly gradient: Float32Array;
  readonly sums: Float64Array;
}

/** Memory that the Workers of a job meet over. */
export interface SharedShards {
  readonly buffer: SharedArrayBuffer;
  /** Length of a gradient. */
  readonly weightCount: number;
  readonly members: 1 | 2;
  /** Read once an exchange at least. */
  readonly stop: StopWord;
}

const CONTROL_BYTES = 64;
/** Slots are used by turns, so that a fast member's next results do not overwrite those that a slow one still reads. */
const TURNS = 2;
/** A wait ends this often to look again, whether to stop or in case a wake-up was missed. */
const WAIT_MS = 100;
/**
 * Looks at the other's progress before it sleeps, some twenty microseconds: a wake-up costs more, but on a busy machine
 * longer looks take the very core that the other waits for.
 */
const SPINS = 4_000;

function slotBytes(weightCount: number): number {
  return 8 * SHARD_SUMS + 8 * Math.ceil(weightCount / 2);
}

/** Memory for a job on `members` Workers. */
export function shareShards(weightCount: number, members: 1 | 2, stop: StopWord = newStopWord()): SharedShards {
  const buffer = new SharedArrayBuffer(CONTROL_BYTES + TURNS * SHARDS * slotBytes(weightCount));
  return { buffer, weightCount, members, stop };
}

/**
 * The Workers of one training job. All run the same program on the same job; each computes its shards of a batch, waits
 * for the others' and adds all in one order, so weights are equal to the bit on any number of Workers and need not be
 * sent.
 */
export class ShardGroup {
  /** Shards that this member computes. */
  readonly mine: readonly number[];
  readonly #arrived: Int32Array;
  readonly #slots: readonly ShardSlot[];
  readonly #member: number;
  readonly #members: number;
  readonly #stop: StopWord;
  #turn = 0;

  /** Joins as member 0 or 1. */
  constructor({ buffer, weightCount, members, stop }: SharedShards, member: number) {
    this.mine = members === 1 ? [0, 1] : [member];
    this.#member = member;
    this.#members = members;
    this.#stop = stop;
    this.#arrived = new Int32Array(buffer, 0, members);
    this.#slots = Array.from({ length: TURNS * SHARDS }, (_, i) => {
      const at = CONTROL_BYTES + i * slotBytes(weightCount);
      return {
        sums: new Float64Array(buffer, at, SHARD_SUMS),
        gradient: new Float32Array(buffer, at + 8 * SHARD_SUMS, weightCount),
      };
    });
  }

  /** For loops inside an exchange that may last. @throws {WorkStopped} where the job was stopped */
  throwIfStopped(): void {
    throwIfStopped(this.#stop);
  }

  /**
   * Lets `compute` fill the slot of each shard of this member; returns all slots, which hold until the next but one call.
   *
   * @throws {WorkStopped} where the job was stopped.
   */
  exchange(compute: (shard: number, slot: ShardSlot) => void): readonly ShardSlot[] {
    this.throwIfStopped();
    const first = (this.#turn++ % TURNS) * SHARDS;
    const slots = this.#slots.slice(first, first + SHARDS);
    for (const shard of this.mine) compute(shard, slots[shard]!);
    this.#waitForOthers();
    return slots;
  }

  #waitForOthers(): void {
    if (this.#members === 1) return;
    const other = 1 - this.#member;
    Atomics.store(this.#arrived, this.#member, this.#turn);
    Atomics.notify(this.#arrived, this.#member);
    for (let spins = 0;; spins++) {
      const seen = Atomics.load(this.#arrived, other);
      if (seen - this.#turn >= 0) return;
      if (spins < SPINS) continue;
      this.throwIfStopped();
      Atomics.wait(this.#arrived, other, seen, WAIT_MS);
    }
  }
}

/** Rows of a shard: the first half of the batch or the second. */
export function shardOf(rows: Int32Array, shard: number): Int32Array {
  const start = Math.floor(rows.length * shard / SHARDS), end = Math.floor(rows.length * (shard + 1) / SHARDS);
  return rows.subarray(start, end);
}
