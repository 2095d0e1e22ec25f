import { MINUTE_MS, type TimeRange } from "../../core/mod.ts";
import { adaptiveQuantiles } from "./adaptive_quantiles.ts";
import type { Baseline } from "./baselines.ts";
import { DayBlocks } from "./block_bootstrap.ts";
import { groupByHour, groupByMonth, groupByYear } from "./calendar_groups.ts";
import {
  type CalibrationLine,
  calibrationLine,
  expectedCalibrationError,
  type ReliabilityBin,
  reliabilityBins,
} from "./calibration_scores.ts";
import { compareForecasts, type ForecastComparison, RESAMPLES } from "./compare_forecasts.ts";
import { BIN_SHARES, quantileHistogram } from "./distribution_scores.ts";
import { type Grouping, rankedRows } from "./group_areas.ts";
import { type GroupScores, scoreGroups } from "./group_scores.ts";
import { seriesOf } from "./inference/daily_series.ts";
import { blockDraws, type ConfidenceSetEntry, modelConfidenceSet } from "./inference/model_confidence_set.ts";
import { type MoneyScores, moneyScores, type TriedBefore } from "./money_scores.ts";
import { clarkWestTests, type NestedTest } from "./nested_tests.ts";
import { type IntervalOptions, SEED } from "./paired_gains.ts";
import { type BestBaselines, bestBaselines, rivalsOf } from "./rivals.ts";
import type { ScoredFolds } from "./scored_folds.ts";
import { quantileScores, rowLosses, type Scores } from "./scores.ts";
import { outcomesOf, type TestRows } from "./test_rows.ts";
import { type WeakSpots, weakSpots } from "./weak_spots.ts";

/** Scores of a fold's rows, and on which decision times its models were fitted. */
export interface FoldScores extends GroupScores {
  /** Place on the whole grid, from 0. */
  readonly index: number;
  /** Half-open. */
  readonly train: TimeRange;
  /** First to last decision time. */
  readonly test: TimeRange;
}

/** Whether probabilities mean what they say. */
export interface DirectionCalibration {
  /** 20 groups of equal count, lowest forecasts first. */
  readonly bins: readonly ReliabilityBin[];
  /** Null where no line can be told, as of a constant forecast. */
  readonly line: CalibrationLine | null;
}

/**
 * All that is said of a model's test rows (evaluation section 5), as plain JSON: it is `evaluation/summary.json`, where a
 * figure that cannot be told (NaN) becomes null.
 */
export interface Evaluation extends ForecastComparison {
  readonly horizonMinutes: number;
  /** First to last decision time. */
  readonly span: TimeRange;
  /** UTC days with a row. */
  readonly days: number;
  readonly calibration: DirectionCalibration;
  /** Shares of returns in the ten bins between and beyond the nine quantiles. */
  readonly quantileHistogram: { readonly expected: readonly number[]; readonly observed: readonly number[] };
  /** Scores of the quantiles after adaptive conformal inference, which is never served. */
  readonly adaptive: Scores;
  readonly money: MoneyScores;
  /** Clark & West's test of squared error of ln RV against each line that a model may contain. */
  readonly clarkWest: readonly NestedTest[];
  /** Model confidence set on daily QLIKE, worst first; the model is called `model`. */
  readonly confidenceSet: readonly ConfidenceSetEntry[];
  /** The best baseline of each loss over all rows. */
  readonly bestBaselines: BestBaselines;
  readonly folds: readonly FoldScores[];
  readonly years: readonly GroupScores[];
  readonly months: readonly GroupScores[];
  readonly hours: readonly GroupScores[];
  /** Months and hours in which the model is worse than the best baseline. */
  readonly weakSpots: WeakSpots;
}

/** Options of {@linkcode evaluate}. */
export interface EvaluateOptions {
  /** Consecutive days that are resampled together. */
  readonly blockDays: number;
  /** @default 2000 */
  readonly resamples?: number;
  /** Everything ever tried with this symbol and horizon, for the deflated Sharpe ratio. @default null, not known */
  readonly tried?: TriedBefore | null;
}

/** Scores everything on the same rows (evaluation section 5). */
export function evaluate(
  scored: ScoredFolds<Baseline>,
  { blockDays, resamples = RESAMPLES, tried = null }: EvaluateOptions,
): Evaluation {
  const { test, model } = scored, { decisionTimeMs } = test, intervals = { blockDays, resamples };
  const losses = rowLosses(test, model), folds = foldGrouping(scored);
  const days = new DayBlocks(decisionTimeMs, { days: 1 });
  const daily = (values: Float64Array) => seriesOf(days.totals((row) => values[row]!));
  const dailyQlike = new Map<string, Float64Array>([["model", daily(losses.qlike!)]]);
  const comparison = compareForecasts(test, scored, {
    ...intervals,
    losses,
    folds,
    onBaseline: (name, { qlike }) => qlike === undefined ? undefined : dailyQlike.set(name, daily(qlike)),
  });
  const best = bestBaselines(comparison.gains);
  const outcomes = outcomesOf(test), ranked = rankedRows(model.probabilityUp, outcomes);
  const grouped = { test, forecasts: model, losses, rivals: rivalsOf(scored, best), outcomes, ranked };
  const groups = (grouping: Grouping) => scoreGroups(grouped, grouping, intervals);
  const months = groups(groupByMonth(decisionTimeMs)), hours = groups(groupByHour(decisionTimeMs));
  const calibration = directionCalibration(test, model.probabilityUp, outcomes);
  const adaptive = adaptiveQuantiles(test, model.quantilesBps);
  return {
    ...comparison,
    model: { ...comparison.model, ...calibrationScores(calibration) },
    horizonMinutes: test.horizonMinutes,
    span: { startMs: decisionTimeMs[0]!, endMs: decisionTimeMs.at(-1)! + MINUTE_MS },
    days: dailyQlike.get("model")!.length,
    calibration,
    quantileHistogram: { expected: BIN_SHARES, observed: [...quantileHistogram(test, model.quantilesBps)] },
    adaptive: quantileScores(test, adaptive, rowLosses(test, { quantilesBps: adaptive }).pinball!),
    money: moneyScores(test, model.probabilityUp, tried),
    clarkWest: clarkWestTests(scored),
    confidenceSet: confidenceSet(dailyQlike, intervals),
    bestBaselines: best,
    folds: groups(folds).map((scores) => ({ ...foldOf(scored, Number(scores.name)), ...scores })),
    years: groups(groupByYear(decisionTimeMs)),
    months,
    hours,
    weakSpots: weakSpots({ month: months, hour: hours }),
  };
}

function foldGrouping({ folds, foldOf }: ScoredFolds): Grouping {
  return { names: folds.map(({ index }) => String(index)), groupOf: foldOf };
}

function foldOf(
  { folds, foldOf, test }: ScoredFolds,
  index: number,
): Pick<FoldScores, "index" | "train" | "test"> {
  const place = folds.findIndex((fold) => fold.index === index);
  const first = foldOf.indexOf(place), last = foldOf.lastIndexOf(place);
  return {
    index,
    train: folds[place]!.train,
    test: { startMs: test.decisionTimeMs[first]!, endMs: test.decisionTimeMs[last]! + MINUTE_MS },
  };
}

function directionCalibration(test: TestRows, probabilityUp: Float32Array, outcomes: Int8Array): DirectionCalibration {
  return {
    bins: reliabilityBins(probabilityUp, outcomes),
    line: calibrationLine(test, probabilityUp) ?? null,
  };
}

function calibrationScores({ bins, line }: DirectionCalibration): Scores {
  return {
    ...(line === null ? {} : { calibration_slope: line.slope, calibration_intercept: line.intercept }),
    ece_20: expectedCalibrationError(bins),
  };
}

/** Empty where losses are not finite, or where there is nothing to compare with. */
function confidenceSet(
  daily: ReadonlyMap<string, Float64Array>,
  { blockDays, resamples }: IntervalOptions,
): ConfidenceSetEntry[] {
  const series = [...daily.values()], days = series[0]!.length;
  if (series.length < 2 || !series.every((own) => own.every(Number.isFinite))) return [];
  return modelConfidenceSet(daily, { draws: blockDraws(days, { blockDays, resamples, seed: SEED }) });
}
