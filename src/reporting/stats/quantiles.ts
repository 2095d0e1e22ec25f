/** The finite values in ascending order, as a new array. */
export function sortedFinite(values: ArrayLike<number>): Float64Array {
  const sorted = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i]!)) sorted[count++] = values[i]!;
  return sorted.subarray(0, count).sort();
}

/** Quantile with linear interpolation (type 7, as DuckDB's `quantile_cont`); NaN of an empty sample. */
export function quantile(sorted: ArrayLike<number>, level: number): number {
  if (sorted.length === 0) return NaN;
  const position = (sorted.length - 1) * Math.min(1, Math.max(0, level));
  const low = Math.floor(position);
  const a = sorted[low]!, b = sorted[Math.min(low + 1, sorted.length - 1)]!;
  return a + (b - a) * (position - low);
}
