import {
  type CallOptions,
  type CandleColumns,
  type FeatureEngine,
  lowerBound,
  MINUTE_MS,
  sliceCandles,
} from "../../core/mod.ts";
import { type Histogram, histogram } from "./histogram.ts";
import { quantile, sortedFinite } from "./quantiles.ts";

/** One feature over all decision times. */
export interface FeatureSummary {
  readonly name: string;
  /** Decision times at which the feature has a value. */
  readonly count: number;
  /** Decision times at which it has none. */
  readonly missing: number;
  readonly mean: number;
  /** Sample standard deviation; NaN below two values. */
  readonly sd: number;
  readonly min: number;
  readonly max: number;
  /** 1, 25, 50, 75 and 99 %. */
  readonly quantiles: readonly number[];
  /** The middle 99 % in bins of equal width. */
  readonly shape: Histogram;
}

/** Levels of {@linkcode FeatureSummary.quantiles}. */
export const FEATURE_LEVELS = [0.01, 0.25, 0.5, 0.75, 0.99] as const;

/** Values a feature keeps for its quantiles and its shape at most; moments use all rows. */
const MAX_SAMPLE = 250_000;
/** Candles a chunk: bounds the memory of a computed matrix whatever the range. */
const CHUNK = 131_072;
const BINS = 24;

/**
 * Computes the features of an engine over all candles, a chunk at a time, and sums them up. Count, mean, deviation and
 * extremes are of all rows; quantiles and shape are of every n-th row where there are more than `sampleRows`.
 *
 * @param options.chunkRows candles computed at a time: it bounds memory and changes no figure. @default 131072
 * @param options.sampleRows rows that quantiles and shapes take at most. @default 250000
 */
export function summarizeFeatures(
  columns: CandleColumns,
  engine: Pick<FeatureEngine, "names" | "lookbackMinutes" | "compute">,
  options: CallOptions & { readonly chunkRows?: number; readonly sampleRows?: number } = {},
): { readonly features: readonly FeatureSummary[]; readonly rows: number; readonly every: number } {
  const { chunkRows = CHUNK, sampleRows = MAX_SAMPLE } = options;
  const every = samplingStep(columns.length, sampleRows);
  const parts = engine.names.map(() => new Accumulator(Math.ceil(columns.length / every) + 1));
  let rows = 0;
  for (let start = 0; start < columns.length; start += chunkRows) {
    options.signal?.throwIfAborted();
    const end = Math.min(columns.length, start + chunkRows);
    const fromMs = columns.openTimeMs[start]! + MINUTE_MS;
    // A row is determined by the candles of the look-back, so a chunk that starts that much earlier gives the same rows.
    const first = lowerBound(columns.openTimeMs, fromMs - engine.lookbackMinutes * MINUTE_MS);
    const matrix = engine.compute(sliceCandles(columns, first, end), { fromMs });
    matrix.columns.forEach((values, j) => parts[j]!.add(values, rows, every));
    rows += matrix.length;
  }
  return { features: engine.names.map((name, j) => parts[j]!.summary(name, rows)), rows, every };
}

/** A step that keeps at most the sample and shares no factor with a week of minutes, or it would see some minutes only. */
function samplingStep(rows: number, sampleRows: number): number {
  let step = Math.max(1, Math.ceil(rows / sampleRows));
  while ([2, 3, 5, 7].some((factor) => step % factor === 0)) step++;
  return step;
}

/** Moments by Chan's pairwise update of whole chunks, so that a mean far from zero costs no digits. */
class Accumulator {
  readonly #sample: Float32Array;
  #sampled = 0;
  #count = 0;
  #mean = 0;
  #m2 = 0;
  #min = Infinity;
  #max = -Infinity;

  constructor(sampleSize: number) {
    this.#sample = new Float32Array(sampleSize);
  }

  add(values: Float32Array, offset: number, every: number): void {
    let count = 0, sum = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (!Number.isFinite(value)) continue;
      count++;
      sum += value;
      if (value < this.#min) this.#min = value;
      if (value > this.#max) this.#max = value;
    }
    for (let i = (every - offset % every) % every; i < values.length; i += every) {
      this.#sample[this.#sampled++] = values[i]!;
    }
    if (count === 0) return;
    const mean = sum / count;
    let m2 = 0;
    for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i]!)) m2 += (values[i]! - mean) ** 2;
    const total = this.#count + count, delta = mean - this.#mean;
    this.#m2 += m2 + delta * delta * this.#count * count / total;
    this.#mean += delta * count / total;
    this.#count = total;
  }

  summary(name: string, rows: number): FeatureSummary {
    const sorted = sortedFinite(this.#sample.subarray(0, this.#sampled));
    const flat = this.#count > 0 && this.#min === this.#max;
    return {
      name,
      count: this.#count,
      missing: rows - this.#count,
      mean: this.#count === 0 ? NaN : flat ? this.#min : this.#mean,
      sd: this.#count < 2 ? NaN : flat ? 0 : Math.sqrt(this.#m2 / (this.#count - 1)),
      min: this.#count === 0 ? NaN : this.#min,
      max: this.#count === 0 ? NaN : this.#max,
      quantiles: FEATURE_LEVELS.map((level) => quantile(sorted, level)),
      shape: histogram(sorted, { min: quantile(sorted, 0.005), max: quantile(sorted, 0.995), bins: BINS }),
    };
  }
}
