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
  const values: number[] = [], counts: number[] = [];
  for (const value of sorted) {
    if (values.length > 0 && value === values[values.length - 1]) counts[counts.length - 1]!++;
    else {
      values.push(value);
      counts.push(1);
    }
  }
  const cuts: number[] = [];
  const cutAfter = (i: number) => {
    const cut = cutBetween(values[i]!, values[i + 1]!);
    if (cut !== undefined) cuts.push(cut);
  };
  let rowsLeft = sorted.length, inBin = 0;
  const isFew = values.length <= maxBins;
  for (let i = 0; i < values.length - 1 && cuts.length < maxBins - 1; i++) {
    inBin += counts[i]!;
    const share = rowsLeft / (maxBins - cuts.length);
    // The bin is full, or the next value would fill one alone.
    if (isFew || inBin >= share || counts[i + 1]! >= share) {
      cutAfter(i);
      rowsLeft -= inBin;
      inBin = 0;
    }
  }
  return Float32Array.from(cuts);
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

/** Cuts of a column from a sample of its rows. */
export function cutsOf(column: Float32Array, sample: Uint32Array, maxBins: number): Float32Array {
  const present = new Float32Array(sample.length);
  let count = 0;
  for (const row of sample) {
    const value = column[row]!;
    if (!Number.isNaN(value)) present[count++] = value;
  }
  return chooseCuts(present.subarray(0, count).sort(), Math.min(maxBins, MAX_CUTS + 1));
}
