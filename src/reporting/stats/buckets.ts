import { type CandleColumns, DAY_MS, MINUTE_MS, MISSING_COUNT, type TimeRange } from "../../core/mod.ts";

/** Candles of a longer span, as columns; only spans with candles are there. */
export interface Buckets {
  readonly stepMs: number;
  readonly startMs: readonly number[];
  readonly open: readonly number[];
  readonly high: readonly number[];
  readonly low: readonly number[];
  readonly close: readonly number[];
  /** Base volume. */
  readonly volume: readonly number[];
  /** Over the candles that state it; NaN where none does. */
  readonly quoteVolume: readonly number[];
  /** Over the candles that state it; NaN where none does. */
  readonly trades: readonly number[];
  /** Taker buys divided by volume, over the candles that state them; NaN where nothing was traded. */
  readonly takerShare: readonly number[];
  /** Deepest `close / highest close so far − 1` in the bucket. */
  readonly drawdown: readonly number[];
  readonly rows: readonly number[];
}

const STEPS_MS = [1, 5, 15, 30, 60, 120, 240, 360, 720].map((minutes) => minutes * MINUTE_MS)
  .concat([1, 2, 3, 7, 14, 28].map((days) => days * DAY_MS));

/** The shortest convenient step that cuts the range into at most `maxCount` buckets. */
export function bucketStep(range: TimeRange, maxCount: number): number {
  const spanMs = range.endMs - range.startMs;
  return STEPS_MS.find((stepMs) => spanMs / stepMs <= maxCount) ?? Math.ceil(spanMs / maxCount / DAY_MS) * DAY_MS;
}

/** Sums up candles in buckets of `stepMs` on the epoch's grid. One pass. */
export function bucketCandles(columns: CandleColumns, stepMs: number): Buckets {
  const b = {
    stepMs,
    startMs: [] as number[],
    open: [] as number[],
    high: [] as number[],
    low: [] as number[],
    close: [] as number[],
    volume: [] as number[],
    quoteVolume: [] as number[],
    trades: [] as number[],
    takerShare: [] as number[],
    drawdown: [] as number[],
    rows: [] as number[],
  };
  let peak = -Infinity, takerBuys = 0, takerVolume = 0;
  for (let i = 0; i < columns.length; i++) {
    const startMs = Math.floor(columns.openTimeMs[i]! / stepMs) * stepMs;
    let k = b.startMs.length - 1;
    if (k < 0 || b.startMs[k] !== startMs) {
      k++;
      b.startMs.push(startMs);
      b.open.push(columns.open[i]!);
      b.high.push(-Infinity);
      b.low.push(Infinity);
      b.close.push(NaN);
      b.volume.push(0);
      b.quoteVolume.push(NaN);
      b.trades.push(NaN);
      b.takerShare.push(NaN);
      b.drawdown.push(0);
      b.rows.push(0);
      takerBuys = takerVolume = 0;
    }
    const close = columns.close[i]!, volume = columns.volume[i]!, quote = columns.quoteVolume[i]!;
    if (columns.high[i]! > b.high[k]!) b.high[k] = columns.high[i]!;
    if (columns.low[i]! < b.low[k]!) b.low[k] = columns.low[i]!;
    b.close[k] = close;
    b.volume[k]! += volume;
    if (!Number.isNaN(quote)) b.quoteVolume[k] = orZero(b.quoteVolume[k]!) + quote;
    if (columns.tradeCount[i] !== MISSING_COUNT) b.trades[k] = orZero(b.trades[k]!) + columns.tradeCount[i]!;
    const taker = columns.takerBuyBaseVolume[i]!;
    if (!Number.isNaN(taker)) {
      takerBuys += taker;
      takerVolume += volume;
      if (takerVolume > 0) b.takerShare[k] = takerBuys / takerVolume;
    }
    if (close > peak) peak = close;
    if (close / peak - 1 < b.drawdown[k]!) b.drawdown[k] = close / peak - 1;
    b.rows[k]!++;
  }
  return b;
}

function orZero(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
