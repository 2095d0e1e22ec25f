import type { Baseline } from "./baselines.ts";
import { type BlockTotals, bootstrapMean, groupDays, type Interval95 } from "./block_bootstrap.ts";
import { type AccuracyTest, dieboldMariano, minimumDetectableEffect } from "./inference/accuracy_tests.ts";
import { seriesOf } from "./inference/daily_series.ts";
import type { RowLosses } from "./scores.ts";

/** Losses that are compared in pairs; smaller is better in each. */
export const PAIRED_LOSSES = { qlike: "qlike", log_loss: "logLoss", accuracy: "error", pinball: "pinball" } as const;

/** Name of a paired comparison as in metric names; accuracy is compared by the share of errors. */
export type PairedLoss = keyof typeof PAIRED_LOSSES;

/** A baseline's mean loss less the model's on the same rows: positive where the model is better. */
export interface PairedGain {
  readonly baseline: Baseline;
  readonly loss: PairedLoss;
  readonly gain: Interval95;
  /** Smallest true gain that four of five tests like this one would find. */
  readonly minimumDetectableEffect: number;
  /** Test on the daily differences; null where they do not vary, or are of fewer than three days. */
  readonly dieboldMariano: AccuracyTest | null;
}

/** How the intervals of gains are built. */
export interface IntervalOptions {
  /** Consecutive days that are resampled together. */
  readonly blockDays: number;
  readonly resamples: number;
}

/** Seed of every interval. */
export const SEED = 1;

/** Gains of the losses that both have. */
export function pairedGains(
  baseline: Baseline,
  ours: RowLosses,
  theirs: RowLosses,
  days: { totals(lossAt: (row: number) => number): BlockTotals },
  { blockDays, resamples }: IntervalOptions,
): PairedGain[] {
  return Object.entries(PAIRED_LOSSES).flatMap(([name, key]) => {
    const a = ours[key], b = theirs[key];
    if (a === undefined || b === undefined) return [];
    const daily = days.totals((row) => b[row]! - a[row]!);
    const gain = bootstrapMean(groupDays(daily, blockDays), { resamples, seed: SEED });
    return [{
      baseline,
      loss: name as PairedLoss,
      gain,
      minimumDetectableEffect: minimumDetectableEffect(gain.standardError),
      dieboldMariano: testOf(seriesOf(daily)),
    }];
  });
}

function testOf(differences: Float64Array): AccuracyTest | null {
  if (differences.length < 3) return null;
  const test = dieboldMariano(differences);
  return Number.isFinite(test.pValue) ? test : null;
}
