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

Deno.test("computeLabels() refuses labels that reach into a gap, and scores no row within 61 closes after it", {
  permissions: "none",
}, () => {
  const candles = randomCandles(400, { missing: (i) => i >= 200 && i < 203 });
  const { returnBps, scorable } = computeLabels(new MinuteGrid(candles), decisionTimes(candles), {
    horizonMinutes: 15,
  });
  // The row of candle i decides at minute i + 1, and its label takes minutes i + 1 … i + 15.
  assert(!Number.isNaN(returnBps[184]!) && Number.isNaN(returnBps[185]!));
  assert(Number.isNaN(returnBps[199]!));
  const first = 200; // candle of minute 203
  assert(!Number.isNaN(returnBps[first]!));
  assertEquals([...scorable.slice(first, first + 62)].indexOf(1), 60);
});

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

Deno.test("computeLabels() agrees with SQL window functions over the same candles", async () => {
  const candles = randomCandles(3_000, { seed: 4, missing: (i) => i % 700 < 5 });
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
  const labels = computeLabels(new MinuteGrid(candles), decisionTimes(candles), { horizonMinutes: 15 });
  const rows = (await db.runAndReadAll(`
    WITH r AS (
      SELECT m, close, CASE WHEN m - lag(m) OVER w = 1 THEN 1e4 * ln(close / lag(close) OVER w) END AS r
      FROM c WINDOW w AS (ORDER BY m)
    )
    SELECT CASE WHEN count(r) OVER ahead = 15 THEN 1e4 * ln(last_value(close) OVER ahead / close) END AS ret,
           CASE WHEN count(r) OVER ahead = 15 THEN sum(r * r) OVER ahead END AS rv,
           count(r) OVER behind = 60 AS enough
    FROM r
    WINDOW ahead AS (ORDER BY m RANGE BETWEEN 1 FOLLOWING AND 15 FOLLOWING),
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
  assert(labelled > 2_000);
  db.closeSync();
  instance.closeSync();
});
