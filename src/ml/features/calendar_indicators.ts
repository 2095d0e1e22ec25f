import type { Fill } from "./derived_series.ts";
import { DAY_MINUTES, described, type Indicator, minutesNeeded, STRICT_WINDOW_MINUTES } from "./indicator.ts";
import { EPOCH_WEEK_OFFSET_MINUTES } from "./indicators.ts";
import type { MinuteGrid } from "./minute_grid.ts";

/** Hour of the UTC day of the decision time, 0 … 23: `hour_of_day`; HAR-X and trees split on it. */
export function hourOfDay(): Indicator {
  return ofMinute("hour_of_day", (minute) => Math.floor(minute % DAY_MINUTES / 60));
}

/** Day of the UTC week of the decision time, Monday 0 … Sunday 6: `day_of_week`. */
export function dayOfWeek(): Indicator {
  return ofMinute("day_of_week", (minute) => Math.floor((minute + EPOCH_WEEK_OFFSET_MINUTES) / DAY_MINUTES) % 7);
}

/** Minutes without a candle among the last `minutes`, as after an outage: `missing_minutes_1440`. */
export function missingMinutes(minutes: number): Indicator {
  return {
    ...described(`missing_minutes_${minutes}`, { minutes }, minutes, false),
    compute(grid, { ends }) {
      // Any candle has a volume, so its series counts the candles.
      const { counts } = grid.volumeSums().windows(ends, minutes);
      return Float32Array.from(counts, (count) => minutes - count);
    },
  };
}

/** Whether a feature tells of faults of the data, and is 0 in every row of a span that has none. */
export function isFaultFlag(name: string): boolean {
  return /^(missing_minutes|zero_trade_share)_/.test(name);
}

/** Share of the candles of the last `minutes` in which nothing was traded: `zero_trade_share_60`. */
export function zeroTradeShare(minutes: number): Indicator {
  return {
    ...described(`zero_trade_share_${minutes}`, { minutes }, minutes, minutes > STRICT_WINDOW_MINUTES),
    compute(grid, { ends }) {
      const { sums, counts } = grid.sums("zero volume", zeroVolume).windows(ends, minutes);
      const out = new Float32Array(ends.length), needed = minutesNeeded(minutes);
      for (let row = 0; row < out.length; row++) out[row] = counts[row]! < needed ? NaN : sums[row]! / counts[row]!;
      return out;
    },
  };
}

function zeroVolume(grid: MinuteGrid): Fill {
  const { present } = grid, volume = grid.field("volume");
  return (values, from, to) => {
    for (let i = from; i < to; i++) values[i] = present[i] === 1 ? (volume[i] === 0 ? 1 : 0) : NaN;
  };
}

function ofMinute(name: string, valueAt: (minute: number) => number): Indicator {
  return {
    ...described(name, {}, 0, false),
    compute(grid, { ends }) {
      const out = new Float32Array(ends.length);
      for (let row = 0; row < out.length; row++) out[row] = valueAt(grid.startMinute + ends[row]!);
      return out;
    },
  };
}
