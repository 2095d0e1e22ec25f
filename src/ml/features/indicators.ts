import {
  column,
  DAY_MINUTES,
  described,
  type Indicator,
  minutesNeeded,
  STRICT_WINDOW_MINUTES,
  WEEK_MINUTES,
} from "./indicator.ts";
import { BPS, type LogSums, type MinuteGrid } from "./minute_grid.ts";

/** The epoch began on a Thursday; weeks here begin on Monday. */
export const EPOCH_WEEK_OFFSET_MINUTES = 3 * DAY_MINUTES;

/**
 * Log return of the last `minutes` in bps: `return_15`. Where minutes are missing inside a long window, the sum of the
 * one-minute returns present, so that a jump over the gap is in neither.
 */
export function lagReturn(minutes: number): Indicator {
  return {
    ...described(`return_${minutes}`, { minutes }, minutes + 1, minutes > STRICT_WINDOW_MINUTES),
    compute: (grid, { ends }) => Float32Array.from(logReturns(grid, ends, minutes)),
  };
}

/** What {@linkcode lagReturn} is, before it is rounded to float32. */
export function logReturns(grid: MinuteGrid, ends: Int32Array, minutes: number): Float64Array {
  return grid.perRows(ends, `return ${minutes}`, () => {
    const { close } = grid, { sums, counts } = grid.returnSums().windows(ends, minutes);
    const needed = minutesNeeded(minutes);
    for (let row = 0; row < ends.length; row++) {
      if (counts[row]! < needed) sums[row] = NaN;
      if (counts[row]! < minutes) continue;
      // From the closes, so that no move is 0 exactly.
      const last = ends[row]! - 1;
      sums[row] = BPS * Math.log(close[last]! / close[last - minutes]!);
    }
    return sums;
  });
}

/**
 * Mean squared one-minute return of the last `minutes`, in bps²: `rv_60`. Realised variance of Andersen & Bollerslev
 * (1998), a minute; its scales are those of HAR (Corsi 2009).
 */
export function realizedVariance(minutes: number): Indicator {
  return {
    ...described(`rv_${minutes}`, { minutes }, minutes + 1, minutes > STRICT_WINDOW_MINUTES),
    compute(grid, { ends }) {
      const { sums, counts } = grid.squaredReturnSums().windows(ends, minutes);
      return column(ends.length, (row) => counts[row]! < minutesNeeded(minutes) ? NaN : sums[row]! / counts[row]!);
    },
  };
}

/**
 * Taker buys less taker sells over the volume of the last `minutes`, in [−1, 1], 0 without volume:
 * `taker_imbalance_5`. The order imbalance of Chordia & Subrahmanyam (2004).
 */
export function takerImbalance(minutes: number): Indicator {
  return {
    ...described(`taker_imbalance_${minutes}`, { minutes }, minutes, true), // not every exchange tells taker volume
    compute(grid, { ends }) {
      const signed = grid.signedVolumeSums().windows(ends, minutes);
      const volume = grid.volumeSums().windows(ends, minutes);
      return column(ends.length, (row) => {
        if (signed.counts[row]! < minutesNeeded(minutes)) return NaN;
        return volume.sums[row]! > 0 ? signed.sums[row]! / volume.sums[row]! : 0;
      });
    },
  };
}

/** Mean ln(1 + volume) of the last `minutes` in standard deviations of the last day's minutes: `volume_z_5`. */
export function volumeZ(minutes: number): Indicator {
  return zScore(`volume_z_${minutes}`, minutes, (grid) => grid.logVolumeSums());
}

/** The same of ln(1 + trade count): `trade_count_z_5`. */
export function tradeCountZ(minutes: number): Indicator {
  return zScore(`trade_count_z_${minutes}`, minutes, (grid) => grid.logTradeCountSums());
}

function zScore(name: string, minutes: number, sumsOf: (grid: MinuteGrid) => LogSums): Indicator {
  return {
    ...described(name, { minutes, againstMinutes: DAY_MINUTES }, DAY_MINUTES, true),
    compute(grid, { ends }) {
      const { sums, squares } = sumsOf(grid);
      const recent = sums.windows(ends, minutes);
      const day = sums.windows(ends, DAY_MINUTES), daySquares = squares.windows(ends, DAY_MINUTES);
      return column(ends.length, (row) => {
        const count = day.counts[row]!;
        if (recent.counts[row]! < minutesNeeded(minutes) || count < minutesNeeded(DAY_MINUTES)) return NaN;
        const mean = day.sums[row]! / count;
        const variance = daySquares.sums[row]! / count - mean * mean;
        // Below this the day is flat and the difference is rounding.
        if (variance < 1e-9) return 0;
        return (recent.sums[row]! / recent.counts[row]! - mean) / Math.sqrt(variance);
      });
    },
  };
}

/**
 * Where the last close lies between the lowest low (0) and highest high (1) of the last `minutes`, .5 when flat:
 * `range_position_60`. Lane's stochastic %K over 100 (1984).
 */
export function rangePosition(minutes: number): Indicator {
  return {
    ...described(`range_position_${minutes}`, { minutes }, minutes, minutes > STRICT_WINDOW_MINUTES),
    compute(grid, { ends }) {
      const { lowest, highest } = grid.extremes().windows(ends, minutes);
      // Any candle has a low and a high, so the volume series counts the candles.
      const { counts } = grid.volumeSums().windows(ends, minutes);
      return column(ends.length, (row) => {
        if (counts[row]! < minutesNeeded(minutes)) return NaN;
        const width = highest[row]! - lowest[row]!;
        return width > 0 ? (grid.close[ends[row]! - 1]! - lowest[row]!) / width : 0.5;
      });
    },
  };
}

/** Sine or cosine of the decision time's place in the UTC day or week (from Monday): `day_sin`, `week_cos`. */
export function timeWave(period: "day" | "week", wave: "sin" | "cos"): Indicator {
  const minutes = period === "day" ? DAY_MINUTES : WEEK_MINUTES;
  const table = Float64Array.from({ length: minutes }, (_, i) => Math[wave](2 * Math.PI * i / minutes));
  const offset = period === "day" ? 0 : EPOCH_WEEK_OFFSET_MINUTES;
  return {
    ...described(`${period}_${wave}`, { period, wave }, 0, false),
    compute(grid, { ends }) {
      return column(ends.length, (row) => table[(grid.startMinute + ends[row]! + offset) % minutes]!);
    },
  };
}
