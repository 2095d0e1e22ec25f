import { type CandleColumns, MINUTE_MS } from "../../core/mod.ts";

/** A fall from a highest close so far to the lowest close before that height was reached again. */
export interface Drawdown {
  /** End of the candle with the high close. */
  readonly peakMs: number;
  readonly peak: number;
  readonly troughMs: number;
  readonly trough: number;
  /** `trough / peak − 1`, negative. */
  readonly depth: number;
  /** When the peak was reached again, or undefined where it was not. */
  readonly recoveredMs?: number;
}

/** The `count` deepest falls of the closes, deepest first. One pass. */
export function deepestDrawdowns(columns: CandleColumns, count: number, stepMs: number = MINUTE_MS): Drawdown[] {
  const { length, close, openTimeMs } = columns;
  const found: Drawdown[] = [];
  let peak = 0, trough = 0;
  const end = (i: number) => openTimeMs[i]! + stepMs;
  const keep = (recovered?: number) => {
    if (trough === peak || length === 0) return;
    const depth = close[trough]! / close[peak]! - 1;
    if (found.length === count && depth >= found[count - 1]!.depth) return;
    found.push({
      peakMs: end(peak),
      peak: close[peak]!,
      troughMs: end(trough),
      trough: close[trough]!,
      depth,
      ...(recovered === undefined ? {} : { recoveredMs: end(recovered) }),
    });
    found.sort((a, b) => a.depth - b.depth);
    found.length = Math.min(found.length, count);
  };
  for (let i = 1; i < length; i++) {
    if (close[i]! >= close[peak]!) {
      keep(i);
      peak = trough = i;
    } else if (close[i]! < close[trough]!) trough = i;
  }
  keep();
  return found;
}
