import { DAY_MS, MINUTE_MS } from "../../core/mod.ts";
import type { TestRows } from "./test_rows.ts";

/** What following a forecast would have earned at one price of trading. */
export interface CostPoint {
  /** Price of a round trip, in bps of its size. */
  readonly costBps: number;
  /** Mean profit a day in bps of the position. */
  readonly meanDailyBps: number;
  /** Mean over standard deviation of daily profit × √365; NaN where profits do not vary. */
  readonly sharpe: number;
}

/** A day of following a forecast. */
export interface DailyProfit {
  /** Before costs, in bps of the position; one a UTC day from first to last row, days without rows included. */
  readonly grossBps: Float64Array;
  /** Position bought or sold, in positions: a round trip is 2. */
  readonly turnover: Float64Array;
}

const DAYS_A_YEAR = 365;
/** Prices of a round trip that a cost curve has. */
export const COSTS_BPS: readonly number[] = Array.from({ length: 21 }, (_, costBps) => costBps);

/**
 * Profits of holding sign(p − ½) for the horizon from each row whose minute of the epoch is a multiple of it: positions
 * never overlap. A position of the same size is taken each time, nothing is reinvested; one that goes on is not traded, and
 * one before a missing row is closed. A trade belongs to the day of its decision, a close to that of the position it ends.
 */
export function dailyProfit(test: TestRows, probabilityUp: Float32Array): DailyProfit {
  const stepMs = test.horizonMinutes * MINUTE_MS, { decisionTimeMs, length } = test;
  const dayOf = (row: number) => Math.floor(decisionTimeMs[row]! / DAY_MS) - Math.floor(decisionTimeMs[0]! / DAY_MS);
  const days = length === 0 ? 0 : dayOf(length - 1) + 1;
  const grossBps = new Float64Array(days), turnover = new Float64Array(days);
  let held = 0, heldUntilMs = -Infinity, heldDay = 0;
  for (let row = 0; row < length; row++) {
    if (decisionTimeMs[row]! % stepMs !== 0) continue;
    if (decisionTimeMs[row] !== heldUntilMs && held !== 0) {
      turnover[heldDay]! += 1;
      held = 0;
    }
    const position = Math.sign(probabilityUp[row]! - 0.5), day = dayOf(row);
    turnover[day]! += Math.abs(position - held);
    // A position earns the simple return, not the logarithm's.
    grossBps[day]! += position * 1e4 * Math.expm1(test.returnBps[row]! / 1e4);
    [held, heldUntilMs, heldDay] = [position, decisionTimeMs[row]! + stepMs, day];
  }
  if (held !== 0) turnover[heldDay]! += 1;
  return { grossBps, turnover };
}

/** Daily profits after costs. */
export function netProfit({ grossBps, turnover }: DailyProfit, costBps: number): Float64Array {
  return grossBps.map((gross, day) => gross - turnover[day]! * costBps / 2);
}

/** Profit and Sharpe ratio at each price of a round trip. */
export function costCurve(profit: DailyProfit, costsBps: readonly number[] = COSTS_BPS): CostPoint[] {
  return costsBps.map((costBps) => {
    const net = netProfit(profit, costBps);
    const mean = net.reduce((sum, value) => sum + value, 0) / net.length;
    const squares = net.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const deviation = Math.sqrt(squares / (net.length - 1));
    return { costBps, meanDailyBps: mean, sharpe: deviation > 0 ? mean / deviation * Math.sqrt(DAYS_A_YEAR) : NaN };
  });
}

/** Price of a round trip at which nothing is earned, in bps; NaN without a trade. */
export function breakEvenCostBps({ grossBps, turnover }: DailyProfit): number {
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  const roundTrips = sum(turnover) / 2;
  return roundTrips > 0 ? sum(grossBps) / roundTrips : NaN;
}
