/** Values without NaN in ascending order, each with a weight. */
export interface WeightedSample {
  readonly values: Float64Array;
  readonly weights: Float64Array;
}

/** Sorts a sample; rows without a value are left out. Every weight is 1 where none are given. */
export function weightedSample(values: ArrayLike<number>, weights?: ArrayLike<number>): WeightedSample {
  if (weights === undefined) {
    const sorted = Float64Array.from(values).filter((value) => !Number.isNaN(value)).sort();
    return { values: sorted, weights: new Float64Array(sorted.length).fill(1) };
  }
  const order = new Int32Array(values.length);
  let count = 0;
  for (let row = 0; row < values.length; row++) if (!Number.isNaN(values[row]!)) order[count++] = row;
  const rows = order.subarray(0, count).sort((a, b) => values[a]! - values[b]!);
  return {
    values: Float64Array.from(rows, (row) => values[row]!),
    weights: Float64Array.from(rows, (row) => weights[row]!),
  };
}

/**
 * First Wasserstein distance, ∫ |F − G|, in the unit of the values: how far mass has to be moved. O(n + m). NaN where
 * either sample has no weight.
 */
export function wassersteinDistance(left: WeightedSample, right: WeightedSample): number {
  const leftTotal = sum(left.weights), rightTotal = sum(right.weights);
  if (!(leftTotal > 0 && rightTotal > 0)) return NaN;
  let i = 0, j = 0, leftShare = 0, rightShare = 0, distance = 0, last = NaN;
  while (i < left.values.length || j < right.values.length) {
    const next = Math.min(left.values[i] ?? Infinity, right.values[j] ?? Infinity);
    // Before the first value, and once both have all their mass, nothing is to be moved.
    if (next > last) distance += Math.abs(leftShare - rightShare) * (next - last);
    while (i < left.values.length && left.values[i] === next) leftShare += left.weights[i++]! / leftTotal;
    while (j < right.values.length && right.values[j] === next) rightShare += right.weights[j++]! / rightTotal;
    last = next;
  }
  return distance;
}

/** Standard deviation of a weighted sample; 0 of equal values. */
export function standardDeviation({ values, weights }: WeightedSample): number {
  const total = sum(weights);
  let mean = 0, square = 0;
  for (let i = 0; i < values.length; i++) mean += weights[i]! * values[i]! / total;
  for (let i = 0; i < values.length; i++) square += weights[i]! * (values[i]! - mean) ** 2 / total;
  return Math.sqrt(square);
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
