import { described, type Indicator, minutesNeeded } from "./indicator.ts";
import { logReturns } from "./indicators.ts";
import { BPS } from "./minute_grid.ts";
import { candleField } from "./derived_series.ts";
import { recentVolatility, VOLATILITY_LOOKBACK_MINUTES } from "./window_means.ts";

/** Minutes whose typical move is the unit of the distance to round prices. */
const ROUND_MOVE_MINUTES = 60;

/**
 * Log return of the last `minutes` over its recent volatility σ·√minutes: `return_z_15`. Formula r / (σ √m) with σ of
 * {@linkcode recentVolatility}; volatility-scaled returns as in Moskowitz, Ooi & Pedersen (2012).
 */
export function scaledReturn(minutes: number): Indicator {
  const lookback = Math.max(minutes + 1, VOLATILITY_LOOKBACK_MINUTES);
  return {
    ...described(`return_z_${minutes}`, { minutes }, lookback, true),
    compute(grid, { ends }) {
      const moves = logReturns(grid, ends, minutes), volatility = recentVolatility(grid, ends);
      const out = new Float32Array(ends.length), root = Math.sqrt(minutes);
      for (let row = 0; row < out.length; row++) out[row] = moves[row]! / (volatility[row]! * root);
      return out;
    },
  };
}

/** One-minute log return that ended `lag` minutes before the decision, over σ: `return_lag_z_3`. */
export function laggedReturn(lag: number): Indicator {
  return {
    ...described(`return_lag_z_${lag}`, { lag }, Math.max(lag + 2, VOLATILITY_LOOKBACK_MINUTES), true),
    compute(grid, { ends }) {
      const { values, present } = grid.returns(), volatility = recentVolatility(grid, ends);
      const out = new Float32Array(ends.length);
      for (let row = 0; row < out.length; row++) {
        const at = ends[row]! - 1 - lag;
        out[row] = present[at] === 1 ? values[at]! / volatility[row]! : NaN;
      }
      return out;
    },
  };
}

/**
 * Distance of the last close from the volume-weighted average price of the last `minutes`, over σ·√minutes:
 * `vwap_distance_z_60`. Formula ln(close / (Σ quote volume / Σ base volume)), 0 where nothing was traded; the
 * average price is that of Berkowitz, Logue & Noser (1988).
 */
export function vwapDistance(minutes: number): Indicator {
  const lookback = Math.max(minutes, VOLATILITY_LOOKBACK_MINUTES);
  return {
    ...described(`vwap_distance_z_${minutes}`, { minutes }, lookback, true), // not every exchange tells quote volume
    compute(grid, { ends }) {
      const quote = grid.sums("quote volume", (g) => candleField(g, "quoteVolume")).windows(ends, minutes);
      const base = grid.volumeSums().windows(ends, minutes);
      const { close } = grid, volatility = recentVolatility(grid, ends);
      const out = new Float32Array(ends.length), root = Math.sqrt(minutes), needed = minutesNeeded(minutes);
      for (let row = 0; row < out.length; row++) {
        const volume = base.sums[row]!;
        const distance = volume > 0 ? BPS * Math.log(close[ends[row]! - 1]! * volume / quote.sums[row]!) : 0;
        out[row] = quote.counts[row]! < needed ? NaN : distance / (volatility[row]! * root);
      }
      return out;
    },
  };
}

/**
 * Distance of the last close from the nearest price of `digits` significant digits (two: 27,000; three: 27,100) over
 * σ·√60, positive above it: `round_distance_z_2`. Orders cluster at such prices (Osler 2003), and digits rather than
 * steps in dollars hold for any price level.
 */
export function roundDistance(digits: number): Indicator {
  return {
    ...described(`round_distance_z_${digits}`, { digits }, VOLATILITY_LOOKBACK_MINUTES, true),
    compute(grid, { ends }) {
      const { close } = grid, volatility = recentVolatility(grid, ends);
      const out = new Float32Array(ends.length), root = Math.sqrt(ROUND_MOVE_MINUTES), parts = 10 ** (digits - 1);
      let decade = 1;
      for (let row = 0; row < out.length; row++) {
        const price = close[ends[row]! - 1]!;
        if (price < decade || price >= 10 * decade) decade = decadeOf(price);
        const step = decade / parts;
        out[row] = BPS * Math.log(price / (Math.round(price / step) * step)) / (volatility[row]! * root);
      }
      return out;
    },
  };
}

/** Greatest power of ten that is not above the price, by exact steps rather than a rounded logarithm. */
function decadeOf(price: number): number {
  let decade = 1;
  while (price >= 10 * decade) decade *= 10;
  while (price < decade) decade /= 10;
  return decade;
}
