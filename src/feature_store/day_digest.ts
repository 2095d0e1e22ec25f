import { createHash } from "node:crypto";
import { type CandleColumns, DAY_MS, type DayDigest, toIsoDay } from "../core/mod.ts";

const ROW_BYTES = 84;
const TWO_32 = 4294967296;

/**
 * Canonical bytes of candles `[start, end)`: per candle, little-endian, open_time int64 ms, open, high, low, close,
 * volume, close_time int64 ms, quote_volume, trade_count int32, taker base, taker quote; an unknown value is the
 * canonical NaN or INT32_MIN. 84 bytes a candle.
 */
export function canonicalBytes(columns: CandleColumns, start = 0, end: number = columns.length): Uint8Array {
  const bytes = new Uint8Array((end - start) * ROW_BYTES);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const int64 = (value: number) => {
    const high = Math.floor(value / TWO_32);
    view.setUint32(at, value - high * TWO_32, true);
    view.setInt32(at + 4, high, true);
    at += 8;
  };
  const float64 = (value: number) => {
    if (value !== value) {
      // Written as bits: which NaN setFloat64 writes is the engine's choice.
      view.setUint32(at, 0, true);
      view.setUint32(at + 4, 0x7ff80000, true);
    } else view.setFloat64(at, value, true);
    at += 8;
  };
  for (let i = start; i < end; i++) {
    int64(columns.openTimeMs[i]!);
    float64(columns.open[i]!);
    float64(columns.high[i]!);
    float64(columns.low[i]!);
    float64(columns.close[i]!);
    float64(columns.volume[i]!);
    int64(columns.closeTimeMs[i]!);
    float64(columns.quoteVolume[i]!);
    view.setInt32(at, columns.tradeCount[i]!, true);
    at += 4;
    float64(columns.takerBuyBaseVolume[i]!);
    float64(columns.takerBuyQuoteVolume[i]!);
  }
  return bytes;
}

/** Digests of the UTC days of ascending candles. O(n). */
export function digestDays(columns: CandleColumns): DayDigest[] {
  const digests: DayDigest[] = [];
  for (let start = 0; start < columns.length;) {
    const dayMs = Math.floor(columns.openTimeMs[start]! / DAY_MS) * DAY_MS;
    let end = start + 1;
    while (end < columns.length && columns.openTimeMs[end]! < dayMs + DAY_MS) end++;
    digests.push({
      day: toIsoDay(dayMs),
      rows: end - start,
      sha256: createHash("sha256").update(canonicalBytes(columns, start, end)).digest("hex"),
    });
    start = end;
  }
  return digests;
}

/** sha256 over (`YYYY-MM-DD`, 32 bytes) of the days in order, as 64 hex digits. */
export function digestDataset(days: readonly DayDigest[]): string {
  const hash = createHash("sha256");
  for (const { day, sha256 } of days) hash.update(day).update(sha256, "hex");
  return hash.digest("hex");
}
