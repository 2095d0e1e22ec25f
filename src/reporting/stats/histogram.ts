/** Counts in bins of equal width; the bins are `[from, to)`, the last one closed. */
export interface Histogram {
  readonly min: number;
  readonly width: number;
  readonly counts: readonly number[];
  /** Values below the first bin. */
  readonly below: number;
  /** Values above the last bin. */
  readonly above: number;
  /** Finite values in all, those outside included. */
  readonly total: number;
}

/** Counts the finite values in `bins` equal bins over `[min, max]`; a flat span gets one bin around its value. */
export function histogram(
  values: ArrayLike<number>,
  options: { readonly min: number; readonly max: number; readonly bins: number },
): Histogram {
  const { min, max } = options;
  const flat = !(max > min);
  const bins = flat ? 1 : options.bins;
  const width = flat ? 0 : (max - min) / bins;
  const counts = new Array<number>(bins).fill(0);
  let below = 0, above = 0, total = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    total++;
    if (value < min) below++;
    else if (value > max) above++;
    else counts[flat ? 0 : Math.min(bins - 1, Math.floor((value - min) / width))]!++;
  }
  return { min, width, counts, below, above, total };
}
