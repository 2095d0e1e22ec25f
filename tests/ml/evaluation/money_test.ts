import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MINUTE_MS, seededRandom } from "../../../src/core/mod.ts";
import { breakEvenCostBps, costCurve, COSTS_BPS, dailyProfit, netProfit } from "../../../src/ml/evaluation/money.ts";
import type { TestRows } from "../../../src/ml/evaluation/test_rows.ts";

const pure = { permissions: "none" } as const;
const START = Date.UTC(2023, 5, 1);

/** Rows at these minutes from the start. */
function rowsAt(minutes: readonly number[], returnBps: readonly number[], horizonMinutes: number): TestRows {
  return {
    length: minutes.length,
    horizonMinutes,
    decisionTimeMs: Float64Array.from(minutes, (minute) => START + minute * MINUTE_MS),
    returnBps: Float32Array.from(returnBps),
    realizedVarianceBps2: new Float32Array(minutes.length),
  };
}

/** bps of a simple return as a logarithm. */
const log = (simpleBps: number) => 1e4 * Math.log1p(simpleBps / 1e4);

Deno.test(
  "dailyProfit() by hand: enter, hold, turn, stand aside, a hole, the end of the day, the last close",
  pure,
  () => {
    const minutes = [0, 15, 30, 45, 60, 90, 1425, 1440];
    const moves = [10, -4, 6, 100, 5, 8, 3, -7];
    //             +1  +1  −1  0    +1 hole +1  +1 hole −1  −1
    const p = Float32Array.of(0.6, 0.7, 0.4, 0.5, 0.51, 0.9, 0.3, 0.2);
    const { grossBps, turnover } = dailyProfit(rowsAt(minutes, moves.map(log), 15), p);
    assertEquals(grossBps.length, 2);
    assertAlmostEquals(grossBps[0]!, 10 - 4 - 6 + 0 + 5 + 8 - 3, 1e-4);
    assertAlmostEquals(grossBps[1]!, 7, 1e-4);
    // In 1, held, turn 2, out 1, in 1, closed at the hole 1, in 1, closed 1, in 1; the next day's position goes on, its close 1.
    assertEquals([...turnover], [9, 1]);
  },
);

Deno.test("dailyProfit() trades on the horizon's grid alone, and counts days without a row", pure, () => {
  const { grossBps, turnover } = dailyProfit(
    rowsAt([1, 2, 15, 16, 2 * 1440 + 1, 2 * 1440 + 15], [50, 50, 20, 50, 50, 30], 15),
    new Float32Array(6).fill(0.8),
  );
  assertEquals([...turnover], [2, 0, 2]);
  assertAlmostEquals(grossBps[0]!, 1e4 * Math.expm1(20e-4), 1e-3);
  assertEquals(grossBps[1], 0);
});

const days = fc.record({ count: fc.integer({ min: 30, max: 300 }), seed: fc.integer() });

function randomRows({ count, seed }: { count: number; seed: number }) {
  const random = seededRandom(seed);
  const minutes = Array.from({ length: count }, (_, i) => i * 60).filter(() => random.uniform() < 0.9);
  const test = rowsAt(minutes, minutes.map(() => 30 * random.normal()), 60);
  return { test, p: Float32Array.from(minutes, () => Math.round(4 * random.uniform()) / 4) };
}

Deno.test("costs come off in proportion to turnover, and never help", pure, () => {
  fc.assert(fc.property(days, (size) => {
    const { test, p } = randomRows(size), profit = dailyProfit(test, p), curve = costCurve(profit);
    assertEquals(curve.map(({ costBps }) => costBps), [...COSTS_BPS]);
    curve.slice(1).forEach(({ meanDailyBps }, i) => assert(meanDailyBps <= curve[i]!.meanDailyBps));
    const roundTrips = profit.turnover.reduce((sum, value) => sum + value, 0) / 2, count = profit.turnover.length;
    assertAlmostEquals(curve[0]!.meanDailyBps - curve[20]!.meanDailyBps, 20 * roundTrips / count, 1e-9);
    if (roundTrips === 0) return;
    assertAlmostEquals(costCurve(profit, [breakEvenCostBps(profit)])[0]!.meanDailyBps, 0, 1e-9);
  }));
});

Deno.test("the opposite forecast trades as much and earns the opposite", pure, () => {
  fc.assert(fc.property(days, (size) => {
    const { test, p } = randomRows(size);
    const own = dailyProfit(test, p), other = dailyProfit(test, p.map((value) => 1 - value));
    assertEquals(other.turnover, own.turnover);
    own.grossBps.forEach((gross, day) => assertAlmostEquals(other.grossBps[day]!, -gross, 1e-9));
  }));
});

Deno.test("costCurve() has the Sharpe ratio of daily profits over 365 days", pure, () => {
  const profit = { grossBps: Float64Array.of(5, -3, 8, 2), turnover: Float64Array.of(2, 4, 2, 0) };
  assertEquals([...netProfit(profit, 2)], [3, -7, 6, 2]);
  const { meanDailyBps, sharpe } = costCurve(profit, [2])[0]!;
  assertEquals(meanDailyBps, 1);
  // Sample variance (4 + 64 + 25 + 1) / 3.
  assertAlmostEquals(sharpe, Math.sqrt(365) / Math.sqrt(94 / 3), 1e-12);
});

Deno.test("a forecast of one half trades nothing and has no Sharpe ratio", pure, () => {
  const profit = dailyProfit(rowsAt([0, 60, 120], [1, 2, 3], 60), new Float32Array(3).fill(0.5));
  assertEquals([...profit.turnover], [0]);
  assert(Number.isNaN(breakEvenCostBps(profit)) && costCurve(profit).every(({ sharpe }) => Number.isNaN(sharpe)));
  assertEquals(dailyProfit(rowsAt([], [], 60), new Float32Array()).grossBps.length, 0);
});
