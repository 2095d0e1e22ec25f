import { MINUTE_MS, QUANTILE_LEVELS } from "../../core/mod.ts";
import { areaUnderCurve } from "./auc.ts";
import { squaredLogCorrelation } from "./distribution_scores.ts";
import { groupAreas, type Grouping, meanArea } from "./group_areas.ts";
import { logLoss, meanPinball, qlike, varianceFloor } from "./losses.ts";
import { type Forecasts, levelIndex, outcomesOf, type TestRows } from "./test_rows.ts";

/** Scores by metric name; those of absent outputs are absent. */
export type Scores = Readonly<Record<string, number>>;

/** Central intervals by their coverage in per cent and the levels that bound them. */
const COVERAGES = [[50, 0.25, 0.75], [80, 0.1, 0.9], [90, 0.05, 0.95], [98, 0.01, 0.99]] as const;

/**
 * Loss of each row: NaN where the row does not count (a tie, for direction). Direction losses need `probabilityUp`,
 * and so on; an absent output gives undefined.
 */
export interface RowLosses {
  readonly logLoss?: Float64Array;
  /** 1 where the likelier side, up above ½, was the wrong one. */
  readonly error?: Float64Array;
  readonly qlike?: Float64Array;
  readonly pinball?: Float64Array;
}

/** Losses of every row, for paired differences. */
export function rowLosses(test: TestRows, forecasts: Forecasts): RowLosses {
  const { probabilityUp, volatilityBps, quantilesBps } = forecasts;
  const floor = varianceFloor(test.horizonMinutes), levels = QUANTILE_LEVELS.length;
  // A forecast that is no number is infinitely wrong: left out, it would spare a model its hard rows.
  const each = (lossAt: (row: number) => number) =>
    valuesOf(test.length, (row) => {
      const loss = lossAt(row);
      return Number.isNaN(loss) ? Infinity : loss;
    });
  const moved = (losses: Float64Array) => losses.map((loss, row) => test.returnBps[row] === 0 ? NaN : loss);
  return {
    ...(probabilityUp === undefined ? {} : {
      logLoss: moved(each((row) => logLoss(probabilityUp[row]!, test.returnBps[row]! > 0))),
      error: moved(
        each((row) =>
          Number.isNaN(probabilityUp[row]!) || probabilityUp[row]! > 0.5 !== test.returnBps[row]! > 0 ? 1 : 0
        ),
      ),
    }),
    ...(volatilityBps === undefined ? {} : {
      qlike: each((row) => qlike(test.realizedVarianceBps2[row]!, volatilityBps[row]! ** 2, floor)),
    }),
    ...(quantilesBps === undefined ? {} : {
      pinball: each((row) => meanPinball(test.returnBps[row]!, quantilesBps, row * levels)),
    }),
  };
}

/**
 * Scores of evaluation section 5. QLIKE's level is that of the rows whose minute since the epoch is a multiple of the
 * horizon, so that no minute counts twice; all other scores take every row.
 *
 * @param options.folds gives `auc_fold_mean` beside the pooled `auc`.
 */
export function scoreForecasts(
  test: TestRows,
  forecasts: Forecasts,
  losses: RowLosses,
  { folds }: { readonly folds?: Grouping } = {},
): Scores {
  const scores: Record<string, number> = {};
  const { probabilityUp, volatilityBps, quantilesBps } = forecasts;
  if (volatilityBps !== undefined && losses.qlike !== undefined) {
    const step = test.horizonMinutes * MINUTE_MS;
    scores["qlike"] = meanOf(losses.qlike, (row) => test.decisionTimeMs[row]! % step === 0);
    const correlation = squaredLogCorrelation(test, volatilityBps);
    // A constant forecast has none; what is no number shows in QLIKE.
    if (Number.isFinite(correlation)) scores["log_variance_r2"] = correlation;
  }
  if (probabilityUp !== undefined && losses.logLoss !== undefined && losses.error !== undefined) {
    const outcomes = outcomesOf(test);
    scores["log_loss"] = meanOf(losses.logLoss);
    scores["brier"] = meanOf(
      valuesOf(test.length, (row) => (probabilityUp[row]! - outcomes[row]!) ** 2),
      (row) => outcomes[row]! >= 0,
    );
    scores["auc"] = areaUnderCurve({ scores: probabilityUp, outcomes });
    if (folds !== undefined) scores["auc_fold_mean"] = meanArea(groupAreas(probabilityUp, outcomes, folds));
    scores["accuracy"] = 1 - meanOf(losses.error);
  }
  if (quantilesBps !== undefined && losses.pinball !== undefined) {
    Object.assign(scores, quantileScores(test, quantilesBps, losses.pinball));
  }
  return scores;
}

/** Mean pinball loss, coverage and width of quantiles. */
export function quantileScores(test: TestRows, quantilesBps: Float32Array, pinball: Float64Array): Scores {
  const scores: Record<string, number> = { pinball: meanOf(pinball) };
  for (const [percent, low, high] of COVERAGES) {
    const covered = coveredRows(test, quantilesBps, low, high);
    scores[`coverage_${percent}`] = meanOf(covered);
    scores[`width_${percent}`] = meanWidth(quantilesBps, low, high);
  }
  return scores;
}

/** 1 where the return lies within the two levels, bounds included, else 0. */
export function coveredRows(test: TestRows, quantilesBps: Float32Array, low: number, high: number): Float64Array {
  const levels = QUANTILE_LEVELS.length, from = levelIndex(low), to = levelIndex(high);
  return valuesOf(test.length, (row) => {
    const at = row * levels, move = test.returnBps[row]!;
    return move >= quantilesBps[at + from]! && move <= quantilesBps[at + to]! ? 1 : 0;
  });
}

function meanWidth(quantilesBps: Float32Array, low: number, high: number): number {
  const levels = QUANTILE_LEVELS.length, from = levelIndex(low), to = levelIndex(high);
  let sum = 0;
  for (let at = 0; at < quantilesBps.length; at += levels) sum += quantilesBps[at + to]! - quantilesBps[at + from]!;
  return sum / (quantilesBps.length / levels);
}

/** A value a row; `Float64Array.from` walks an iterator, which costs more than the values. */
function valuesOf(length: number, valueAt: (row: number) => number): Float64Array {
  const values = new Float64Array(length);
  for (let row = 0; row < length; row++) values[row] = valueAt(row);
  return values;
}

/** Mean of the rows that count and are no NaN; NaN of none. */
function meanOf(values: Float64Array, counts: (row: number) => boolean = () => true): number {
  let sum = 0, count = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (Number.isNaN(value) || !counts(row)) continue;
    sum += value;
    count++;
  }
  return count === 0 ? NaN : sum / count;
}
