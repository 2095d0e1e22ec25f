import { BLOCK_MINUTES } from "./block_sums.ts";
import { absolute, type Fill } from "./derived_series.ts";
import { described, type Indicator } from "./indicator.ts";
import { BPS, type MinuteGrid } from "./minute_grid.ts";
import type { MinuteSeries } from "./minute_series.ts";
import { recentVolatility, VOLATILITY_LOOKBACK_MINUTES } from "./window_means.ts";

/** Periods of memory before a smoothed value is cut off: what is older would weigh below 1e-5 (EMA) or 3e-4 (RSI). */
const MEMORY_PERIODS = 8;

/**
 * Relative strength index of one-minute returns, 0 … 100, 50 without any move: `rsi_14`. Formula 100·U/(U + D) with
 * Wilder's smoothing (1978), weights (1 − 1/period)^age, of rises and falls; cut off and begun anew at gaps as
 * {@linkcode decayedMeans} says, missing until there are `period` returns.
 */
export function relativeStrength(period: number): Indicator {
  const memory = memoryHours(period);
  return {
    ...described(`rsi_${period}`, { period, memoryHours: memory }, (memory + 1) * BLOCK_MINUTES + 1, period > 60),
    compute(grid, { ends }) {
      const decay = 1 - 1 / period;
      const net = decayedMeans(grid.returns(), ends, { decay, memoryHours: memory });
      const gross = decayedMeans(grid.series("absolute return", (g) => absolute(g.returns())), ends, {
        decay,
        memoryHours: memory,
      });
      const out = new Float32Array(ends.length);
      for (let row = 0; row < out.length; row++) {
        const strength = gross.means[row] === 0 ? 50 : 50 * (1 + net.means[row]! / gross.means[row]!);
        out[row] = net.counts[row]! < period ? NaN : strength;
      }
      return out;
    },
  };
}

/**
 * Distance of the last log close from its exponential moving average of `span` minutes, over σ·√span:
 * `ema_distance_z_60`. Weights (1 − 2/(span + 1))^age over their sum (pandas' `adjust=True`); cut off and begun anew
 * at gaps as {@linkcode decayedMeans} says, missing until there are `span` closes.
 */
export function emaDistance(span: number): Indicator {
  const memory = memoryHours(span);
  const lookback = Math.max((memory + 1) * BLOCK_MINUTES, VOLATILITY_LOOKBACK_MINUTES);
  return {
    ...described(`ema_distance_z_${span}`, { span, memoryHours: memory }, lookback, true),
    compute(grid, { ends }) {
      const logs = grid.series("log close", logClose), volatility = recentVolatility(grid, ends);
      const { means, counts } = decayedMeans(logs, ends, { decay: 1 - 2 / (span + 1), memoryHours: memory });
      const out = new Float32Array(ends.length), root = Math.sqrt(span);
      for (let row = 0; row < out.length; row++) {
        const distance = (logs.values[ends[row]! - 1]! - means[row]!) / (volatility[row]! * root);
        out[row] = counts[row]! < span ? NaN : distance;
      }
      return out;
    },
  };
}

interface DecayedMeansOptions {
  /** Weight of a minute over that of the next. */
  readonly decay: number;
  /** Whole UTC hours before the one of the last minute that the mean reaches back over. */
  readonly memoryHours: number;
}

/**
 * Exponentially weighted means with a finite memory: of a row whose last minute lies in some UTC hour, over the minutes
 * from `memoryHours` before that hour's start on, or from the latest missing minute on. Rows of one hour share their
 * first minute, so that bulk goes on where the row before ended, and gives the bits of a fresh start.
 */
function decayedMeans(
  { values, present }: MinuteSeries,
  ends: Int32Array,
  { decay, memoryHours }: DecayedMeansOptions,
): { readonly means: Float64Array; readonly counts: Int32Array } {
  const means = new Float64Array(ends.length), counts = new Int32Array(ends.length);
  let start = -1, at = 0, sum = 0, weights = 0, count = 0;
  for (let row = 0; row < ends.length; row++) {
    const end = ends[row]!;
    const first = Math.max(0, (Math.floor((end - 1) / BLOCK_MINUTES) - memoryHours) * BLOCK_MINUTES);
    if (first !== start || at > end) {
      start = at = first;
      sum = weights = count = 0;
    }
    for (; at < end; at++) {
      if (present[at] === 0) {
        sum = weights = count = 0;
        continue;
      }
      sum = sum * decay + values[at]!;
      weights = weights * decay + 1;
      count++;
    }
    means[row] = sum / weights;
    counts[row] = count;
  }
  return { means, counts };
}

function memoryHours(period: number): number {
  return Math.ceil(MEMORY_PERIODS * period / BLOCK_MINUTES);
}

function logClose({ present, close }: MinuteGrid): Fill {
  return (values, from, to) => {
    for (let i = from; i < to; i++) values[i] = present[i] === 1 ? BPS * Math.log(close[i]!) : NaN;
  };
}
