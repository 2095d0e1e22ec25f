import type { CandleColumns, CandleQuery, FeatureReader, SeriesId, TimeRange } from "../core/mod.ts";

/**
 * All stored candles of a query as columns, ascending by open time. Minutes that the store lacks are absent:
 * {@linkcode coverage} and the gap ledger say which and why.
 *
 * @example
 * ```ts
 * import { loadCandles } from "./mod.ts";
 * import { MemoryFeatureStore } from "../../tests/fakes/memory_feature_store.ts";
 * import { candlesFromRows } from "../core/mod.ts";
 *
 * const series = { exchange: "binance", symbol: "BTC/USDT", interval: "1m" } as const;
 * await using store = new MemoryFeatureStore();
 * const candle = {
 *   openTimeMs: 0, open: 10, high: 12, low: 9, close: 11, volume: 2, closeTimeMs: 59_999, quoteVolume: 22, tradeCount: 3,
 *   takerBuyBaseVolume: 1, takerBuyQuoteVolume: 11,
 * };
 * await store.writeCandles(series, [{ source: "rest", columns: candlesFromRows([candle]) }]);
 * const columns = await loadCandles(store, { ...series, range: { startMs: 0, endMs: 60_000 } });
 * if (columns.close[0] !== 11) throw new Error("expected the candle that was written");
 * ```
 */
export function loadCandles(reader: FeatureReader, query: CandleQuery): Promise<CandleColumns> {
  return reader.loadCandles(query);
}

/**
 * Number of stored candles of a query.
 *
 * @example
 * ```ts
 * import { countCandles } from "./mod.ts";
 * import { MemoryFeatureStore } from "../../tests/fakes/memory_feature_store.ts";
 *
 * await using store = new MemoryFeatureStore();
 * const query = { exchange: "binance", symbol: "BTC/USDT", interval: "1m", range: { startMs: 0, endMs: 60_000 } } as const;
 * if (await countCandles(store, query) !== 0) throw new Error("expected an empty store");
 * ```
 */
export function countCandles(reader: FeatureReader, query: CandleQuery): Promise<number> {
  return reader.countCandles(query);
}

/**
 * Merged spans `[startMs, endMs)` for which the store has every candle, within `range` where given.
 *
 * @example
 * ```ts
 * import { coverage } from "./mod.ts";
 * import { MemoryFeatureStore } from "../../tests/fakes/memory_feature_store.ts";
 *
 * await using store = new MemoryFeatureStore();
 * const spans = await coverage(store, { exchange: "binance", symbol: "BTC/USDT", interval: "1m" });
 * if (spans.length !== 0) throw new Error("expected an empty store");
 * ```
 */
export function coverage(reader: FeatureReader, series: SeriesId, range?: TimeRange): Promise<readonly TimeRange[]> {
  return reader.coverage(series, range);
}
