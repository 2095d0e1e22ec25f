import type { GridField, MinuteGrid } from "./minute_grid.ts";
import type { MinuteSeries } from "./minute_series.ts";

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
