/** Options of {@linkcode backtestOverfitting}. */
export interface BacktestOverfittingOptions {
  /** Consecutive groups of periods, an even number; half of them choose, the other half judge. @default 16 */
  readonly groups?: number;
  /** Fewest configurations that a probability is given for. @default 10 */
  readonly fewestConfigurations?: number;
}

/** What became of the configurations that were best in one half. */
export interface BacktestOverfitting {
  /** Share of splits in which the best of one half is no better than the median in the other. */
  readonly probability: number;
  /** Splits tried: 12,870 of 16 groups. */
  readonly splits: number;
  /** Configurations compared. */
  readonly configurations: number;
}

/**
 * Probability of backtest overfitting by combinatorially symmetric cross-validation (Bailey, Borwein, López de Prado & Zhu
 * 2017): over all ways to take half of the groups, how often the configuration with the best Sharpe ratio in that half ranks
 * in the lower part of the rest. Null below ten configurations, and where a group would have fewer than two periods.
 *
 * @param gains one series a configuration, larger is better, of equal length: daily profits, or paired gains.
 * @throws {RangeError} for an odd number of groups or series of different length.
 */
export function backtestOverfitting(
  gains: readonly Float64Array[],
  { groups = 16, fewestConfigurations = 10 }: BacktestOverfittingOptions = {},
): BacktestOverfitting | null {
  const periods = gains[0]?.length ?? 0;
  if (groups % 2 !== 0 || groups < 2) {
    throw new RangeError(`Cannot halve the groups as their number must be even: current value is ${groups}`);
  }
  if (gains.some(({ length }) => length !== periods)) {
    throw new RangeError(
      `Cannot compare configurations as their series must be equally long: current lengths are ${
        gains.map(({ length }) => length).join(", ")
      }`,
    );
  }
  if (gains.length < fewestConfigurations || periods < 2 * groups) return null;
  const totals = groupTotals(gains, groups);
  let splits = 0, overfitted = 0;
  for (const chosen of halves(groups)) {
    const inside = sharpes(totals, chosen, true), outside = sharpes(totals, chosen, false);
    const best = inside.indexOf(Math.max(...inside));
    splits++;
    if (relativeRank(outside, best) <= 0.5) overfitted++;
  }
  return { probability: overfitted / splits, splits, configurations: gains.length };
}

/** Count, sum and sum of squares of each group, for each configuration. */
interface GroupTotals {
  readonly counts: Float64Array;
  readonly sums: readonly Float64Array[];
  readonly squares: readonly Float64Array[];
}

function groupTotals(gains: readonly Float64Array[], groups: number): GroupTotals {
  const periods = gains[0]!.length;
  const bounds = Array.from({ length: groups + 1 }, (_, group) => Math.round(group * periods / groups));
  const over = (values: Float64Array, term: (value: number) => number) =>
    Float64Array.from({ length: groups }, (_, group) => {
      let sum = 0;
      for (let i = bounds[group]!; i < bounds[group + 1]!; i++) sum += term(values[i]!);
      return sum;
    });
  return {
    counts: Float64Array.from({ length: groups }, (_, group) => bounds[group + 1]! - bounds[group]!),
    sums: gains.map((values) => over(values, (value) => value)),
    squares: gains.map((values) => over(values, (value) => value * value)),
  };
}

/** Sharpe ratio of each configuration over the groups of one half; −∞ where it does not vary. */
function sharpes({ counts, sums, squares }: GroupTotals, chosen: number, inside: boolean): number[] {
  return sums.map((own, configuration) => {
    let count = 0, sum = 0, square = 0;
    for (let group = 0; group < own.length; group++) {
      if ((chosen >> group & 1) === 1 !== inside) continue;
      count += counts[group]!;
      sum += own[group]!;
      square += squares[configuration]![group]!;
    }
    const mean = sum / count, variance = square / count - mean * mean;
    return variance > 0 ? mean / Math.sqrt(variance * count / (count - 1)) : -Infinity;
  });
}

/** Rank of an entry from below over count + 1, ties in the middle: ½ is the median. */
function relativeRank(values: readonly number[], at: number): number {
  let below = 0, equal = 0;
  for (const value of values) {
    if (value < values[at]!) below++;
    else if (value === values[at]!) equal++;
  }
  return (below + (equal + 1) / 2) / (values.length + 1);
}

/** Bit masks of all ways to take half of the groups. */
function* halves(groups: number): Generator<number> {
  for (let mask = 0; mask < 2 ** groups; mask++) {
    let taken = 0;
    for (let rest = mask; rest > 0; rest &= rest - 1) taken++;
    if (taken === groups / 2) yield mask;
  }
}
