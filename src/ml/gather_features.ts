import { allocateFeatures, DAY_MS, type FeatureMatrix, lowerBound, toIso } from "../core/mod.ts";
import type { FeatureSource } from "./dataset.ts";

/** Days of features that are in memory at once. */
const WINDOW_DAYS = 30;

/**
 * Features of some ascending decision times, read some weeks at a time: no more than these and one window is in memory.
 *
 * @throws {RangeError} where the source has no row of one of them.
 */
export async function gatherFeatures(
  source: FeatureSource,
  names: readonly string[],
  decisionTimeMs: Float64Array,
): Promise<FeatureMatrix> {
  const gathered = allocateFeatures(decisionTimeMs.length, names);
  gathered.decisionTimeMs.set(decisionTimeMs);
  for (let first = 0, end = 0; first < decisionTimeMs.length; first = end) {
    const startMs = decisionTimeMs[first]!, endMs = startMs + WINDOW_DAYS * DAY_MS;
    end = lowerBound(decisionTimeMs, endMs);
    const window = await source.load({ startMs, endMs });
    const rows = Int32Array.from(decisionTimeMs.subarray(first, end), (ms) => rowAt(window, ms));
    gathered.columns.forEach((into, j) => {
      const from = window.columns[j]!;
      for (let i = 0; i < rows.length; i++) into[first + i] = from[rows[i]!]!;
    });
  }
  return gathered;
}

function rowAt({ decisionTimeMs }: FeatureMatrix, ms: number): number {
  const row = lowerBound(decisionTimeMs, ms);
  if (decisionTimeMs[row] !== ms) throw new RangeError(`Cannot gather features as there are none of ${toIso(ms)}`);
  return row;
}
