import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Candle, candleAt, candlesFromRows, concatCandles, lowerBound, sliceCandles } from "../../src/core/mod.ts";

const row = (openTimeMs: number): Candle => ({
  openTimeMs,
  open: 1.5,
  high: 3,
  low: 1,
  close: 2,
  volume: 0.25,
  closeTimeMs: openTimeMs + 59_999,
  quoteVolume: 0.5,
  tradeCount: 7,
  takerBuyBaseVolume: 0.125,
  takerBuyQuoteVolume: 0.25,
});

Deno.test("candleAt() gives back the rows of candlesFromRows()", { permissions: "none" }, () => {
  const rows = [row(0), row(60_000), row(120_000)];
  const columns = candlesFromRows(rows);
  assertEquals(rows.map((_, i) => candleAt(columns, i)), rows);
  assertThrows(() => candleAt(columns, 3), RangeError, "3");
});

Deno.test("concatCandles() of slices is the whole", { permissions: "none" }, () => {
  const columns = candlesFromRows(Array.from({ length: 9 }, (_, i) => row(i * 60_000)));
  fc.assert(fc.property(fc.integer({ min: 0, max: 9 }), (cut) => {
    assertEquals(concatCandles([sliceCandles(columns, 0, cut), sliceCandles(columns, cut, 9)]), columns);
  }));
});

Deno.test("lowerBound() is the first index not before the time", { permissions: "none" }, () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 30 })), fc.integer({ min: -1, max: 31 }), (values, at) => {
    const sorted = values.sort((a, b) => a - b);
    const expected = sorted.findIndex((value) => value >= at);
    assertEquals(lowerBound(sorted, at), expected < 0 ? sorted.length : expected);
  }));
});
