import { DAY_MS, MINUTE_MS } from "../../core/mod.ts";
import type { Baseline } from "./baselines.ts";
import { type BlockTotals, bootstrapMean, groupDays, shortTestBlockDays } from "./block_bootstrap.ts";
import { groupAreas, type Grouping } from "./group_areas.ts";
import { type IntervalOptions, PAIRED_LOSSES, type PairedLoss, SEED } from "./paired_gains.ts";
import type { Rivals } from "./rivals.ts";
import { coveredRows, type RowLosses, type Scores } from "./scores.ts";
import type { Forecasts, TestRows } from "./test_rows.ts";

/** A gain over the baseline that is best on all rows, within a group. */
export interface GroupGain {
  readonly loss: PairedLoss;
  readonly baseline: Baseline;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Blocks of days that the interval rests on; fewer than 20 tell nothing (`readingOf`). */
  readonly blocks: number;
}

/** Scores of the model on the rows of a group, and its gain over the best baseline of each loss there. */
export interface GroupScores {
  /** `2023`, `2023-05`, `13` for an hour of the day in UTC, the index of a fold. */
  readonly name: string;
  readonly rows: number;
  /** Means over all rows of the group: QLIKE too, as a group may have no row on the horizon's grid. */
  readonly scores: Scores;
  /**
   * Intervals by blocks of days; by single days where there are fewer than 30 blocks, as in a month or a step, unless a
   * label reaches into the next day: two days beside each other then share their outcomes.
   */
  readonly gains: readonly GroupGain[];
}

/** What {@linkcode scoreGroups} reads. */
export interface GroupedForecasts {
  readonly test: TestRows;
  readonly forecasts: Required<Forecasts>;
  readonly losses: RowLosses;
  readonly rivals: Rivals;
  /** {@linkcode outcomesOf} the rows, and the rows by ascending probability. */
  readonly outcomes: Int8Array;
  readonly ranked: Uint32Array;
}

/** Scores of each group that has a row. One pass a score, whatever the number of groups. */
export function scoreGroups(
  { test, forecasts, losses, rivals, outcomes, ranked }: GroupedForecasts,
  { names, groupOf }: Grouping,
  options: IntervalOptions,
): GroupScores[] {
  const count = names.length, rows = new Float64Array(count);
  for (const group of groupOf) rows[group]!++;
  const means = (values: Float64Array) => groupMeans(values, groupOf, count);
  const covered = coveredRows(test, forecasts.quantilesBps, 0.05, 0.95);
  const scores: Record<string, ArrayLike<number>> = {
    qlike: means(losses.qlike!),
    log_loss: means(losses.logLoss!),
    auc: groupAreas(forecasts.probabilityUp, outcomes, { names, groupOf }, ranked),
    accuracy: means(losses.error!).map((share) => 1 - share),
    pinball: means(losses.pinball!),
    coverage_90: means(covered),
  };
  const days = dayNumbers(test.decisionTimeMs);
  const gains = [...rivals].map(([loss, { baseline, losses: theirs }]) => {
    const ours = losses[PAIRED_LOSSES[loss]]!;
    const totals = dailyTotals((row) => theirs[row]! - ours[row]!, groupOf, count, days);
    return { loss, baseline, totals };
  });
  return names.flatMap((name, group) =>
    rows[group] === 0 ? [] : [{
      name,
      rows: rows[group]!,
      scores: Object.fromEntries(Object.entries(scores).map(([score, values]) => [score, values[group]!])),
      gains: gains.map(({ loss, baseline, totals }) => ({
        loss,
        baseline,
        ...groupGain(totals[group]!, test.horizonMinutes, options),
      })),
    }]
  );
}

function groupGain(daily: BlockTotals, horizonMinutes: number, { blockDays, resamples }: IntervalOptions) {
  const seen = daily.counts.filter((count) => count > 0).length;
  const isDaily = horizonMinutes * MINUTE_MS >= DAY_MS;
  const grouped = groupDays(daily, isDaily ? blockDays : shortTestBlockDays(seen, blockDays));
  const kept = (values: Float64Array) => values.filter((_, block) => grouped.counts[block]! > 0);
  const { mean, low, high, blocks } = bootstrapMean({ sums: kept(grouped.sums), counts: kept(grouped.counts) }, {
    resamples,
    seed: SEED,
  });
  return { mean, low, high, blocks };
}

function groupMeans(values: Float64Array, groupOf: Int32Array, groups: number): Float64Array {
  const sums = new Float64Array(groups), counts = new Float64Array(groups);
  for (let row = 0; row < values.length; row++) {
    if (Number.isNaN(values[row]!)) continue;
    sums[groupOf[row]!]! += values[row]!;
    counts[groupOf[row]!]!++;
  }
  return sums.map((sum, group) => sum / counts[group]!);
}

/** Day of each row, from that of the first. */
function dayNumbers(decisionTimeMs: Float64Array): Int32Array {
  const first = Math.floor(decisionTimeMs[0]! / DAY_MS), days = new Int32Array(decisionTimeMs.length);
  for (let row = 0; row < days.length; row++) days[row] = Math.floor(decisionTimeMs[row]! / DAY_MS) - first;
  return days;
}

function dailyTotals(
  lossAt: (row: number) => number,
  groupOf: Int32Array,
  groups: number,
  days: Int32Array,
): BlockTotals[] {
  const length = days.at(-1)! + 1;
  const totals = Array.from({ length: groups }, () => ({
    sums: new Float64Array(length),
    counts: new Float64Array(length),
  }));
  for (let row = 0; row < groupOf.length; row++) {
    const loss = lossAt(row);
    if (Number.isNaN(loss)) continue;
    const { sums, counts } = totals[groupOf[row]!]!;
    sums[days[row]!]! += loss;
    counts[days[row]!]!++;
  }
  return totals;
}
