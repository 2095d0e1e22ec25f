import { MINUTE_MS, QUANTILE_LEVELS } from "../../core/mod.ts";
import { normalQuantile } from "./inference/distributions.ts";
import type { TestRows } from "./test_rows.ts";

/** Options of {@linkcode adaptiveQuantiles}. */
export interface AdaptiveQuantileOptions {
  /**
   * Step of the level of the median for a label that overlaps no other; others take 4τ(1 − τ) of it, so that a tail's level
   * moves by a share of itself.
   *
   * @default 0.005, that of the paper
   */
  readonly stepSize?: number;
}

/** Beyond the levels that it is asked for, a quantile grows along the tangent of the normal one. */
const EDGE_LEVEL = 0.001;
const EDGE_Z = normalQuantile(EDGE_LEVEL);
const EDGE_SLOPE = Math.sqrt(2 * Math.PI) * Math.exp(EDGE_Z * EDGE_Z / 2);

/**
 * Adaptive conformal inference (Gibbs & Candès 2021) of each of the nine quantiles: the level that is asked of the forecast
 * falls after a return below it and rises after one above, τ′ ← τ′ + γ (τ − 1{r ≤ q}), so that in the long run the share of
 * returns below is τ whatever the forecasts. A row learns from rows whose label has ended by its decision alone, as a service
 * could; each label counts for one over the horizon, as labels of a minute's distance overlap.
 *
 * Levels between the forecast's nine are read along straight lines over the normal's quantiles, beyond them along the last
 * line, and below .001 or above .999 without bound, so that the levels hold for any returns. Of fitted values that cross the
 * nine are sorted.
 *
 * @param quantilesBps row-major `[N, 9]`, ascending in each row; rows ascend in time.
 * @returns quantiles of the same shape.
 */
export function adaptiveQuantiles(
  test: TestRows,
  quantilesBps: Float32Array,
  { stepSize = 0.005 }: AdaptiveQuantileOptions = {},
): Float32Array {
  const levels = QUANTILE_LEVELS.length, horizonMs = test.horizonMinutes * MINUTE_MS;
  const steps = QUANTILE_LEVELS.map((level) => stepSize * 4 * level * (1 - level) / test.horizonMinutes);
  const asked = Float64Array.from(QUANTILE_LEVELS);
  const fitted = new Float32Array(quantilesBps.length);
  let learnt = 0;
  for (let row = 0; row < test.length; row++) {
    for (; test.decisionTimeMs[learnt]! + horizonMs <= test.decisionTimeMs[row]!; learnt++) {
      for (let j = 0; j < levels; j++) {
        const below = test.returnBps[learnt]! <= fitted[learnt * levels + j]! ? 1 : 0;
        asked[j]! += steps[j]! * (QUANTILE_LEVELS[j]! - below);
      }
    }
    const at = row * levels;
    for (let j = 0; j < levels; j++) fitted[at + j] = quantileAt(quantilesBps, at, asked[j]!);
  }
  return sortedRows(fitted);
}

/** Sorts each row's nine in place: after the last row, as levels learn from what was asked for them. */
function sortedRows(quantiles: Float32Array): Float32Array {
  const levels = QUANTILE_LEVELS.length;
  for (let at = 0; at < quantiles.length; at += levels) {
    for (let j = at + 1; j < at + levels; j++) {
      if (quantiles[j]! >= quantiles[j - 1]!) continue;
      quantiles.subarray(at, at + levels).sort();
      break;
    }
  }
  return quantiles;
}

const LEVEL_Z = Float64Array.from(QUANTILE_LEVELS, normalQuantile);

/** Value at any level of the quantiles from `offset` on. */
function quantileAt(quantiles: Float32Array, offset: number, level: number): number {
  const z = unboundedZ(level);
  let j = 1;
  while (j < LEVEL_Z.length - 1 && z > LEVEL_Z[j]!) j++;
  const low = quantiles[offset + j - 1]!, high = quantiles[offset + j]!;
  return low + (high - low) * (z - LEVEL_Z[j - 1]!) / (LEVEL_Z[j]! - LEVEL_Z[j - 1]!);
}

function unboundedZ(level: number): number {
  if (level < EDGE_LEVEL) return EDGE_Z + (level - EDGE_LEVEL) * EDGE_SLOPE;
  if (level > 1 - EDGE_LEVEL) return -EDGE_Z + (level - 1 + EDGE_LEVEL) * EDGE_SLOPE;
  return normalQuantile(level);
}
