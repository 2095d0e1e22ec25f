import type { FeatureMatrix } from "../../core/mod.ts";
import { sortedQuantile } from "../evaluation/block_bootstrap.ts";
import { floatSorter } from "./float_sorter.ts";
import type { ReferenceHistogram } from "./forecast_spec.ts";

const BINS = 20;
/** More rows than this say nothing new about twenty bins. */
const MOST_ROWS = 100_000;

/**
 * Shapes of the features over the training rows, in bins of equal count; drift is measured against them. The range is
 * that of all rows, also where the bins are of a part of them.
 */
export function referenceHistograms(features: FeatureMatrix, rows: Int32Array): ReferenceHistogram[] {
  const stride = Math.max(1, Math.ceil(rows.length / MOST_ROWS));
  const picked = new Int32Array(Math.ceil(rows.length / stride)), room = new Float32Array(picked.length);
  const sort = floatSorter(picked.length);
  for (let i = 0; i < picked.length; i++) picked[i] = rows[i * stride]!;
  return features.names.map((feature, j) => {
    const column = features.columns[j]!;
    let present = 0;
    for (const row of picked) if (!Number.isNaN(column[row]!)) room[present++] = column[row]!;
    const values = room.subarray(0, present);
    sort(values);
    const inner = Array.from({ length: BINS - 1 }, (_, i) => Math.fround(sortedQuantile(values, (i + 1) / BINS)));
    const edges = [...new Set(inner)].filter((edge) => !Number.isNaN(edge));
    const counts = new Array<number>(edges.length + 1).fill(0);
    let bin = 0;
    for (const value of values) {
      while (bin < edges.length && value >= edges[bin]!) bin++;
      counts[bin]!++;
    }
    return { feature, edges, counts, missing: picked.length - values.length, ...rangeOf(column, rows) };
  });
}

/** Least and greatest value of some rows; nothing where none has a value. */
function rangeOf(column: Float32Array, rows: Int32Array): Pick<ReferenceHistogram, "min" | "max"> {
  let min = Infinity, max = -Infinity;
  // A missing value is neither less nor greater than anything.
  for (const row of rows) {
    const value = column[row]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min <= max ? { min, max } : {};
}
