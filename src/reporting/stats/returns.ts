import { type CandleColumns, MINUTE_MS } from "../../core/mod.ts";

/**
 * Log return over the last `candles` candles at each candle, in basis points; NaN where one between is missing, so that
 * no figure takes a gap for a jump.
 */
export function rollingReturnsBps(
  columns: CandleColumns,
  candles: number,
  stepMs: number = MINUTE_MS,
): Float64Array {
  const { length, openTimeMs, close } = columns;
  const returns = new Float64Array(length).fill(NaN);
  const logs = new Float64Array(length);
  for (let i = 0; i < length; i++) logs[i] = Math.log(close[i]!);
  const spanMs = candles * stepMs;
  for (let i = candles; i < length; i++) {
    if (openTimeMs[i]! - openTimeMs[i - candles]! === spanMs) returns[i] = 1e4 * (logs[i]! - logs[i - candles]!);
  }
  return returns;
}

/** Those of {@linkcode rollingReturnsBps} that end on a whole multiple of their span since the epoch: they do not overlap. */
export function alignedReturns(
  openTimeMs: Float64Array,
  rolling: Float64Array,
  candles: number,
  stepMs: number = MINUTE_MS,
): Float64Array {
  const spanMs = candles * stepMs;
  const aligned = new Float64Array(Math.ceil(rolling.length / candles) + 1);
  let count = 0;
  for (let i = 0; i < rolling.length; i++) {
    if ((openTimeMs[i]! + stepMs) % spanMs === 0 && !Number.isNaN(rolling[i]!)) aligned[count++] = rolling[i]!;
  }
  return aligned.subarray(0, count);
}
