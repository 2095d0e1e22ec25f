import { type CandleColumns, MINUTE_MS, MISSING_COUNT } from "../../core/mod.ts";

/** Rows that are stored as they came but deserve a look. */
export interface Oddity {
  readonly name: string;
  readonly count: number;
  /** Open time of the first, or undefined where there is none. */
  readonly firstMs?: number;
  readonly lastMs?: number;
}

/** Counts rows that are legal but odd, or that break what a candle promises. One pass. */
export function findOddities(columns: CandleColumns, stepMs: number = MINUTE_MS): Oddity[] {
  const { open, high, low, close, volume, openTimeMs, closeTimeMs, quoteVolume, tradeCount } = columns;
  const { takerBuyBaseVolume } = columns;
  const checks: readonly { readonly name: string; readonly test: (i: number) => boolean }[] = [
    { name: "No trade in the candle (volume 0)", test: (i) => volume[i] === 0 },
    {
      name: "Close time is not the last millisecond of the candle",
      test: (i) => closeTimeMs[i]! - openTimeMs[i]! !== stepMs - 1,
    },
    {
      name: "Open or close outside low to high",
      test: (i) =>
        !(low[i]! <= Math.min(open[i]!, close[i]!) && high[i]! >= Math.max(open[i]!, close[i]!) && low[i]! > 0),
    },
    { name: "Takers bought more than was traded", test: (i) => takerBuyBaseVolume[i]! > volume[i]! },
    {
      name: "Quote volume outside volume × low to high",
      // Half a unit of the eighth decimal of the volume is what its rounding may hide.
      test: (i) =>
        quoteVolume[i]! < volume[i]! * low[i]! * (1 - 1e-9) - 1e-6 * high[i]! ||
        quoteVolume[i]! > volume[i]! * high[i]! * (1 + 1e-9) + 1e-6 * high[i]!,
    },
    {
      name: "Volume without trades, or trades without volume",
      test: (i) => tradeCount[i] !== MISSING_COUNT && (tradeCount[i]! > 0) !== (volume[i]! > 0),
    },
    {
      name: "Quote volume or trade count not stated",
      test: (i) => Number.isNaN(quoteVolume[i]!) || tradeCount[i] === MISSING_COUNT,
    },
    { name: "Not after the row before", test: (i) => i > 0 && openTimeMs[i]! <= openTimeMs[i - 1]! },
  ];
  return checks.map(({ name, test }) => {
    let count = 0, first = -1, last = -1;
    for (let i = 0; i < columns.length; i++) {
      if (!test(i)) continue;
      count++;
      if (first < 0) first = i;
      last = i;
    }
    return first < 0 ? { name, count } : { name, count, firstMs: openTimeMs[first]!, lastMs: openTimeMs[last]! };
  });
}
