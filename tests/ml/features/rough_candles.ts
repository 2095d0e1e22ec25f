import fc from "fast-check";
import { type CandleColumns, MISSING_COUNT } from "../../../src/core/mod.ts";
import { randomCandles } from "../candles.ts";

interface Span {
  readonly from: number;
  readonly minutes: number;
}

/** Candles with what real ones have now and then: holes, minutes without trades, a stuck price, columns not told. */
export function roughCandles(): fc.Arbitrary<CandleColumns> {
  const span = fc.record({ from: fc.nat(4_000), minutes: fc.integer({ min: 1, max: 900 }) });
  const spans = fc.array(span, { maxLength: 3 });
  return fc.record({
    minutes: fc.integer({ min: 1, max: 4_000 }),
    seed: fc.integer({ min: 1, max: 1_000 }),
    startMinute: fc.nat(10_080),
    holes: spans,
    quiet: spans,
    unknown: spans,
  }).map(({ minutes, seed, startMinute, holes, quiet, unknown }) => {
    const startMs = Date.UTC(2023, 5, 5) + startMinute * 60_000;
    const candles = randomCandles(minutes, { seed, startMs, missing: (i) => i > 0 && within(holes, i) });
    for (let i = 0; i < candles.length; i++) {
      if (within(quiet, i)) quieten(candles, i);
      if (within(unknown, i)) {
        candles.tradeCount[i] = MISSING_COUNT;
        candles.quoteVolume[i] = candles.takerBuyBaseVolume[i] = candles.takerBuyQuoteVolume[i] = NaN;
      }
    }
    return candles;
  });
}

/** Nothing is traded: the price of the candle before stays. */
function quieten(candles: CandleColumns, i: number): void {
  const price = candles.close[Math.max(0, i - 1)]!;
  candles.open[i] =
    candles.high[i] =
    candles.low[i] =
    candles.close[i] =
      price;
  candles.volume[i] = candles.quoteVolume[i] = candles.tradeCount[i] = 0;
  candles.takerBuyBaseVolume[i] = candles.takerBuyQuoteVolume[i] = 0;
}

function within(spans: readonly Span[], i: number): boolean {
  return spans.some(({ from, minutes }) => i >= from && i < from + minutes);
}
