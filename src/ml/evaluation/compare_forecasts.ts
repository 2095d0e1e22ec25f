import { areaInterval } from "./area_interval.ts";
import { type Baseline, BASELINES } from "./baselines.ts";
import { bootstrapMean, DayBlocks, type Interval95 } from "./block_bootstrap.ts";
import type { Grouping } from "./group_areas.ts";
import { type IntervalOptions, type PairedGain, pairedGains, SEED } from "./paired_gains.ts";
import { coveredRows, type RowLosses, rowLosses, scoreForecasts, type Scores } from "./scores.ts";
import { type Forecasts, outcomesOf, type TestRows } from "./test_rows.ts";

/** Scores of a model and of the baselines on the same rows, with the uncertainty of their differences. */
export interface ForecastComparison {
  /** Rows scored. */
  readonly rows: number;
  /** Days of a block of the intervals. */
  readonly blockDays: number;
  /** Blocks that the intervals rest on. */
  readonly blocks: number;
  readonly model: Scores;
  readonly baselines: Readonly<Partial<Record<Baseline, Scores>>>;
  readonly gains: readonly PairedGain[];
  /** Intervals of scores of the model alone. */
  readonly intervals: Readonly<Partial<Record<"auc" | "accuracy" | "coverage_90", Interval95>>>;
}

/** Options of {@linkcode compareForecasts}. */
export interface CompareOptions {
  /** Consecutive days that are resampled together. */
  readonly blockDays: number;
  /** @default 2000 */
  readonly resamples?: number;
  /** Told the losses of each baseline while they are at hand, one baseline at a time. */
  readonly onBaseline?: (baseline: Baseline, losses: RowLosses) => void;
  /** Folds of the rows: gives `auc_fold_mean`. @default none */
  readonly folds?: Grouping;
  /** Losses of the model, where they are known already. */
  readonly losses?: RowLosses;
}

/** Resamples of an interval (evaluation section 5). */
export const RESAMPLES = 2000;

/** Scores a model and baselines on the same rows; of all baselines' losses one is in memory at a time. */
export function compareForecasts(
  test: TestRows,
  forecasts: { readonly model: Forecasts; readonly baselines: Readonly<Partial<Record<Baseline, Forecasts>>> },
  { blockDays, resamples = RESAMPLES, onBaseline, folds, losses = rowLosses(test, forecasts.model) }: CompareOptions,
): ForecastComparison {
  const grouped = folds === undefined ? {} : { folds };
  const days = new DayBlocks(test.decisionTimeMs, { days: 1 });
  const baselines: Partial<Record<Baseline, Scores>> = {};
  const gains: PairedGain[] = [];
  for (const baseline of BASELINES) {
    // Quantiles that are made when they are read are made once, for this turn.
    const theirs = { ...forecasts.baselines[baseline] };
    if (Object.keys(theirs).length === 0) continue;
    const theirLosses = rowLosses(test, theirs);
    baselines[baseline] = scoreForecasts(test, theirs, theirLosses, grouped);
    gains.push(...pairedGains(baseline, losses, theirLosses, days, { blockDays, resamples }));
    onBaseline?.(baseline, theirLosses);
  }
  return {
    rows: test.length,
    blockDays,
    blocks: Math.ceil(days.count / blockDays),
    model: scoreForecasts(test, forecasts.model, losses, grouped),
    baselines,
    gains,
    intervals: modelIntervals(test, forecasts.model, losses, { blockDays, resamples }),
  };
}

function modelIntervals(
  test: TestRows,
  { probabilityUp, quantilesBps }: Forecasts,
  { error }: RowLosses,
  { blockDays, resamples }: IntervalOptions,
): ForecastComparison["intervals"] {
  const blocks = new DayBlocks(test.decisionTimeMs, { days: blockDays });
  const intervals: { -readonly [Name in keyof ForecastComparison["intervals"]]: Interval95 } = {};
  if (probabilityUp !== undefined && error !== undefined) {
    intervals.auc = areaInterval({ scores: probabilityUp, outcomes: outcomesOf(test) }, blocks);
    intervals.accuracy = bootstrapMean(blocks.totals((row) => 1 - error[row]!), { resamples, seed: SEED });
  }
  if (quantilesBps !== undefined) {
    const covered = coveredRows(test, quantilesBps, 0.05, 0.95);
    intervals.coverage_90 = bootstrapMean(blocks.totals((row) => covered[row]!), { resamples, seed: SEED });
  }
  return intervals;
}
