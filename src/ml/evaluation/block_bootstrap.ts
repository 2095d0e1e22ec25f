import { DAY_MS, seededRandom } from "../../core/mod.ts";

/** A mean with its percentile interval, of 95 % where nothing else is asked for. */
export interface Interval95 {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Standard deviation of the resampled means. */
  readonly standardError: number;
  /** Blocks that were resampled; fewer than 20 say little. */
  readonly blocks: number;
}

/** Sums and counts of a loss by block of consecutive UTC days. */
export interface BlockTotals {
  readonly sums: Float64Array;
  readonly counts: Float64Array;
}

/** Consecutive groups of days from the first decision's day on. */
export class DayBlocks {
  /** Number of blocks. */
  readonly count: number;
  /** Days in a block. */
  readonly days: number;
  readonly #blockOf: Int32Array;

  /** Assigns each decision time to its block. */
  constructor(decisionTimeMs: ArrayLike<number>, options: { readonly days: number }) {
    this.days = options.days;
    const length = decisionTimeMs.length;
    const firstDay = length === 0 ? 0 : Math.floor(decisionTimeMs[0]! / DAY_MS);
    this.#blockOf = new Int32Array(length);
    for (let row = 0; row < length; row++) {
      this.#blockOf[row] = Math.floor((Math.floor(decisionTimeMs[row]! / DAY_MS) - firstDay) / options.days);
    }
    this.count = length === 0 ? 0 : this.#blockOf[length - 1]! + 1;
  }

  /** Block of a row. */
  of(row: number): number {
    return this.#blockOf[row]!;
  }

  /** Adds up a loss; NaN rows are left out. */
  totals(lossAt: (row: number) => number): BlockTotals {
    const sums = new Float64Array(this.count), counts = new Float64Array(this.count);
    for (let row = 0; row < this.#blockOf.length; row++) {
      const loss = lossAt(row);
      if (Number.isNaN(loss)) continue;
      sums[this.#blockOf[row]!]! += loss;
      counts[this.#blockOf[row]!]! += 1;
    }
    return { sums, counts };
  }
}

/** Fewest blocks of several days that an interval of a short test is built from (evaluation section 4). */
const FEWEST_BLOCKS = 30;

/** Days of a block for a test of so many days: single days where there are few blocks of `wanted` days. */
export function shortTestBlockDays(days: number, wanted: number): number {
  return Math.ceil(days / wanted) < FEWEST_BLOCKS ? 1 : wanted;
}

/** Totals of consecutive groups of days, from totals by day. */
export function groupDays({ sums, counts }: BlockTotals, days: number): BlockTotals {
  const grouped = (values: Float64Array) => {
    const totals = new Float64Array(Math.ceil(values.length / days));
    values.forEach((value, day) => totals[Math.floor(day / days)]! += value);
    return totals;
  };
  return { sums: grouped(sums), counts: grouped(counts) };
}

/** How an interval is drawn. */
export interface BootstrapOptions {
  readonly resamples: number;
  readonly seed: number;
  /** Share of resamples beyond either end. @default 0.025 */
  readonly tail?: number;
}

/**
 * Percentile interval of a mean by resampling blocks of days with replacement; a resample's mean is the ratio of its
 * sums, as blocks differ in rows.
 */
export function bootstrapMean(
  totals: BlockTotals,
  options: Partial<BootstrapOptions> = {},
): Interval95 {
  const blocks = totals.sums.length;
  const ratio = (weightOf: (block: number) => number) => {
    let sum = 0, count = 0;
    for (let block = 0; block < blocks; block++) {
      sum += weightOf(block) * totals.sums[block]!;
      count += weightOf(block) * totals.counts[block]!;
    }
    return sum / count;
  };
  return bootstrap(blocks, (weights) => ratio((block) => weights[block]!), { resamples: 2000, seed: 1, ...options });
}

/** Percentile interval of any statistic of block weights; `statistic` of all ones is the estimate itself. */
export function bootstrap(
  blocks: number,
  statistic: (weights: Float64Array) => number,
  { resamples, seed, tail = 0.025 }: BootstrapOptions,
): Interval95 {
  const mean = statistic(new Float64Array(blocks).fill(1));
  const random = seededRandom(seed);
  const values = new Float64Array(resamples);
  const weights = new Float64Array(blocks);
  for (let i = 0; i < resamples; i++) {
    weights.fill(0);
    for (let draw = 0; draw < blocks; draw++) weights[random.integer(blocks)]! += 1;
    values[i] = statistic(weights);
  }
  const usable = values.filter((value) => !Number.isNaN(value)).sort();
  const centre = usable.reduce((sum, value) => sum + value, 0) / usable.length;
  const spread = usable.reduce((sum, value) => sum + (value - centre) ** 2, 0) / usable.length;
  return {
    mean,
    low: sortedQuantile(usable, tail),
    high: sortedQuantile(usable, 1 - tail),
    standardError: Math.sqrt(spread),
    blocks,
  };
}

/** Quantile of ascending values with linear interpolation (numpy's default); NaN of none. */
export function sortedQuantile(sorted: ArrayLike<number>, level: number): number {
  if (sorted.length === 0) return NaN;
  const at = level * (sorted.length - 1), below = Math.floor(at), above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}
