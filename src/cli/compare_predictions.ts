import { DAY_MS, DomainError, QUANTILE_LEVELS } from "../core/mod.ts";
import { bootstrapMean, DayBlocks } from "../ml/evaluation/block_bootstrap.ts";
import { commonRows } from "../ml/evaluation/common_rows.ts";
import { logLoss, meanPinball, qlike, varianceFloor } from "../ml/evaluation/losses.ts";
import type { PredictionFile } from "../ml/evaluation/read_prediction_files.ts";
import { joined, joinForecasts } from "../ml/evaluation/scored_folds.ts";
import type { Forecasts } from "../ml/evaluation/test_rows.ts";
import type { Estimate, IncumbentComparison } from "../MLOps/promotion/mod.ts";

/** A model's forecasts by decision time, ascending. */
export interface TimedForecasts {
  readonly horizonMinutes: number;
  readonly decisionTimeMs: Float64Array;
  readonly forecasts: Required<Forecasts>;
}

const LEVELS = QUANTILE_LEVELS.length;

/**
 * Two runs' predictions on the decision times that both scored, each outside of its own training, with block intervals
 * of the differences. Outcomes are the candidate's.
 *
 * @throws {DomainError} `input-invalid` for runs of other horizons.
 */
export function comparePredictions(
  ours: PredictionFile,
  theirs: TimedForecasts,
  options: { readonly blockDays: number; readonly resamples: number },
): Omit<IncumbentComparison, "laterRows"> {
  const { test } = ours;
  if (theirs.horizonMinutes !== test.horizonMinutes) {
    throw new DomainError("input-invalid", "Cannot compare two runs as they forecast other horizons");
  }
  const common = commonRows(test.decisionTimeMs, theirs.decisionTimeMs);
  const pairs = { ours: common.left, theirs: common.right };
  const times = Float64Array.from(pairs.ours, (row) => test.decisionTimeMs[row]!);
  const commonDays = new Set(Array.from(times, (ms) => Math.floor(ms / DAY_MS))).size;
  const blocks = new DayBlocks(times, { days: options.blockDays });
  const floor = varianceFloor(test.horizonMinutes);
  const move = (pair: number) => test.returnBps[pairs.ours[pair]!]!;
  const losses = {
    qlike: ({ forecasts }: OwnForecasts, row: number, pair: number) =>
      qlike(test.realizedVarianceBps2[pairs.ours[pair]!]!, forecasts.volatilityBps[row]! ** 2, floor),
    logLoss: ({ forecasts }: OwnForecasts, row: number, pair: number) =>
      move(pair) === 0 ? NaN : logLoss(forecasts.probabilityUp[row]!, move(pair) > 0),
    pinball: ({ forecasts }: OwnForecasts, row: number, pair: number) =>
      meanPinball(move(pair), forecasts.quantilesBps, row * LEVELS),
  };
  const gain = (loss: keyof typeof losses): Estimate => {
    const lossOf = losses[loss];
    const { mean, low, high } = bootstrapMean(
      blocks.totals((pair) => lossOf(theirs, pairs.theirs[pair]!, pair) - lossOf(ours, pairs.ours[pair]!, pair)),
      { resamples: options.resamples, seed: 1 },
    );
    return { mean, low, high };
  };
  let pinball = 0;
  for (let pair = 0; pair < times.length; pair++) pinball += losses.pinball(theirs, pairs.theirs[pair]!, pair);
  return {
    commonDays,
    rows: times.length,
    gains: { qlike: gain("qlike"), logLoss: gain("logLoss"), pinball: gain("pinball") },
    incumbentPinball: pinball / times.length,
  };
}

type OwnForecasts = Pick<TimedForecasts, "forecasts">;

/** Forecasts one after the other: all of `later` are later. */
export function mergeForecasts(stored: TimedForecasts, later: TimedForecasts): TimedForecasts {
  return {
    horizonMinutes: stored.horizonMinutes,
    decisionTimeMs: joined([stored.decisionTimeMs, later.decisionTimeMs], Float64Array),
    forecasts: joinForecasts([stored.forecasts, later.forecasts]) as Required<Forecasts>,
  };
}
