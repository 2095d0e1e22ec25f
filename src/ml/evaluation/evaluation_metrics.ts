import type { ForecastComparison } from "./compare_forecasts.ts";
import type { Evaluation } from "./evaluate.ts";

/** Prices of a round trip, in bps, whose Sharpe ratios are metrics of their own; the whole curve is in the summary. */
const SHOWN_COSTS_BPS = [0, 5, 10, 20];

/** A figure of a fold, whose step is the fold's index. */
export interface FoldMetric {
  readonly key: string;
  readonly value: number;
  readonly step: number;
}

/**
 * A comparison as flat metrics, in the names under which a run logs them: `qlike`, `auc_low`, `baseline_har_qlike`,
 * `qlike_gain_ewma`, `qlike_gain_ewma_high`.
 */
export function comparisonMetrics(comparison: ForecastComparison): Record<string, number> {
  const metrics: Record<string, number> = { ...comparison.model, test_rows: comparison.rows };
  for (const [name, interval] of Object.entries(comparison.intervals)) {
    metrics[`${name}_low`] = interval.low;
    metrics[`${name}_high`] = interval.high;
  }
  for (const [baseline, scores] of Object.entries(comparison.baselines)) {
    for (const [name, value] of Object.entries(scores)) metrics[`baseline_${baseline}_${name}`] = value;
  }
  for (const { baseline, loss, gain } of comparison.gains) {
    metrics[`${loss}_gain_${baseline}`] = gain.mean;
    metrics[`${loss}_gain_${baseline}_low`] = gain.low;
    metrics[`${loss}_gain_${baseline}_high`] = gain.high;
  }
  return metrics;
}

/**
 * {@linkcode comparisonMetrics} with the model's own figures: `test_folds`, `adaptive_coverage_90`, `sharpe_cost_10`,
 * `break_even_cost_bps`, `qlike_gain_har_x_detectable`, `qlike_gain_har_x_p`. What cannot be told has no metric.
 */
export function evaluationMetrics(evaluation: Evaluation): Record<string, number> {
  const { gains, adaptive, money, folds, days, blocks } = evaluation;
  const known: Record<string, number> = {
    break_even_cost_bps: money.breakEvenCostBps,
    round_trips_per_day: money.roundTripsPerDay,
    sharpe_daily_gross: money.gross.sharpe,
    probabilistic_sharpe: money.probabilisticSharpe,
    deflated_sharpe: money.deflatedSharpe ?? NaN,
  };
  for (const { costBps, sharpe } of money.costCurve) {
    if (SHOWN_COSTS_BPS.includes(costBps)) known[`sharpe_cost_${costBps}`] = sharpe;
  }
  for (const { baseline, loss, minimumDetectableEffect, dieboldMariano } of gains) {
    known[`${loss}_gain_${baseline}_detectable`] = minimumDetectableEffect;
    known[`${loss}_gain_${baseline}_p`] = dieboldMariano?.pValue ?? NaN;
  }
  return {
    ...comparisonMetrics(evaluation),
    test_days: days,
    test_folds: folds.length,
    test_blocks: blocks,
    ...Object.fromEntries(Object.entries(adaptive).map(([name, value]) => [`adaptive_${name}`, value])),
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => Number.isFinite(value))),
  };
}

/** Scores fold by fold, and gains over the best baseline of each loss: `fold_qlike`, `fold_qlike_gain_best`. */
export function foldMetrics({ folds }: Pick<Evaluation, "folds">): FoldMetric[] {
  return folds.flatMap(({ index, rows, scores, gains }) => {
    const values = {
      rows,
      ...scores,
      ...Object.fromEntries(gains.map(({ loss, mean }) => [`${loss}_gain_best`, mean])),
    };
    return Object.entries(values).filter(([, value]) => Number.isFinite(value))
      .map(([name, value]) => ({ key: `fold_${name}`, value, step: index }));
  });
}
