import { QUANTILE_LEVELS } from "../../core/mod.ts";
import { varianceFloor } from "./losses.ts";
import type { TestRows } from "./test_rows.ts";

/** Shares of rows that the ten bins between and beyond the nine quantiles should hold. */
export const BIN_SHARES: readonly number[] = [...QUANTILE_LEVELS, 1].map((level, i) =>
  level - (QUANTILE_LEVELS[i - 1] ?? 0)
);

/**
 * Shares of rows whose return lies in each of the ten bins, lowest first: the histogram of the probability integral
 * transform. A return equal to a quantile lies below it.
 *
 * @param quantilesBps row-major `[N, 9]`, ascending in each row.
 */
export function quantileHistogram({ returnBps }: TestRows, quantilesBps: Float32Array): Float64Array {
  const levels = QUANTILE_LEVELS.length, shares = new Float64Array(levels + 1);
  for (let row = 0; row < returnBps.length; row++) {
    const move = returnBps[row]!;
    let bin = 0;
    while (bin < levels && move > quantilesBps[row * levels + bin]!) bin++;
    shares[bin]! += 1;
  }
  return shares.map((count) => count / returnBps.length);
}

/** Squared correlation of ln max(RV, floor) with ln σ² over all rows; NaN where either is constant. One pass. */
export function squaredLogCorrelation(test: TestRows, volatilityBps: Float32Array): number {
  const floor = varianceFloor(test.horizonMinutes);
  let meanX = 0, meanY = 0, squaresX = 0, squaresY = 0, products = 0;
  for (let row = 0; row < test.length; row++) {
    const x = 2 * Math.log(volatilityBps[row]!), y = Math.log(Math.max(test.realizedVarianceBps2[row]!, floor));
    // Deviations from running means: squares of the values themselves would cancel.
    const apartX = x - meanX, apartY = y - meanY;
    meanX += apartX / (row + 1);
    meanY += apartY / (row + 1);
    squaresX += apartX * (x - meanX);
    squaresY += apartY * (y - meanY);
    products += apartX * (y - meanY);
  }
  return products ** 2 / (squaresX * squaresY);
}
