import { type CandleColumns, lowerBound, MINUTE_MS, type Outcomes } from "../../core/mod.ts";

/** Outcomes of decision times by other means than the labels': SQL over the store, or {@linkcode plainOutcomes}. */
export type RecomputeOutcomes = (decisionTimeMs: Float64Array, horizonMinutes: number) => Promise<Outcomes>;

const BPS = 1e4;

/**
 * Outcomes straight from the candles, by no code that labels are made with: the candles are looked up by their open times,
 * without a grid, and returns are differences of logarithms.
 */
export function plainOutcomes(
  candles: CandleColumns,
  decisionTimeMs: Float64Array,
  horizonMinutes: number,
): Outcomes {
  const returnBps = plainReturns(candles, decisionTimeMs, horizonMinutes);
  const realizedVarianceBps2 = decisionTimeMs.map((ms, row) => {
    if (Number.isNaN(returnBps[row]!)) return NaN;
    const base = lowerBound(candles.openTimeMs, ms - MINUTE_MS);
    let sum = 0;
    for (let i = base + 1; i <= base + horizonMinutes; i++) {
      sum += (BPS * (Math.log(candles.close[i]!) - Math.log(candles.close[i - 1]!))) ** 2;
    }
    return sum;
  });
  return { returnBps, realizedVarianceBps2 };
}

/** The returns of {@linkcode plainOutcomes} alone, in bps. */
export function plainReturns(
  { openTimeMs, close }: CandleColumns,
  decisionTimeMs: Float64Array,
  horizonMinutes: number,
): Float64Array {
  return decisionTimeMs.map((ms) => {
    // From the close before the decision to the last of the horizon: with none missing they are that many candles apart.
    const base = lowerBound(openTimeMs, ms - MINUTE_MS), last = base + horizonMinutes;
    const isWhole = openTimeMs[base] === ms - MINUTE_MS && openTimeMs[last] === ms + (horizonMinutes - 1) * MINUTE_MS;
    return isWhole ? BPS * (Math.log(close[last]!) - Math.log(close[base]!)) : NaN;
  });
}
