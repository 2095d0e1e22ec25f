import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type CandleColumns, MINUTE_MS, toIso } from "../../../src/core/mod.ts";
import { autocorrelation, gridSeries } from "../../../src/reporting/stats/autocorrelation.ts";
import { bucketCandles } from "../../../src/reporting/stats/buckets.ts";
import { calendarProfile } from "../../../src/reporting/stats/calendar_profile.ts";
import { deepestDrawdowns } from "../../../src/reporting/stats/drawdown.ts";
import { moments } from "../../../src/reporting/stats/moments.ts";
import { quantile, sortedFinite } from "../../../src/reporting/stats/quantiles.ts";
import { alignedReturns, rollingReturnsBps } from "../../../src/reporting/stats/returns.ts";
import { largestSwings } from "../../../src/reporting/stats/swings.ts";
import { readZips, SAMPLE_DIR } from "../sample_reader.ts";
import { DuckDBInstance } from "@duckdb/node-api";

const START = Date.UTC(2023, 2, 20), END = Date.UTC(2023, 2, 27); // holds the gap of 24 March

/** The same candles in DuckDB, with log returns that do not cross gaps. */
async function oracle(columns: CandleColumns) {
  const csv = await Deno.makeTempFile({ suffix: ".csv" });
  const lines = ["t,o,h,l,c,v,q,n,tb"];
  for (let i = 0; i < columns.length; i++) {
    lines.push([
      columns.openTimeMs[i],
      columns.open[i],
      columns.high[i],
      columns.low[i],
      columns.close[i],
      columns.volume[i],
      columns.quoteVolume[i],
      columns.tradeCount[i],
      columns.takerBuyBaseVolume[i],
    ].join(","));
  }
  await Deno.writeTextFile(csv, lines.join("\n"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`CREATE TABLE k AS SELECT * FROM read_csv('${csv}', types = {'t': 'BIGINT', 'n': 'BIGINT'})`);
  await connection.run(`CREATE VIEW r AS SELECT a.t, 1e4 * (ln(a.c) - ln(b.c)) AS r1
    FROM k a JOIN k b ON b.t = a.t - 60000`);
  await Deno.remove(csv);
  return {
    async rows(sql: string) {
      const rows = (await connection.runAndReadAll(sql)).getRowObjects();
      return rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value === null ? NaN : Number(value)]))
      );
    },
    [Symbol.dispose]() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

function assertClose(actual: number, expected: number, message?: string) {
  assertAlmostEquals(actual, expected, 1e-9 * Math.max(1, Math.abs(expected)), message);
}

Deno.test("reporting stats equal the same figures by SQL", async (t) => {
  const columns = await readZips(SAMPLE_DIR, START, END);
  assertEquals(columns.length, 7 * 1440 - 80);
  using sql = await oracle(columns);
  const returns = rollingReturnsBps(columns, 1);

  await t.step("moments() and quantile() of one-minute returns", async () => {
    const [row] = await sql.rows(`WITH m AS (SELECT avg(r1) mean, stddev_pop(r1) pop FROM r)
      SELECT count(*) n, avg(r1) mean, stddev_samp(r1) sd, min(r1) lo, max(r1) hi,
        avg(pow(r1 - mean, 3)) / pow(any_value(pop), 3) skew, avg(pow(r1 - mean, 4)) / pow(any_value(pop), 4) - 3 kurt,
        quantile_cont(r1, 0.01) q01, quantile_cont(r1, 0.999) q999 FROM r, m`);
    const found = moments(returns);
    assertEquals(found.count, row!["n"]);
    for (
      const [key, value] of Object.entries({
        mean: found.mean,
        sd: found.sd,
        lo: found.min,
        hi: found.max,
        skew: found.skewness,
        kurt: found.excessKurtosis,
        q01: quantile(sortedFinite(returns), 0.01),
        q999: quantile(sortedFinite(returns), 0.999),
      })
    ) assertClose(value, row![key]!, key);
  });

  await t.step("rollingReturnsBps() and alignedReturns() leave out windows with a missing minute", async () => {
    for (const minutes of [15, 60]) {
      const [row] = await sql.rows(`WITH w AS (SELECT t, c, count(*) OVER win AS n, first_value(c) OVER win AS c0
          FROM k WINDOW win AS (ORDER BY t RANGE BETWEEN ${minutes * 60000} PRECEDING AND CURRENT ROW))
        SELECT count(*) n, sum(1e4 * ln(c / c0)) total,
          count(*) FILTER ((t + 60000) % ${minutes * 60000} = 0) aligned,
          sum(1e4 * ln(c / c0)) FILTER ((t + 60000) % ${minutes * 60000} = 0) aligned_total
        FROM w WHERE n = ${minutes + 1}`);
      const rolling = rollingReturnsBps(columns, minutes);
      const aligned = alignedReturns(columns.openTimeMs, rolling, minutes);
      assertEquals(sortedFinite(rolling).length, row!["n"]);
      assertClose(sortedFinite(rolling).reduce((a, b) => a + b, 0), row!["total"]!);
      assertEquals(aligned.length, row!["aligned"]);
      assertClose(aligned.reduce((a, b) => a + b, 0), row!["aligned_total"]!);
    }
  });

  await t.step("autocorrelation() takes the pairs of minutes that both exist", async () => {
    const series = gridSeries(columns.openTimeMs, returns);
    const absolute = gridSeries(columns.openTimeMs, returns.map(Math.abs));
    for (const lag of [1, 7, 100, 1440]) {
      const [row] = await sql.rows(
        `WITH m AS (SELECT avg(r1) m, var_pop(r1) v, avg(abs(r1)) am, var_pop(abs(r1)) av FROM r)
        SELECT avg((a.r1 - m) * (b.r1 - m)) / any_value(v) rho,
          avg((abs(a.r1) - am) * (abs(b.r1) - am)) / any_value(av) arho
        FROM r a JOIN r b ON b.t = a.t - ${lag * 60000}, m`,
      );
      assertClose(autocorrelation(series, lag), row!["rho"]!, `lag ${lag}`);
      assertClose(autocorrelation(absolute, lag), row!["arho"]!, `lag ${lag} of absolute returns`);
    }
  });

  await t.step("bucketCandles() sums up days", async () => {
    const rows = await sql.rows(`SELECT t // 86400000 * 86400000 AS day, arg_min(o, t) o, max(h) h, min(l) l,
      arg_max(c, t) c, sum(v) v, sum(q) q, sum(n) n, sum(tb) / sum(v) AS "share", count(*) AS "rows"
      FROM k GROUP BY 1 ORDER BY 1`);
    const days = bucketCandles(columns, 1440 * MINUTE_MS);
    assertEquals(days.startMs, rows.map((row) => row["day"]!));
    assertEquals(days.rows, rows.map((row) => row["rows"]!));
    rows.forEach((row, k) => {
      const found = {
        o: days.open,
        h: days.high,
        l: days.low,
        c: days.close,
        v: days.volume,
        q: days.quoteVolume,
        n: days.trades,
        share: days.takerShare,
      };
      for (const [key, values] of Object.entries(found)) assertClose(values[k]!, row[key]!, `${key} of day ${k}`);
    });
  });

  await t.step("bucketCandles() and deepestDrawdowns() fall from the highest close so far", async () => {
    const [row] = await sql.rows(`WITH d AS (SELECT t, c, c / max(c) OVER (ORDER BY t) - 1 AS depth FROM k)
      SELECT min(depth) depth, arg_min(t, depth) + 60000 AS trough FROM d`);
    const [deepest] = deepestDrawdowns(columns, 3);
    assertClose(deepest!.depth, row!["depth"]!);
    assertEquals(deepest!.troughMs, row!["trough"]);
    assertClose(Math.min(...bucketCandles(columns, 60 * MINUTE_MS).drawdown), row!["depth"]!);
  });

  await t.step("largestSwings() starts with the largest move and never overlaps", async () => {
    const [row] = await sql.rows(`WITH w AS (SELECT t, c / first_value(c) OVER win - 1 AS change, count(*) OVER win AS n
        FROM k WINDOW win AS (ORDER BY t RANGE BETWEEN 3600000 PRECEDING AND CURRENT ROW))
      SELECT arg_max(change, abs(ln(1 + change))) change, arg_max(t, abs(ln(1 + change))) + 60000 AS ended FROM w WHERE n = 61`);
    const swings = largestSwings(columns, rollingReturnsBps(columns, 60), { candles: 60, count: 8 });
    assertEquals(swings.length, 8);
    assertClose(swings[0]!.change, row!["change"]!);
    assertEquals(swings[0]!.endMs, row!["ended"]);
    const byTime = [...swings].sort((a, b) => a.startMs - b.startMs);
    byTime.slice(1).forEach((swing, k) => assert(swing.startMs >= byTime[k]!.endMs, toIso(swing.startMs)));
    swings.slice(1).forEach((swing, k) =>
      assert(Math.abs(Math.log(1 + swing.change)) <= Math.abs(Math.log(1 + swings[k]!.change)))
    );
  });

  await t.step("calendarProfile() means by hour and by weekday", async () => {
    const profile = calendarProfile(columns.openTimeMs, columns.quoteVolume);
    const hours = await sql.rows(`SELECT hour(epoch_ms(t)) AS h, avg(q) q FROM k GROUP BY 1 ORDER BY 1`);
    hours.forEach((row) => assertClose(profile.byHour[row["h"]!]!, row["q"]!));
    const days = await sql.rows(`SELECT isodow(epoch_ms(t)) - 1 AS d, avg(q) q FROM k GROUP BY 1 ORDER BY 1`);
    assertEquals(days.length, 7);
    days.forEach((row) => assertClose(profile.byWeekday[row["d"]!]!, row["q"]!));
  });
});
