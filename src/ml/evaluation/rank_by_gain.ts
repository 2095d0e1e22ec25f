import { MINUTE_MS } from "../../core/mod.ts";
import { bootstrapMean, DayBlocks, type Interval95 } from "./block_bootstrap.ts";
import { commonRows } from "./common_rows.ts";
import { qlike, varianceFloor } from "./losses.ts";
import type { TestRows } from "./test_rows.ts";

/** A run's gain over HAR-X minute by minute; small, as many runs are in memory at once. */
export interface GainSeries {
  /** Decision times in minutes since the epoch, ascending. */
  readonly minutes: Int32Array;
  /** QLIKE of HAR-X less the model's. */
  readonly gains: Float32Array;
}

/** Who gains most on the decision times that all have. */
export interface GainRanking {
  /** Places of the series, greatest mean gain first. */
  readonly order: readonly number[];
  /** Mean gain of the first, its interval widened for the number of series (Bonferroni). */
  readonly best: Interval95;
  /** UTC days with a common decision time. */
  readonly commonDays: number;
}

/** Gain of QLIKE over HAR-X row by row. */
export function gainSeries(test: TestRows, volatilityBps: Float32Array, harXBps: Float32Array): GainSeries {
  const floor = varianceFloor(test.horizonMinutes);
  const gains = new Float32Array(test.length);
  for (let row = 0; row < test.length; row++) {
    const variance = test.realizedVarianceBps2[row]!;
    gains[row] = qlike(variance, harXBps[row]! ** 2, floor) - qlike(variance, volatilityBps[row]! ** 2, floor);
  }
  return { minutes: Int32Array.from(test.decisionTimeMs, (ms) => ms / MINUTE_MS), gains };
}

/**
 * Ranks series by their mean gain on common decision times. The first of many is lucky as well as good: its interval is
 * one that holds for all of them at once, of 1 − 5 %/n.
 *
 * @param series at least one.
 */
export function rankByGain(
  series: readonly GainSeries[],
  { blockDays, resamples }: { readonly blockDays: number; readonly resamples: number },
): GainRanking {
  const common = series.map(({ minutes }) => minutes).reduce((a, b) => commonRows(a, b).left.map((at) => a[at]!)),
    count = series.length;
  const onCommon = series.map(({ minutes, gains }) => {
    const rows = commonRows(common, minutes).right, picked = new Float32Array(common.length);
    for (let i = 0; i < picked.length; i++) picked[i] = gains[rows[i]!]!;
    return picked;
  });
  const means = onCommon.map((gains) => gains.reduce((sum, gain) => sum + gain, 0) / common.length);
  const order = [...means.keys()].sort((a, b) => means[b]! - means[a]!);
  const times = Float64Array.from(common, (minute) => minute * MINUTE_MS), best = onCommon[order[0]!]!;
  const days = new DayBlocks(times, { days: 1 }).totals(() => 0).counts;
  return {
    order,
    best: bootstrapMean(new DayBlocks(times, { days: blockDays }).totals((row) => best[row]!), {
      resamples: resamples * count,
      seed: 1,
      tail: 0.025 / count,
    }),
    commonDays: days.filter((rows) => rows > 0).length,
  };
}
