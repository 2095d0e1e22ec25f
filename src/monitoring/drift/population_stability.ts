import type { FeatureReference } from "../ports.ts";

/**
 * Population stability index of shares, Σ (q − p) ln(q / p) over bins. Half a row is put into every bin of both, so that
 * empty ones stay finite.
 *
 * @param expected rows, or weights that add up to about as many, by bin.
 */
export function stabilityIndex(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  let expectedTotal = 0, actualTotal = 0;
  for (let bin = 0; bin < expected.length; bin++) {
    expectedTotal += expected[bin]! + 0.5;
    actualTotal += actual[bin]! + 0.5;
  }
  let psi = 0;
  for (let bin = 0; bin < expected.length; bin++) {
    const p = (expected[bin]! + 0.5) / expectedTotal, q = (actual[bin]! + 0.5) / actualTotal;
    psi += (q - p) * Math.log(q / p);
  }
  return psi;
}

/** Index of `values` against a stored histogram, rows without a value being one more bin. */
export function populationStability(reference: FeatureReference, values: ArrayLike<number>): number {
  const expected = [...reference.counts, reference.missing];
  const actual = new Array<number>(expected.length).fill(0);
  for (let i = 0; i < values.length; i++) actual[binOf(reference.edges, values[i]!)]!++;
  return stabilityIndex(expected, actual);
}

/** Bin of `value`: `edges[i − 1] ≤ value < edges[i]`; the one after the last of a missing value. */
export function binOf(edges: ArrayLike<number>, value: number): number {
  if (Number.isNaN(value)) return edges.length + 1;
  let low = 0, high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Common reading of the index: below .1 stable, above .25 moved. */
const MOVED = 0.25;

/**
 * The index that counts as moved where a histogram is all that is known. Without any drift the index of independent rows is
 * about a chi-square with bins − 1 degrees of freedom times (1/n + 1/m) (Yurdakul 2018); its mean is added, so that few rows
 * alone raise no alarm.
 *
 * @param rows as many as are independent of each other: of a feature that remembers a day, one a day.
 */
export function histogramLimit(reference: FeatureReference, rows: number): number {
  const referenceRows = reference.counts.reduce((sum, count) => sum + count, reference.missing);
  return MOVED + reference.counts.length * (1 / Math.max(1, rows) + 1 / Math.max(1, referenceRows));
}
