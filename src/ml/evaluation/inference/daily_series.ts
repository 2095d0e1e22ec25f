import { type BlockTotals, DayBlocks } from "../block_bootstrap.ts";

/**
 * A loss, or a difference of losses, day by day: sums of the rows of each UTC day in units of the mean day's number of
 * rows, so that their mean is that of all rows. Days without a row are left out.
 *
 * @param lossAt loss of a row; NaN leaves the row out.
 */
export function dailySeries(decisionTimeMs: ArrayLike<number>, lossAt: (row: number) => number): Float64Array {
  return seriesOf(new DayBlocks(decisionTimeMs, { days: 1 }).totals(lossAt));
}

/** The same from sums by day. */
export function seriesOf({ sums, counts }: BlockTotals): Float64Array {
  const kept = sums.filter((_, day) => counts[day]! > 0);
  const rowsADay = counts.reduce((total, count) => total + count, 0) / kept.length;
  return kept.map((sum) => sum / rowsADay);
}
