import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { DuckDBInstance } from "@duckdb/node-api";
import { type CandleColumns, MINUTE_MS } from "../../../src/core/mod.ts";
import { MinuteGrid } from "../../../src/ml/features/mod.ts";
import { computeLabels } from "../../../src/ml/labels/mod.ts";
import { randomCandles } from "../candles.ts";

function decisionTimes(candles: CandleColumns): Float64Array {
  return candles.openTimeMs.map((ms) => ms + MINUTE_MS);
}

Deno.test("computeLabels() gives hand-computed returns and variances, and an exact 0 at a tie", {
  permissions: "none",
}, () => {
  const candles = randomCandles(100);
  [100, 101, 99, 100].forEach((close, i) => candles.close[70 + i] = close);
  const { returnBps, realizedVarianceBps2, scorable } = computeLabels(new MinuteGrid(candles), decisionTimes(candles), {
    horizonMinutes: 3,
  });
  // Row 70 decides after the close of 100; the three minutes that follow close at 101, 99 and 100.
  const moves = [Math.log(101 / 100), Math.log(99 / 101), Math.log(100 / 99)].map((move) => 1e4 * move);
  assertEquals(returnBps[70], 0);
  assertAlmostEquals(realizedVarianceBps2[70]!, moves.reduce((sum, move) => sum + move * move, 0), 1e-2);
  assertEquals(scorable[70], 1);
  assertEquals(scorable[59], 0, "only 60 closes lie behind");
  assertEquals(scorable[60], 1);
  assert(Number.isNaN(returnBps[97]!), "two minutes follow where three are needed");
  assert(!Number.isNaN(returnBps[96]!));
});

const HORIZONS = [1, 5, 15, 60, 1440];

for (const horizonMinutes of HORIZONS) {
  Deno.test(
    `computeLabels() of ${horizonMinutes} minutes refuses what reaches into a gap, and scores no row within 61 closes after it`,
    {
      permissions: "none",
    },
    () => {
      const candles = randomCandles(4_000, { missing: (i) => i >= 2_000 && i < 2_003 });
      const times = decisionTimes(candles);
      const { returnBps, realizedVarianceBps2, scorable } = computeLabels(new MinuteGrid(candles), times, {
        horizonMinutes,
      });
      // The row of candle i decides at minute i + 1, and its label takes minutes i + 1 … i + k, and the close of i.
      const last = 1_999 - horizonMinutes;
      assert(!Number.isNaN(returnBps[last]!) && Number.isNaN(returnBps[last + 1]!));
      assert(returnBps.subarray(last + 1, 2_000).every(Number.isNaN));
      assert(
        returnBps.every((value, row) => Number.isNaN(value) === Number.isNaN(realizedVarianceBps2[row]!)),
        "both or neither",
      );
      const first = 2_000; // candle of minute 2,003
      assert(!Number.isNaN(returnBps[first]!));
      assertEquals([...scorable.subarray(last + 1, first + 62)].indexOf(1), 60 + horizonMinutes);
      // At the end of the data too, a label needs all of its minutes.
      assertEquals([...returnBps].findLastIndex((value) => !Number.isNaN(value)), candles.length - 1 - horizonMinutes);
    },
  );
}

Deno.test("computeLabels() shifts with time: prices scaled on both sides move no label, t + k − 1 does", {
  permissions: "none",
}, () => {
  const candles = randomCandles(300);
  const labelAt = (close: Float64Array, row: number) => {
    const changed = { ...candles, close };
    return computeLabels(new MinuteGrid(changed), decisionTimes(changed), { horizonMinutes: 15 }).returnBps[row]!;
  };
  const row = 150, plain = labelAt(candles.close, row);
  assertAlmostEquals(labelAt(candles.close.map((value) => value * 2), row), plain, 1e-3);
  const later = candles.close.slice();
  later[row + 15]! *= 1.01;
  assertAlmostEquals(labelAt(later, row), plain + 1e4 * Math.log(1.01), 1e-2);
  const beyond = candles.close.slice();
  beyond[row + 16]! *= 1.01;
  assertEquals(labelAt(beyond, row), plain);
  const before = candles.close.slice();
  before[row - 1]! *= 1.01;
  assertEquals(labelAt(before, row), plain);
});

Deno.test("computeLabels() agrees with SQL window functions over the same candles", async (t) => {
  const candles = randomCandles(9_000, { seed: 4, missing: (i) => i > 100 && i % 2_900 < 5 });
  const instance = await DuckDBInstance.create(":memory:");
  const db = await instance.connect();
  await db.run("CREATE TABLE c (m BIGINT, close DOUBLE)");
  const appender = await db.createAppender("c");
  for (let i = 0; i < candles.length; i++) {
    appender.appendBigInt(BigInt(candles.openTimeMs[i]! / MINUTE_MS));
    appender.appendDouble(candles.close[i]!);
    appender.endRow();
  }
  appender.closeSync();
  const grid = new MinuteGrid(candles);
  for (const horizonMinutes of HORIZONS) {
    await t.step(`${horizonMinutes} minutes`, async () => {
      const labels = computeLabels(grid, decisionTimes(candles), { horizonMinutes });
      const rows = (await db.runAndReadAll(`
        WITH r AS (
          SELECT m, close, CASE WHEN m - lag(m) OVER w = 1 THEN 1e4 * ln(close / lag(close) OVER w) END AS r
          FROM c WINDOW w AS (ORDER BY m)
        )
        SELECT CASE WHEN count(r) OVER ahead = ${horizonMinutes} THEN 1e4 * ln(last_value(close) OVER ahead / close) END AS ret,
               CASE WHEN count(r) OVER ahead = ${horizonMinutes} THEN sum(r * r) OVER ahead END AS rv,
               count(r) OVER behind = 60 AS enough
        FROM r
        WINDOW ahead AS (ORDER BY m RANGE BETWEEN 1 FOLLOWING AND ${horizonMinutes} FOLLOWING),
               behind AS (ORDER BY m RANGE BETWEEN 59 PRECEDING AND CURRENT ROW)
        ORDER BY m`)).getRowObjects() as { ret: number | null; rv: number | null; enough: boolean }[];
      assertEquals(rows.length, labels.length);
      let labelled = 0;
      rows.forEach(({ ret, rv, enough }, row) => {
        assertEquals(Number.isNaN(labels.returnBps[row]!), ret === null, `row ${row}`);
        assertEquals(labels.scorable[row] === 1, ret !== null && enough, `row ${row}`);
        if (ret === null || rv === null) return;
        labelled++;
        assertAlmostEquals(labels.returnBps[row]!, ret, 1e-5 * Math.max(1, Math.abs(ret)));
        assertAlmostEquals(labels.realizedVarianceBps2[row]!, rv, 1e-5 * Math.max(1, rv));
      });
      assert(labelled > 3_000);
    });
  }
  db.closeSync();
  instance.closeSync();
});
