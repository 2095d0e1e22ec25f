import { BPS, type MinuteGrid } from "../features/minute_grid.ts";

/** Closes that a row needs behind it to be scored: t−61 … t−1. */
export const CLOSES_NEEDED = 61;

/** What happened after each decision time (evaluation section 1), one entry a row. */
export interface Labels {
  /** Number of rows. */
  readonly length: number;
  /** Minutes that each label spans. */
  readonly horizonMinutes: number;
  /** Log return of the horizon in bps; NaN without a label. 0 exactly at a tie. */
  readonly returnBps: Float32Array;
  /** Sum of the horizon's squared one-minute returns in bps²; NaN without a label. */
  readonly realizedVarianceBps2: Float32Array;
  /** 1 where the label exists and the last 61 closes do: the rows that every model answers and is scored on. */
  readonly scorable: Uint8Array;
}

/**
 * Labels for decision times on the grid's minutes. A label exists only if all `horizonMinutes` candles from the
 * decision time on do, and so does the close before it.
 */
export function computeLabels(
  grid: MinuteGrid,
  decisionTimeMs: Float64Array,
  options: { readonly horizonMinutes: number },
): Labels {
  const { horizonMinutes } = options;
  const length = decisionTimeMs.length;
  const starts = Int32Array.from(decisionTimeMs, (ms) => grid.indexAt(ms));
  // Rows whose horizon runs past the grid get a window that is cut short, so that its count tells.
  const ends = starts.map((start) => Math.min(start + horizonMinutes, grid.length));
  const squares = grid.squaredReturnSums();
  const ahead = squares.windows(ends, horizonMinutes);
  const behind = squares.windows(starts.map((start) => Math.min(start, grid.length)), CLOSES_NEEDED - 1);
  const returnBps = new Float32Array(length).fill(NaN), realizedVarianceBps2 = new Float32Array(length).fill(NaN);
  const scorable = new Uint8Array(length);
  for (let row = 0; row < length; row++) {
    const start = starts[row]!;
    if (start + horizonMinutes > grid.length || ahead.counts[row] !== horizonMinutes) continue;
    // From the closes, not from the sum of returns: a tie is then 0 exactly.
    returnBps[row] = BPS * Math.log(grid.close[start + horizonMinutes - 1]! / grid.close[start - 1]!);
    realizedVarianceBps2[row] = ahead.sums[row]!;
    scorable[row] = behind.counts[row] === CLOSES_NEEDED - 1 ? 1 : 0;
  }
  return { length, horizonMinutes, returnBps, realizedVarianceBps2, scorable };
}
