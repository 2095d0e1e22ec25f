import { breakEvenCostBps, costCurve, type CostPoint, dailyProfit, netProfit } from "./money.ts";
import {
  deflatedSharpe,
  probabilisticSharpe,
  type SharpeSample,
  sharpeSample,
  type Trials,
} from "./inference/sharpe_tests.ts";
import type { TestRows } from "./test_rows.ts";

/** What following the direction forecast would have earned: evidence beside the scores, never a part of the gate. */
export interface MoneyScores {
  /** UTC days from first to last row. */
  readonly days: number;
  /** Profit and Sharpe ratio at 0 to 20 bps a round trip. */
  readonly costCurve: readonly CostPoint[];
  /** Price of a round trip at which nothing is earned; NaN without a trade. */
  readonly breakEvenCostBps: number;
  /** Round trips a day. */
  readonly roundTripsPerDay: number;
  /** Daily profit before costs. */
  readonly gross: SharpeSample;
  /** Probability that the true Sharpe ratio before costs is above 0. */
  readonly probabilisticSharpe: number;
  /** The same above what the best of all trials shows by luck; null where fewer than two trials or their ratios are known. */
  readonly deflatedSharpe: number | null;
  /** What the deflated ratio rests on; null where nobody counted. */
  readonly trials: KnownTrials | null;
}

/** What was tried with the same symbol and horizon until a run was started. */
export interface TriedBefore {
  /** Every run ever started, this one included, whether or not it came to a result. */
  readonly count: number;
  /** Sharpe ratios of one day, before costs, of the others that came to one. */
  readonly sharpes: readonly number[];
}

/** {@linkcode TriedBefore} with the run's own ratio. */
export interface KnownTrials extends TriedBefore, Trials {
  /** Trials whose ratio the variance is of: the others' and the run's own, where it has one. */
  readonly known: number;
}

/** Scores of a position of sign(p − ½), held for the horizon (evaluation section 5). */
export function moneyScores(test: TestRows, probabilityUp: Float32Array, tried: TriedBefore | null): MoneyScores {
  const profit = dailyProfit(test, probabilityUp), gross = sharpeSample(netProfit(profit, 0));
  const trials = tried === null ? null : knownTrials(tried, gross.sharpe);
  const turnover = profit.turnover.reduce((sum, value) => sum + value, 0);
  return {
    days: profit.grossBps.length,
    costCurve: costCurve(profit),
    breakEvenCostBps: breakEvenCostBps(profit),
    roundTripsPerDay: turnover / 2 / profit.turnover.length,
    gross,
    probabilisticSharpe: probabilisticSharpe(gross),
    deflatedSharpe: trials === null ? null : deflatedSharpe(gross, trials),
    trials,
  };
}

/** The variance of the trials' Sharpe ratios, the run's own among them; NaN below two. */
function knownTrials({ count, sharpes }: TriedBefore, own: number): KnownTrials {
  const known = Number.isFinite(own) ? [...sharpes, own] : sharpes;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count, sharpes, known: known.length, sharpeVariance: known.length < 2 ? NaN : squares / (known.length - 1) };
}
