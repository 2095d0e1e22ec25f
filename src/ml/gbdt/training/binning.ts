import { seededRandom } from "../../../core/mod.ts";
import { MAX_CUTS } from "./training_memory.ts";
import { pickRows } from "./pick_rows.ts";

/** Rows that cuts are chosen on, at most. */
const SAMPLE_ROWS = 200_000;
const LARGEST_FLOAT32 = 3.4028234663852886e38;

/**
 * Cuts of a feature: value x is in the bin of the first cut with x ≤ cut, else in the last bin. At most `maxBins − 1`
 * of them, between neighbouring values where these are few, else so that bins hold about equally many rows; a value
 * with more rows than that has a bin of its own.
 *
 * Cuts are float32 and finite, so that float32 implementations split as we do. ±Infinity are values like others, below
 * and above all.
 *
 * @param sorted Present values, ascending.
 */
export function chooseCuts(sorted: Float32Array, maxBins: number): Float32Array {
  const cuts: number[] = [], isFew = countRuns(sorted) <= maxBins;
  let rowsLeft = sorted.length, inBin = 0;
  for (let start = 0, end = runEnd(sorted, 0); end < sorted.length && cuts.length < maxBins - 1;) {
    const nextEnd = runEnd(sorted, end);
    inBin += end - start;
    const share = rowsLeft / (maxBins - cuts.length);
    // The bin is full, or the next value would fill one alone.
    if (isFew || inBin >= share || nextEnd - end >= share) {
      const cut = cutBetween(sorted[start]!, sorted[end]!);
      if (cut !== undefined) cuts.push(cut);
      rowsLeft -= inBin;
      inBin = 0;
    }
    start = end;
    end = nextEnd;
  }
  return Float32Array.from(cuts);
}

/** Where the values end that are equal to that at `start`. */
function runEnd(sorted: Float32Array, start: number): number {
  let end = start;
  while (end < sorted.length && sorted[end] === sorted[start]) end++;
  return end;
}

function countRuns(sorted: Float32Array): number {
  let runs = 0;
  for (let start = 0; start < sorted.length; start = runEnd(sorted, start)) runs++;
  return runs;
}

/** A finite float32 t with low ≤ t < high. */
function cutBetween(low: number, high: number): number | undefined {
  if (low === -Infinity) return high > -LARGEST_FLOAT32 ? -LARGEST_FLOAT32 : undefined;
  const middle = Math.fround(low + (high - low) / 2);
  return middle < high && middle >= low && middle !== Infinity ? middle : low;
}

/** Rows on which cuts are chosen: all, or a sample spread over them, the same for every feature. */
export function rowsForCuts(rows: number, seed: number): Uint32Array {
  const size = Math.min(rows, SAMPLE_ROWS), chosen = new Uint32Array(size), others = new Uint32Array(rows - size);
  pickRows(seededRandom(seed), { from: 0, to: rows, count: size }, chosen, others);
  return chosen;
}

/**
 * Cuts of a column from a sample of its rows.
 *
 * @param room Room for as many values.
 */
export function cutsOf(column: Float32Array, sample: Uint32Array, room: Float32Array, maxBins: number): Float32Array {
  for (let i = 0; i < sample.length; i++) room[i] = column[sample[i]!]!;
  return cutsOfValues(room, maxBins);
}

/** Cuts from sampled values, which are reordered; missing ones are passed over. */
export function cutsOfValues(values: Float32Array, maxBins: number): Float32Array {
  values.sort(); // NaN come last
  let count = values.length;
  while (count > 0 && Number.isNaN(values[count - 1]!)) count--;
  return chooseCuts(values.subarray(0, count), Math.min(maxBins, MAX_CUTS + 1));
}
