import type { WindowSums } from "./block_sums.ts";
import { absolute, candleField, type Fill } from "./derived_series.ts";
import { DAY_MINUTES, described, type Indicator } from "./indicator.ts";
import type { MinuteGrid } from "./minute_grid.ts";
import type { MinuteSeries } from "./minute_series.ts";
import { windowMeans } from "./window_means.ts";

/** Days of the profile by minute of day. */
export const PROFILE_DAYS = 21;
const DAYS_NEEDED = Math.ceil(PROFILE_DAYS / 2);
/** Ratios below are taken as this, so that nothing traded is a number. */
const LEAST_RATIO = 0.01;

/** A kind of activity that has a usual level at each minute of the day. */
interface Activity {
  readonly name: string;
  /** Candles that one value takes. */
  readonly span: number;
  readonly define: (grid: MinuteGrid) => Fill;
}

const VOLUME: Activity = { name: "volume", span: 1, define: (grid) => candleField(grid, "volume") };
const TRADE_COUNT: Activity = { name: "trade count", span: 1, define: (grid) => candleField(grid, "tradeCount") };
const VOLATILITY: Activity = { name: "absolute return", span: 2, define: (grid) => absolute(grid.returns()) };

/**
 * Volume of the last `minutes` against its usual level at these minutes of the day: `volume_relative_15`. Formula
 * ln max(mean / mean of the profile over the same minutes, .01); the profile is the mean over the same minute of the
 * 21 days before, of which 11 must have it. The intraday pattern of Andersen & Bollerslev (1997), for a market that
 * never closes.
 */
export function relativeVolume(minutes: number): Indicator {
  return relativeLevel(`volume_relative_${minutes}`, minutes, VOLUME);
}

/** The same of the trade count: `trade_count_relative_15`. */
export function relativeTradeCount(minutes: number): Indicator {
  return relativeLevel(`trade_count_relative_${minutes}`, minutes, TRADE_COUNT);
}

/** The same of the absolute one-minute return: `volatility_relative_15`. */
export function relativeVolatility(minutes: number): Indicator {
  return relativeLevel(`volatility_relative_${minutes}`, minutes, VOLATILITY);
}

/**
 * How lively the next `minutes` usually are at this time of day: `volatility_ahead_15`. Formula ln max(mean of the
 * 21-day profile of absolute returns over the next minutes of the day / over the whole day, .01); the profile of
 * minutes to come is that of the same minutes on days past.
 */
export function usualVolatilityAhead(minutes: number): Indicator {
  const lookback = PROFILE_DAYS * DAY_MINUTES + VOLATILITY.span - 1;
  return {
    ...described(`volatility_ahead_${minutes}`, { minutes, days: PROFILE_DAYS }, lookback, true),
    compute(grid, { ends }) {
      const profile = profileSums(grid, VOLATILITY);
      const ahead = windowMeans(profile, shifted(ends, minutes - DAY_MINUTES), minutes);
      const day = grid.perRows(ends, "profile of the day", () => windowMeans(profile, ends, DAY_MINUTES));
      return logRatios(ahead, day);
    },
  };
}

function relativeLevel(name: string, minutes: number, activity: Activity): Indicator {
  const lookback = minutes + PROFILE_DAYS * DAY_MINUTES + activity.span - 1;
  return {
    ...described(name, { minutes, days: PROFILE_DAYS }, lookback, true),
    compute(grid, { ends }) {
      const now = windowMeans(grid.sums(activity.name, activity.define), ends, minutes);
      const usual = windowMeans(profileSums(grid, activity), shifted(ends, -DAY_MINUTES), minutes);
      return logRatios(now, usual);
    },
  };
}

/** Profile sums; index i holds the profile of the minute a day after it, so nothing later than i is in it. */
function profileSums(grid: MinuteGrid, { name, define }: Activity): WindowSums {
  return grid.sums(`profile of ${name}`, (g) => profile(g.series(name, define)));
}

function profile({ values: source, present }: MinuteSeries): Fill {
  return (values, from, to) => {
    for (let i = from; i < to; i++) {
      const oldest = Math.max(i % DAY_MINUTES, i - (PROFILE_DAYS - 1) * DAY_MINUTES);
      let sum = 0, count = 0;
      for (let at = i; at >= oldest; at -= DAY_MINUTES) {
        sum += source[at]!;
        count += present[at]!;
      }
      values[i] = count < DAYS_NEEDED ? NaN : sum / count;
    }
  };
}

/** Ends moved by whole minutes; what falls before the grid is an empty window at its start. */
function shifted(ends: Int32Array, minutes: number): Int32Array {
  return ends.map((end) => Math.max(0, end + minutes));
}

function logRatios(values: Float64Array, usual: Float64Array): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < out.length; row++) {
    const value = values[row]!;
    // Where there is usually nothing, nothing can be told; a missing value stays missing.
    const ratio = usual[row] === 0 && value === value ? 1 : value / usual[row]!;
    out[row] = Math.log(ratio < LEAST_RATIO ? LEAST_RATIO : ratio);
  }
  return out;
}
