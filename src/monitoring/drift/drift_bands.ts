import { binOf, stabilityIndex } from "./population_stability.ts";
import { hourWeights, type TrainingWindows } from "./training_windows.ts";
import { standardDeviation, wassersteinDistance, weightedSample } from "./wasserstein.ts";

/** How far one column lies from the training rows, and from where on that counts. */
export interface Distances {
  /** Population stability index over ten equal-count bins and one of missing values. */
  readonly psi: number;
  /** From here on it counts as moved. */
  readonly psiLimit: number;
  /** First Wasserstein distance in standard deviations of the training rows; NaN where either has no value. */
  readonly wasserstein: number;
  readonly wassersteinLimit: number;
}

/** A column by row: of the live rows, and of the training rows. */
export interface DriftColumn {
  live(row: number): number;
  training(row: number): number;
}

const BINS = 10;
/** Below these no shift is worth a word, whatever its band: PSI's common "stable", and Evidently's for normed Wasserstein. */
const LEAST = { psi: 0.1, wasserstein: 0.1 };
/** Share of windows of the training span within the band, of one column and of all together. */
const BAND = 0.95;

/**
 * Distances of each column of the live rows, with limits from windows of the training span that lie as they do: the 95 %
 * quantile of the column's own distances, times the factor that keeps all columns of 95 % of the windows below their
 * limits at once (the single-step maximum of Westfall & Young 1993), as some column of a hundred is always far out.
 */
export function driftDistances(
  columns: readonly DriftColumn[],
  { live, reference, windows }: TrainingWindows,
  { liveMs, trainingMs }: { readonly liveMs: Float64Array; readonly trainingMs: Float64Array },
): Distances[] {
  const times = (all: Float64Array, rows: Int32Array) => Float64Array.from(rows, (row) => all[row]!);
  const referenceMs = times(trainingMs, reference);
  const liveWeights = hourWeights(referenceMs, times(liveMs, live));
  const windowWeights = windows.map((rows) => hourWeights(referenceMs, times(trainingMs, rows)));
  const found = columns.map((column) => {
    const measure = measureOf(Float64Array.from(reference, column.training));
    return {
      live: measure(Float64Array.from(live, column.live), liveWeights),
      windows: windows.map((rows, i) => measure(Float64Array.from(rows, column.training), windowWeights[i]!)),
    };
  });
  const usual = found.map(({ windows }) => ({
    psi: quantileOf(windows.map(({ psi }) => psi)),
    wasserstein: quantileOf(windows.map(({ wasserstein }) => wasserstein)),
  }));
  const factor = Math.max(
    1,
    quantileOf(windows.map((_, i) =>
      found.reduce((most, { windows }, column) => {
        const { psi, wasserstein } = windows[i]!, own = usual[column]!;
        return Math.max(most, share(psi, own.psi), share(wasserstein, own.wasserstein));
      }, 0)
    )),
  );
  return found.map(({ live: { psi, wasserstein } }, column) => ({
    psi,
    psiLimit: Math.max(LEAST.psi, factor * usual[column]!.psi),
    wasserstein,
    wassersteinLimit: Math.max(LEAST.wasserstein, factor * usual[column]!.wasserstein || 0),
  }));
}

/** A column that never moves has no band of its own. */
function share(value: number, usual: number): number {
  return usual > 0 && value > 0 ? value / usual : 0;
}

/** Both distances of values from a column's reference rows, which are weighed anew for each window. */
function measureOf(
  reference: Float64Array,
): (values: Float64Array, weights: Float64Array) => { readonly psi: number; readonly wasserstein: number } {
  const edges = edgesOf(reference), bins = edges.length + 2;
  const binned = Int32Array.from(reference, (value) => binOf(edges, value));
  const order = Int32Array.from(reference.keys()).filter((row) => !Number.isNaN(reference[row]!))
    .sort((a, b) => reference[a]! - reference[b]!);
  const sorted = Float64Array.from(order, (row) => reference[row]!);
  const scale = standardDeviation({ values: sorted, weights: new Float64Array(sorted.length).fill(1) });
  const sortedWeights = new Float64Array(order.length);
  return (values, weights) => {
    const expected = new Float64Array(bins), actual = new Float64Array(bins);
    for (let row = 0; row < binned.length; row++) expected[binned[row]!]! += weights[row]!;
    for (let row = 0; row < values.length; row++) actual[binOf(edges, values[row]!)]!++;
    for (let i = 0; i < order.length; i++) sortedWeights[i] = weights[order[i]!]!;
    const distance = wassersteinDistance(weightedSample(values), { values: sorted, weights: sortedWeights });
    // A column that was constant has no deviation to measure by: any other value is infinitely far.
    return { psi: stabilityIndex(expected, actual), wasserstein: distance === 0 ? 0 : distance / scale };
  };
}

function edgesOf(reference: Float64Array): Float64Array {
  const sorted = reference.filter((value) => !Number.isNaN(value)).sort();
  const edges = Array.from({ length: BINS - 1 }, (_, i) => sorted[Math.floor((i + 1) * sorted.length / BINS)]!);
  return Float64Array.from(new Set(sorted.length === 0 ? [] : edges));
}

/** The value that {@linkcode BAND} of them do not pass; 0 of none. */
function quantileOf(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return sorted[Math.ceil(BAND * sorted.length) - 1] ?? 0;
}
