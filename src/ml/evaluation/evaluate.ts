import { blockPairs, weightedArea } from "./auc.ts";
import { bootstrap, bootstrapMean, DayBlocks, type Interval95 } from "./block_bootstrap.ts";
import { coveredRows, type RowLosses, rowLosses, scoreForecasts, type Scores } from "./scores.ts";
import { type Forecasts, outcomesOf, type TestRows } from "./test_rows.ts";

/** Baselines that every model is scored beside. */
export const BASELINES = ["climatology", "contrarian", "ewma", "har"] as const;

/** One of {@linkcode BASELINES}. */
export type Baseline = typeof BASELINES[number];

/** Losses that are compared in pairs; smaller is better in each. */
const PAIRED_LOSSES = { qlike: "qlike", log_loss: "logLoss", pinball: "pinball" } as const;

/** Name of a paired loss as in metric names. */
export type PairedLoss = keyof typeof PAIRED_LOSSES;

/** A baseline's mean loss less the model's on the same rows: positive where the model is better. */
export interface PairedGain {
  readonly baseline: Baseline;
  readonly loss: PairedLoss;
  readonly gain: Interval95;
}

/** Scores of a model and of the baselines on the same rows, with the uncertainty of their differences. */
export interface Evaluation {
  /** Rows scored. */
  readonly rows: number;
  /** Days of a block of the intervals. */
  readonly blockDays: number;
  readonly model: Scores;
  readonly baselines: Readonly<Partial<Record<Baseline, Scores>>>;
  readonly gains: readonly PairedGain[];
  /** Intervals of scores of the model alone. */
  readonly intervals: Readonly<Partial<Record<"auc" | "coverage_90", Interval95>>>;
}

/** Options of {@linkcode evaluate}. */
export interface EvaluateOptions {
  /** Consecutive days that are resampled together. */
  readonly blockDays: number;
  /** @default 2000 */
  readonly resamples?: number;
}

/** Resamples of the area under the curve, which costs more than a mean. */
const AUC_RESAMPLES = 500;
const SEED = 1;

/** Scores everything on the same rows (evaluation section 5). */
export function evaluate(
  test: TestRows,
  forecasts: { readonly model: Forecasts; readonly baselines: Readonly<Partial<Record<Baseline, Forecasts>>> },
  options: EvaluateOptions,
): Evaluation {
  const { blockDays, resamples = 2000 } = options;
  const blocks = new DayBlocks(test.decisionTimeMs, { days: blockDays });
  const losses = rowLosses(test, forecasts.model);
  const baselines: Partial<Record<Baseline, Scores>> = {};
  const gains: PairedGain[] = [];
  for (const baseline of BASELINES) {
    const theirs = forecasts.baselines[baseline];
    if (theirs === undefined) continue;
    const theirLosses = rowLosses(test, theirs);
    baselines[baseline] = scoreForecasts(test, theirs, theirLosses);
    gains.push(...pairedGains(baseline, losses, theirLosses, blocks, resamples));
  }
  return {
    rows: test.length,
    blockDays,
    model: scoreForecasts(test, forecasts.model, losses),
    baselines,
    gains,
    intervals: modelIntervals(test, forecasts.model, blocks, resamples),
  };
}

function pairedGains(
  baseline: Baseline,
  ours: RowLosses,
  theirs: RowLosses,
  blocks: DayBlocks,
  resamples: number,
): PairedGain[] {
  return Object.entries(PAIRED_LOSSES).flatMap(([name, key]) => {
    const a = ours[key], b = theirs[key];
    if (a === undefined || b === undefined) return [];
    const gain = bootstrapMean(blocks.totals((row) => b[row]! - a[row]!), { resamples, seed: SEED });
    return [{ baseline, loss: name as PairedLoss, gain }];
  });
}

function modelIntervals(
  test: TestRows,
  { probabilityUp, quantilesBps }: Forecasts,
  blocks: DayBlocks,
  resamples: number,
): Evaluation["intervals"] {
  const intervals: { auc?: Interval95; coverage_90?: Interval95 } = {};
  if (probabilityUp !== undefined) {
    const pairs = blockPairs({ scores: probabilityUp, outcomes: outcomesOf(test) }, {
      blocks: blocks.count,
      blockOf: (row) => blocks.of(row),
    });
    intervals.auc = bootstrap(blocks.count, (weights) => weightedArea(pairs, weights), {
      resamples: AUC_RESAMPLES,
      seed: SEED,
    });
  }
  if (quantilesBps !== undefined) {
    const covered = coveredRows(test, quantilesBps, 0.05, 0.95);
    intervals.coverage_90 = bootstrapMean(blocks.totals((row) => covered[row]!), { resamples, seed: SEED });
  }
  return intervals;
}

/**
 * The evaluation as flat metrics, in the names under which a run logs them: `qlike`, `auc_low`, `baseline_har_qlike`,
 * `qlike_gain_ewma`, `qlike_gain_ewma_high`.
 */
export function evaluationMetrics(evaluation: Evaluation): Record<string, number> {
  const metrics: Record<string, number> = { ...evaluation.model, test_rows: evaluation.rows };
  for (const [name, interval] of Object.entries(evaluation.intervals)) {
    metrics[`${name}_low`] = interval.low;
    metrics[`${name}_high`] = interval.high;
  }
  for (const [baseline, scores] of Object.entries(evaluation.baselines)) {
    for (const [name, value] of Object.entries(scores)) metrics[`baseline_${baseline}_${name}`] = value;
  }
  for (const { baseline, loss, gain } of evaluation.gains) {
    metrics[`${loss}_gain_${baseline}`] = gain.mean;
    metrics[`${loss}_gain_${baseline}_low`] = gain.low;
    metrics[`${loss}_gain_${baseline}_high`] = gain.high;
  }
  return metrics;
}
