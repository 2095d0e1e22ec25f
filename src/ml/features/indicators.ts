import { type Indicator, minutesNeeded, STRICT_WINDOW_MINUTES } from "./indicator.ts";
import { BPS, type LogSums, type MinuteGrid } from "./minute_grid.ts";

const DAY_MINUTES = 1440;
const WEEK_MINUTES = 10_080;
/** The epoch began on a Thursday; weeks here begin on Monday. */
const EPOCH_WEEK_OFFSET_MINUTES = 3 * DAY_MINUTES;

/**
 * Log return of the last `minutes` in bps: `return_15`. Where minutes are missing inside a long window, the sum of the
 * one-minute returns present, so that a jump over the gap is in neither.
 */
export function lagReturn(minutes: number): Indicator {
  return {
    ...described(`return_${minutes}`, { minutes }, minutes + 1, minutes > STRICT_WINDOW_MINUTES),
    compute(grid, { ends }) {
      const { sums, counts } = grid.returnSums().windows(ends, minutes);
      return column(ends.length, (row) => {
        if (counts[row]! < minutesNeeded(minutes)) return NaN;
        if (counts[row]! < minutes) return sums[row]!;
        // From the closes, so that no move is 0 exactly.
        const last = ends[row]! - 1;
        return BPS * Math.log(grid.close[last]! / grid.close[last - minutes]!);
      });
    },
  };
}

/** Mean squared one-minute return of the last `minutes`, in bps²: `rv_60`. */
export function realizedVariance(minutes: number): Indicator {
  return {
    ...described(`rv_${minutes}`, { minutes }, minutes + 1, minutes > STRICT_WINDOW_MINUTES),
    compute(grid, { ends }) {
      const { sums, counts } = grid.squaredReturnSums().windows(ends, minutes);
      return column(ends.length, (row) => counts[row]! < minutesNeeded(minutes) ? NaN : sums[row]! / counts[row]!);
    },
  };
}

/** Taker buys less taker sells over the volume of the last `minutes`, in [−1, 1], 0 without volume. */
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

/** Where the last close lies between the lowest low (0) and highest high (1) of the last `minutes`; .5 when flat. */
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

/** All of an indicator but its computation. */
export function described(
  name: string,
  parameters: Indicator["parameters"],
  lookbackMinutes: number,
  nullable: boolean,
): Omit<Indicator, "compute"> {
  return { name, parameters, lookbackMinutes, definitionVersion: 1, nullable };
}

/** Float32Array assignment is Math.fround, which every feature value is defined to be. */
export function column(length: number, valueAt: (row: number) => number): Float32Array {
  const values = new Float32Array(length);
  for (let row = 0; row < length; row++) values[row] = valueAt(row);
  return values;
}
