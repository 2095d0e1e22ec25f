import { absolute, type Fill } from "./derived_series.ts";
import { described, type Indicator, minutesNeeded, STRICT_WINDOW_MINUTES } from "./indicator.ts";
import { BPS, type MinuteGrid } from "./minute_grid.ts";
import { VARIANCE_FLOOR_BPS2, varianceMeans, windowMeans } from "./window_means.ts";

/**
 * Share of the squared one-minute returns of the last `minutes` that fell, in [0, 1], .5 without any move:
 * `downside_share_60`. Formula Σ r²[r < 0] / Σ r²: realised semivariance of Barndorff-Nielsen, Kinnebrock & Shephard
 * (2010) over realised variance.
 */
export function downsideShare(minutes: number): Indicator {
  return {
    ...described(`downside_share_${minutes}`, { minutes }, minutes + 1, minutes > STRICT_WINDOW_MINUTES),
    compute(grid, { ends }) {
      const down = windowMeans(grid.sums("squared downside", squaredDownside), ends, minutes);
      const all = varianceMeans(grid, ends, minutes);
      const out = new Float32Array(ends.length);
      for (let row = 0; row < out.length; row++) out[row] = all[row] === 0 ? 0.5 : down[row]! / all[row]!;
      return out;
    },
  };
}

/**
 * Variance by absolute returns: ln of π/2 · (mean |r|)² of the last `minutes`, in bps² a minute:
 * `log_absolute_variation_60`. Less moved by jumps than squares (Forsberg & Ghysels 2007).
 */
export function absoluteVariation(minutes: number): Indicator {
  return {
    ...described(`log_absolute_variation_${minutes}`, { minutes }, minutes + 1, minutes > STRICT_WINDOW_MINUTES),
    compute(grid, { ends }) {
      const means = windowMeans(absoluteReturnSums(grid), ends, minutes);
      const out = new Float32Array(ends.length);
      for (let row = 0; row < out.length; row++) out[row] = flooredLog(Math.PI / 2 * means[row]! * means[row]!);
      return out;
    },
  };
}

/**
 * Bipower variation: ln of π/2 · mean |r_i·r_{i−1}| of the last `minutes` returns, in bps² a minute:
 * `log_bipower_60`. What variance would be without jumps (Barndorff-Nielsen & Shephard 2004).
 */
export function bipowerVariation(minutes: number): Indicator {
  return {
    ...described(`log_bipower_${minutes}`, { minutes }, minutes + 1, minutes > STRICT_WINDOW_MINUTES),
    compute(grid, { ends }) {
      const means = bipowerMeans(grid, ends, minutes);
      const out = new Float32Array(ends.length);
      for (let row = 0; row < out.length; row++) out[row] = flooredLog(means[row]!);
      return out;
    },
  };
}

/**
 * Share of the variance of the last `minutes` that came in jumps, in [0, 1], 0 without any move: `jump_share_60`.
 * Formula max(0, 1 − bipower / realised variance): the relative jump measure of Huang & Tauchen (2005).
 */
export function jumpShare(minutes: number): Indicator {
  return {
    ...described(`jump_share_${minutes}`, { minutes }, minutes + 1, minutes > STRICT_WINDOW_MINUTES),
    compute(grid, { ends }) {
      const bipower = bipowerMeans(grid, ends, minutes), all = varianceMeans(grid, ends, minutes);
      const out = new Float32Array(ends.length);
      for (let row = 0; row < out.length; row++) {
        const share = bipower[row]! / (all[row] === 0 ? 1 : all[row]!);
        out[row] = all[row] === 0 ? share : Math.max(0, 1 - share);
      }
      return out;
    },
  };
}

/** Variance by ranges: ln of the mean of ln(high/low)² / (4 ln 2), in bps² a minute (Parkinson 1980): `log_parkinson_60`. */
export function parkinson(minutes: number): Indicator {
  return candleVariance("parkinson", minutes, (high, low) => {
    const range = Math.log(high / low);
    return range * range / (4 * Math.LN2);
  });
}

/**
 * Variance by range and body: ln of the mean of ½·ln(high/low)² − (2 ln 2 − 1)·ln(close/open)², in bps² a minute
 * (Garman & Klass 1980): `log_garman_klass_60`.
 */
export function garmanKlass(minutes: number): Indicator {
  return candleVariance("garman_klass", minutes, (high, low, open, close) => {
    const range = Math.log(high / low), body = Math.log(close / open);
    return 0.5 * range * range - (2 * Math.LN2 - 1) * body * body;
  });
}

type OfCandle = (high: number, low: number, open: number, close: number) => number;

function candleVariance(name: string, minutes: number, ofCandle: OfCandle): Indicator {
  return {
    ...described(`log_${name}_${minutes}`, { minutes }, minutes, minutes > STRICT_WINDOW_MINUTES),
    compute(grid, { ends }) {
      const means = windowMeans(grid.sums(name, (g) => squaredBps(g, ofCandle)), ends, minutes);
      const out = new Float32Array(ends.length);
      for (let row = 0; row < out.length; row++) out[row] = flooredLog(means[row]!);
      return out;
    },
  };
}

function squaredBps(grid: MinuteGrid, ofCandle: OfCandle): Fill {
  const { present, close } = grid;
  const high = grid.field("high"), low = grid.field("low"), open = grid.field("open");
  return (values, from, to) => {
    for (let i = from; i < to; i++) {
      values[i] = present[i] === 1 ? BPS * BPS * ofCandle(high[i]!, low[i]!, open[i]!, close[i]!) : NaN;
    }
  };
}

/** Sums of absolute one-minute returns, in bps. */
export function absoluteReturnSums(grid: MinuteGrid): ReturnType<MinuteGrid["sums"]> {
  return grid.sums("absolute return", (g) => absolute(g.returns()));
}

/** π/2 · the mean product of neighbours among the last `minutes` returns, of which there is one less. */
function bipowerMeans(grid: MinuteGrid, ends: Int32Array, minutes: number): Float64Array {
  return grid.perRows(ends, `bipower ${minutes}`, () => {
    const means = windowMeans(grid.sums("bipower", neighbourProducts), ends, minutes - 1, minutesNeeded(minutes) - 1);
    for (let row = 0; row < means.length; row++) means[row]! *= Math.PI / 2;
    return means;
  });
}

function neighbourProducts(grid: MinuteGrid): Fill {
  const { values: returns, present } = grid.returns();
  return (values, from, to) => {
    for (let i = from; i < to; i++) {
      const both = i > 0 && present[i] === 1 && present[i - 1] === 1;
      values[i] = both ? Math.abs(returns[i]! * returns[i - 1]!) : NaN;
    }
  };
}

function squaredDownside(grid: MinuteGrid): Fill {
  const { values: returns, present } = grid.returns();
  return (values, from, to) => {
    for (let i = from; i < to; i++) {
      const value = returns[i]!;
      values[i] = present[i] === 1 ? (value < 0 ? value * value : 0) : NaN;
    }
  };
}

function flooredLog(variance: number): number {
  return Math.log(variance < VARIANCE_FLOOR_BPS2 ? VARIANCE_FLOOR_BPS2 : variance);
}
