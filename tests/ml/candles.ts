import { allocateCandles, type CandleColumns, MINUTE_MS, type Random, seededRandom } from "../../src/core/mod.ts";

/** Options of {@linkcode randomCandles}. */
export interface RandomCandleOptions {
  readonly seed?: number;
  /** Open time of the first minute. @default 2023-03-01T00:00Z */
  readonly startMs?: number;
  /** Minutes left out, as indices from the start. */
  readonly missing?: (index: number) => boolean;
  /** Drift of the k-th minute's log return in bps, for planted signals. */
  readonly driftBps?: (index: number) => number;
}

/** A random walk of `minutes` candles whose volatility comes in slow waves, for tests only. */
export function randomCandles(minutes: number, options: RandomCandleOptions = {}): CandleColumns {
  const random: Random = seededRandom(options.seed ?? 1);
  const startMs = options.startMs ?? Date.UTC(2023, 2, 1);
  const kept: number[] = [];
  const rows = allocateCandles(minutes);
  let logPrice = Math.log(25_000), level = 0;
  for (let i = 0; i < minutes; i++) {
    level = 0.995 * level + 0.1 * random.normal();
    const open = Math.exp(logPrice);
    logPrice += ((options.driftBps?.(i) ?? 0) + 5 * Math.exp(level) * random.normal()) / 1e4;
    const close = Math.exp(logPrice);
    const volume = Math.exp(level + random.normal());
    if (options.missing?.(i)) continue;
    const at = kept.length;
    kept.push(i);
    rows.openTimeMs[at] = startMs + i * MINUTE_MS;
    rows.closeTimeMs[at] = startMs + (i + 1) * MINUTE_MS - 1;
    rows.open[at] = open;
    rows.close[at] = close;
    rows.high[at] = Math.max(open, close) * (1 + random.uniform() * 2e-4);
    rows.low[at] = Math.min(open, close) * (1 - random.uniform() * 2e-4);
    rows.volume[at] = volume;
    rows.quoteVolume[at] = volume * (open + close) / 2;
    rows.tradeCount[at] = 1 + Math.floor(volume * 50);
    rows.takerBuyBaseVolume[at] = volume * random.uniform();
    rows.takerBuyQuoteVolume[at] = rows.takerBuyBaseVolume[at]! * (open + close) / 2;
  }
  const count = kept.length;
  return {
    length: count,
    openTimeMs: rows.openTimeMs.slice(0, count),
    open: rows.open.slice(0, count),
    high: rows.high.slice(0, count),
    low: rows.low.slice(0, count),
    close: rows.close.slice(0, count),
    volume: rows.volume.slice(0, count),
    closeTimeMs: rows.closeTimeMs.slice(0, count),
    quoteVolume: rows.quoteVolume.slice(0, count),
    tradeCount: rows.tradeCount.slice(0, count),
    takerBuyBaseVolume: rows.takerBuyBaseVolume.slice(0, count),
    takerBuyQuoteVolume: rows.takerBuyQuoteVolume.slice(0, count),
  };
}
