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
  /** The same above what the best of all trials shows by luck; null where they are fewer than two or not known. */
  readonly deflatedSharpe: number | null;
  readonly trials: Trials | null;
}

/** Scores of a position of sign(p − ½), held for the horizon (evaluation section 5). */
export function moneyScores(test: TestRows, probabilityUp: Float32Array, trials: Trials | null): MoneyScores {
  const profit = dailyProfit(test, probabilityUp), gross = sharpeSample(netProfit(profit, 0));
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
