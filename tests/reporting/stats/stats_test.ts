import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { candlesFromRows, MINUTE_MS, MISSING_COUNT } from "../../../src/core/mod.ts";
import { autocorrelation, gridSeries } from "../../../src/reporting/stats/autocorrelation.ts";
import { bucketCandles, bucketStep } from "../../../src/reporting/stats/buckets.ts";
import { deepestDrawdowns } from "../../../src/reporting/stats/drawdown.ts";
import { histogram } from "../../../src/reporting/stats/histogram.ts";
import { moments } from "../../../src/reporting/stats/moments.ts";
import { normalDensity, normalTwoSidedTail } from "../../../src/reporting/stats/normal.ts";
import { quantile, sortedFinite } from "../../../src/reporting/stats/quantiles.ts";
import { largestSwings } from "../../../src/reporting/stats/swings.ts";
import { rollingReturnsBps } from "../../../src/reporting/stats/returns.ts";
import { candlesOf } from "../candles.ts";
import fc from "fast-check";

Deno.test("moments() of one value has no deviation, of equal values no shape", () => {
  assertEquals(moments([3]), { count: 1, mean: 3, sd: NaN, skewness: NaN, excessKurtosis: NaN, min: 3, max: 3 });
  // 0.1 + 0.1 + 0.1 rounds: its ratios would be noise.
  assertEquals(moments([0.1, 0.1, 0.1, NaN]), {
    count: 3,
    mean: 0.1,
    sd: 0,
    skewness: NaN,
    excessKurtosis: NaN,
    min: 0.1,
    max: 0.1,
  });
  assertEquals(moments([]).count, 0);
});

Deno.test("histogram() counts every finite value once", () => {
  fc.assert(fc.property(
    fc.array(fc.oneof(fc.double({ min: -10, max: 10, noNaN: true }), fc.constant(NaN))),
    fc.double({ min: -5, max: 0, noNaN: true }),
    fc.double({ min: 0, max: 5, noNaN: true }),
    fc.integer({ min: 1, max: 30 }),
    (values, min, max, bins) => {
      const { counts, below, above, total } = histogram(values, { min, max, bins });
      assertEquals(counts.reduce((a, b) => a + b, 0) + below + above, total);
      assertEquals(total, values.filter(Number.isFinite).length);
    },
  ));
  assertEquals(histogram([1, 1], { min: 1, max: 1, bins: 9 }).counts, [2]);
  assertEquals(histogram([0, 0.5, 1], { min: 0, max: 1, bins: 2 }).counts, [1, 2]);
});

Deno.test("quantile() meets its ends and stays between neighbours", () => {
  fc.assert(fc.property(
    fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (values, level) => {
      const sorted = sortedFinite(values.map((value) => value / 2)); // halves: their difference stays finite
      const found = quantile(sorted, level);
      assert(found >= sorted[0]! && found <= sorted.at(-1)!, `${found}`);
    },
  ));
  assertEquals(quantile([], 0.5), NaN);
  assertEquals(quantile([1, 2], 0.25), 1.25);
});

Deno.test("normalTwoSidedTail() gives the published tail probabilities", () => {
  const table: readonly (readonly [number, number])[] = [[2, 0.04550026389635842], [3, 0.0026997960632601866], [
    6,
    1.973175290075396e-9,
  ]];
  for (const [z, p] of table) assertAlmostEquals(normalTwoSidedTail(z) / p, 1, 3e-7);
  assertAlmostEquals(normalDensity(0), 0.3989422804014327, 1e-15);
});

Deno.test("autocorrelation() of an alternating series is −1, of a flat one does not exist", () => {
  const times = Float64Array.from({ length: 100 }, (_, i) => i * MINUTE_MS);
  const alternating = gridSeries(times, times.map((_, i) => i % 2 === 0 ? 1 : -1));
  assertAlmostEquals(autocorrelation(alternating, 1), -1, 1e-12);
  assertAlmostEquals(autocorrelation(alternating, 2), 1, 1e-12);
  assertEquals(autocorrelation(gridSeries(times, times.map(() => 5)), 1), NaN);
  assertEquals(autocorrelation(gridSeries(times, times.map(() => NaN)), 1), NaN);
  assertEquals(autocorrelation(alternating, 100), NaN);
});

Deno.test("autocorrelation() counts pairs across gaps as a plain loop does", () => {
  fc.assert(fc.property(
    fc.array(fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined }), { minLength: 3, maxLength: 40 }),
    fc.integer({ min: 1, max: 10 }),
    (cells, lag) => {
      const present = cells.map((value, i) => ({ value, i })).filter(({ value }) => value !== undefined);
      const times = Float64Array.from(present, ({ i }) => i * MINUTE_MS);
      const values = Float64Array.from(present, ({ value }) => value!);
      const found = autocorrelation(gridSeries(times, values), lag);
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
      let sum = 0, pairs = 0;
      cells.forEach((value, i) => {
        const other = cells[i - lag];
        if (value === undefined || other === undefined) return;
        sum += (value - mean) * (other - mean);
        pairs++;
      });
      const expected = pairs === 0 || variance < 1e-18 ? NaN : sum / pairs / variance;
      assertAlmostEquals(found, expected, 1e-9);
    },
  ));
});

Deno.test("largestSwings() of a constant price has none", () => {
  const columns = candlesOf(Array.from({ length: 200 }, () => 100));
  assertEquals(largestSwings(columns, rollingReturnsBps(columns, 60), { candles: 60, count: 5 }), []);
});

Deno.test("deepestDrawdowns() keeps peak, trough and recovery of each fall", () => {
  const columns = candlesOf([10, 12, 9, 11, 12, 15, 14, 3, 8]);
  const at = (i: number) => columns.openTimeMs[i]! + MINUTE_MS;
  assertEquals(deepestDrawdowns(columns, 5), [
    { peakMs: at(5), peak: 15, troughMs: at(7), trough: 3, depth: 3 / 15 - 1 },
    { peakMs: at(1), peak: 12, troughMs: at(2), trough: 9, depth: 9 / 12 - 1, recoveredMs: at(4) },
  ]);
  assertEquals(deepestDrawdowns(columns, 1).length, 1);
  assertEquals(deepestDrawdowns(candlesOf([1, 2, 3]), 5), []);
  assertEquals(deepestDrawdowns(candlesOf([]), 5), []);
});

Deno.test("deepestDrawdowns() finds the deepest fall of a plain double loop", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 60 }), (closes) => {
    let deepest = 0;
    closes.forEach((from, i) => closes.slice(i).forEach((to) => deepest = Math.min(deepest, to / from - 1)));
    assertEquals(deepestDrawdowns(candlesOf(closes), 3)[0]?.depth ?? 0, deepest);
  }));
});

Deno.test("bucketCandles() leaves out what the exchange does not say", () => {
  const rows = [1, 2].map((close, i) => ({
    openTimeMs: i * MINUTE_MS,
    open: close,
    high: close,
    low: close,
    close,
    volume: 2,
    closeTimeMs: (i + 1) * MINUTE_MS - 1,
    quoteVolume: i === 0 ? NaN : 4,
    tradeCount: i === 0 ? MISSING_COUNT : 7,
    takerBuyBaseVolume: i === 0 ? NaN : 0.5,
    takerBuyQuoteVolume: NaN,
  }));
  const both = bucketCandles(candlesFromRows(rows), 60 * MINUTE_MS);
  assertEquals([both.quoteVolume, both.trades, both.takerShare], [[4], [7], [0.25]]);
  const none = bucketCandles(candlesFromRows(rows.slice(0, 1)), 60 * MINUTE_MS);
  assertEquals([none.quoteVolume, none.trades, none.takerShare], [[NaN], [NaN], [NaN]]);
});

Deno.test("bucketStep() keeps to the number of buckets asked for", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 20_000_000 }), fc.integer({ min: 10, max: 1000 }), (minutes, max) => {
    const spanMs = minutes * MINUTE_MS;
    assert(spanMs / bucketStep({ startMs: 0, endMs: spanMs }, max) <= max);
  }));
});
