import { type CandleColumns, candlesFromRows, MINUTE_MS } from "../../src/core/mod.ts";

/** Minute candles with the given closes from `startMs` on; a candle opens where the one before closed. */
export function candlesOf(closes: readonly number[], startMs = Date.UTC(2023, 0, 1)): CandleColumns {
  return candlesFromRows(closes.map((close, i) => {
    const open = closes[i - 1] ?? close;
    const volume = 1 + (i % 5);
    return {
      openTimeMs: startMs + i * MINUTE_MS,
      open,
      high: Math.max(open, close),
      low: Math.min(open, close),
      close,
      volume,
      closeTimeMs: startMs + (i + 1) * MINUTE_MS - 1,
      quoteVolume: volume * (open + close) / 2,
      tradeCount: 10 + i % 7,
      takerBuyBaseVolume: volume * 0.4,
      takerBuyQuoteVolume: volume * 0.4 * (open + close) / 2,
    };
  }));
}
