import type { FeatureReference } from "./ports.ts";

/** How far a feature has moved from the training rows. */
export interface FeatureDrift {
  /** Registered model. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Feature. */
  readonly feature: string;
  /** Population stability index over the training rows' bins, missing values being one more bin. */
  readonly psi: number;
  /** From here on it counts as moved: .25, and what chance alone gives with this many rows. */
  readonly limit: number;
  /** Live rows. */
  readonly rows: number;
  /** Whether `psi` passes `limit`. */
  readonly drifted: boolean;
}

/** Common reading of the index: below .1 stable, above .25 moved. */
const PSI_LIMIT = 0.25;

/**
 * Population stability index of `values` against a reference histogram. Half a row is put into every bin of both, so
 * that empty ones stay finite.
 */
export function populationStability(reference: FeatureReference, values: ArrayLike<number>): number {
  const expected = [...reference.counts, reference.missing];
  const actual = new Array<number>(expected.length).fill(0);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    actual[Number.isNaN(value) ? expected.length - 1 : binOf(reference.edges, value)]!++;
  }
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count + 0.5, 0);
  const expectedTotal = total(expected), actualTotal = total(actual);
  let psi = 0;
  for (let bin = 0; bin < expected.length; bin++) {
    const p = (expected[bin]! + 0.5) / expectedTotal, q = (actual[bin]! + 0.5) / actualTotal;
    psi += (q - p) * Math.log(q / p);
  }
  return psi;
}

/**
 * The index that counts as moved. Without any drift the index is about a chi-square with bins − 1 degrees of freedom
 * times (1/n + 1/m) (Yurdakul 2018); its mean is added, so that few rows alone raise no alarm.
 */
export function driftLimit(reference: FeatureReference, rows: number): number {
  const referenceRows = reference.counts.reduce((sum, count) => sum + count, reference.missing);
  return PSI_LIMIT + reference.counts.length * (1 / Math.max(1, rows) + 1 / Math.max(1, referenceRows));
}

/** Bin of `value`: `edges[i − 1] ≤ value < edges[i]`. */
function binOf(edges: readonly number[], value: number): number {
  let low = 0, high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
