import type { GridField, MinuteGrid } from "./minute_grid.ts";
import type { MinuteSeries } from "./minute_series.ts";

/** Scale of log returns: one basis point is 1e-4. */
export const BPS = 1e4;

/**
 * What a derived series of minutes is: writes the values of `[from, to)`, NaN where missing, and looks at no later
 * minute. A loop of its own for each series, as a call a minute would cost more than most of the arithmetic.
 */
export type Fill = (values: Float64Array, from: number, to: number) => void;

/** A column of the candles. */
export function candleField(grid: MinuteGrid, field: GridField): Fill {
  const { present } = grid, source = grid.field(field);
  return (values, from, to) => {
    for (let i = from; i < to; i++) values[i] = present[i] === 1 ? source[i]! : NaN;
  };
}

/** ln(1 + x) of a column of the candles. */
export function logOfField(grid: MinuteGrid, field: GridField): Fill {
  const { present } = grid, source = grid.field(field);
  return (values, from, to) => {
    for (let i = from; i < to; i++) values[i] = present[i] === 1 ? Math.log(1 + source[i]!) : NaN;
  };
}

/** Squares of another series. */
export function squared({ values: source, present }: MinuteSeries): Fill {
  return (values, from, to) => {
    for (let i = from; i < to; i++) values[i] = present[i] === 1 ? source[i]! * source[i]! : NaN;
  };
}

/** Absolute values of another series. */
export function absolute({ values: source, present }: MinuteSeries): Fill {
  return (values, from, to) => {
    for (let i = from; i < to; i++) values[i] = present[i] === 1 ? Math.abs(source[i]!) : NaN;
  };
}

/** One-minute log returns in bps; missing where this close or the one before is. */
export function oneMinuteReturns({ present, close }: MinuteGrid): Fill {
  return (values, from, to) => {
    for (let i = from; i < to; i++) {
      const both = i > 0 && present[i] === 1 && present[i - 1] === 1;
      values[i] = both ? BPS * Math.log(close[i]! / close[i - 1]!) : NaN;
    }
  };
}

/** Taker buys less taker sells of each candle, in base volume. */
export function signedVolume(grid: MinuteGrid): Fill {
  const { present } = grid, volume = grid.field("volume"), bought = grid.field("takerBuyBaseVolume");
  return (values, from, to) => {
    for (let i = from; i < to; i++) values[i] = present[i] === 1 ? 2 * bought[i]! - volume[i]! : NaN;
  };
}

/** ln(1 + log range in bps) of each candle. */
export function candleLogRange(grid: MinuteGrid): Fill {
  const { present } = grid, low = grid.field("low"), high = grid.field("high");
  return (values, from, to) => {
    for (let i = from; i < to; i++) {
      values[i] = present[i] === 1 ? Math.log1p(BPS * Math.log(high[i]! / low[i]!)) : NaN;
    }
  };
}

/** Taker buys less taker sells over the volume of each candle, 0 without volume. */
export function candleTakerImbalance(grid: MinuteGrid): Fill {
  const { present } = grid, volume = grid.field("volume"), bought = grid.field("takerBuyBaseVolume");
  return (values, from, to) => {
    for (let i = from; i < to; i++) {
      const signed = 2 * bought[i]! - volume[i]!;
      // NaN where taker volume is missing, even without volume.
      values[i] = present[i] === 0 ? NaN : volume[i]! > 0 ? signed / volume[i]! : 0 * signed;
    }
  };
}
