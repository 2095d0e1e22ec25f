import { CHUNK_BINS, MOVE_BYTES } from "./kernel/kernel.ts";

/**
 * Writes the moves that bring the bins of some features side by side, for the kernel's `addRows`; returns how many.
 *
 * @param features Ascending.
 * @param address Room for twice as many moves as a row has chunks.
 */
export function writeFeatureMoves(features: Uint32Array, buffer: ArrayBufferLike, address: number): number {
  let moves = 0, from = -1, to = -1, lanes: Uint8Array = new Uint8Array();
  features.forEach((feature, place) => {
    const ownFrom = Math.floor(feature / CHUNK_BINS), ownTo = Math.floor(place / CHUNK_BINS);
    if (ownFrom !== from || ownTo !== to) {
      const at = address + moves++ * MOVE_BYTES;
      new Uint32Array(buffer, at, 3).set([ownFrom * CHUNK_BINS, ownTo, Number(ownTo !== to)]);
      lanes = new Uint8Array(buffer, at + MOVE_BYTES - CHUNK_BINS, CHUNK_BINS).fill(255); // from nowhere: 0
      [from, to] = [ownFrom, ownTo];
    }
    lanes[place % CHUNK_BINS] = feature % CHUNK_BINS;
  });
  return moves;
}
