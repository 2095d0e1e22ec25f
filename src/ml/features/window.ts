import { candleLogRange, candleTakerImbalance } from "./derived_series.ts";
import { column, described, type Indicator, STRICT_WINDOW_MINUTES } from "./indicator.ts";
import type { MinuteGrid } from "./minute_grid.ts";
import type { MinuteSeries } from "./minute_series.ts";

/** Minutes of a window: those that each scored row has whole. */
export const WINDOW_MINUTES = STRICT_WINDOW_MINUTES;

/** One-minute log return of `lag` minutes ago over the root of the hour's mean square, 0 in a flat hour. */
function relativeReturn(lag: number): Indicator {
  return {
    ...described(`relative_return@${lag}`, { lag, againstMinutes: WINDOW_MINUTES }, WINDOW_MINUTES + 1, false),
    compute(grid, { ends }) {
      const { values } = grid.returns(), { sums, counts } = grid.squaredReturnSums().windows(ends, WINDOW_MINUTES);
      return column(ends.length, (row) => {
        if (counts[row]! < WINDOW_MINUTES) return NaN;
        return sums[row]! > 0 ? values[ends[row]! - 1 - lag]! / Math.sqrt(sums[row]! / WINDOW_MINUTES) : 0;
      });
    },
  };
}

/** ln(1 + log range in bps) of the minute of `lag` minutes ago. */
function logRange(lag: number): Indicator {
  return lagged("log_range", lag, false, (grid) => grid.series("log range", candleLogRange));
}

/** Taker buys less taker sells over the volume of the minute of `lag` minutes ago, 0 without volume. */
function minuteTakerImbalance(lag: number): Indicator {
  const isNullable = true; // not every exchange tells it
  return lagged("taker_imbalance", lag, isNullable, (grid) => grid.series("taker imbalance", candleTakerImbalance));
}

/** ln(1 + volume) of the minute of `lag` minutes ago less the hour's mean. */
function relativeLogVolume(lag: number): Indicator {
  return {
    ...described(`relative_log_volume@${lag}`, { lag, againstMinutes: WINDOW_MINUTES }, WINDOW_MINUTES, false),
    compute(grid, { ends }) {
      const { values } = grid.logVolumes(), { sums, counts } = grid.logVolumeSums().sums.windows(ends, WINDOW_MINUTES);
      return column(ends.length, (row) => {
        if (counts[row]! < WINDOW_MINUTES) return NaN;
        return values[ends[row]! - 1 - lag]! - sums[row]! / WINDOW_MINUTES;
      });
    },
  };
}

function lagged(name: string, lag: number, nullable: boolean, seriesOf: (grid: MinuteGrid) => MinuteSeries): Indicator {
  return {
    ...described(`${name}@${lag}`, { lag }, lag + 1, nullable),
    compute(grid, { ends }) {
      const { values, present } = seriesOf(grid);
      return column(ends.length, (row) => {
        const minute = ends[row]! - 1 - lag;
        return minute >= 0 && present[minute] === 1 ? values[minute]! : NaN;
      });
    },
  };
}

const CHANNELS = [relativeReturn, logRange, minuteTakerImbalance, relativeLogVolume];

/** Four values of each of the last 60 minutes, minute by minute, the oldest first. */
export function windowIndicators(): Indicator[] {
  const lags = Array.from({ length: WINDOW_MINUTES }, (_, i) => WINDOW_MINUTES - 1 - i);
  return lags.flatMap((lag) => CHANNELS.map((channel) => channel(lag)));
}

/** Where a feature set has a window; undefined where it has none. */
export function windowOf(
  names: readonly string[],
): { readonly start: number; readonly steps: number; readonly channels: number } | undefined {
  const start = names.findIndex((name) => name.includes("@"));
  if (start < 0) return undefined;
  return { start, steps: WINDOW_MINUTES, channels: CHANNELS.length };
}
