import { type CandleColumns, MINUTE_MS } from "../../core/mod.ts";

/**
 * Log return over the last `minutes` at each candle, in basis points; NaN where one of the minutes between is
 * missing, so that no figure takes a gap for a jump.
 */
export function rollingReturnsBps(columns: CandleColumns, minutes: number): Float64Array {
  const { length, openTimeMs, close } = columns;
  const returns = new Float64Array(length).fill(NaN);
  const logs = new Float64Array(length);
  for (let i = 0; i < length; i++) logs[i] = Math.log(close[i]!);
  const spanMs = minutes * MINUTE_MS;
  for (let i = minutes; i < length; i++) {
    if (openTimeMs[i]! - openTimeMs[i - minutes]! === spanMs) returns[i] = 1e4 * (logs[i]! - logs[i - minutes]!);
  }
  return returns;
}

/** Those of {@linkcode rollingReturnsBps} that end on a whole multiple of `minutes` since the epoch: they do not overlap. */
export function alignedReturns(columns: CandleColumns, rolling: Float64Array, minutes: number): Float64Array {
  const spanMs = minutes * MINUTE_MS;
  const aligned = new Float64Array(Math.ceil(columns.length / minutes) + 1);
  let count = 0;
  for (let i = 0; i < rolling.length; i++) {
    if ((columns.openTimeMs[i]! + MINUTE_MS) % spanMs === 0 && !Number.isNaN(rolling[i]!)) {
      aligned[count++] = rolling[i]!;
    }
  }
  return aligned.subarray(0, count);
}
