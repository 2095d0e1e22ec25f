import { DAY_MS, MINUTE_MS } from "../../core/mod.ts";

/** Short names of the weekdays, Monday first. */
export const WEEKDAYS: readonly string[] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Mean of a value by UTC hour of day and by UTC weekday. */
export interface CalendarProfile {
  /** 24 means; NaN where no value fell into the hour. */
  readonly byHour: readonly number[];
  /** 7 means, Monday first; NaN where no value fell on the day. */
  readonly byWeekday: readonly number[];
}

/** Means of the finite `values` (one per open time) by hour and weekday of the open time. One pass. */
export function calendarProfile(openTimeMs: Float64Array, values: ArrayLike<number>): CalendarProfile {
  const hours = new Float64Array(24), hourCounts = new Float64Array(24);
  const days = new Float64Array(7), dayCounts = new Float64Array(7);
  for (let i = 0; i < openTimeMs.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    const hour = Math.floor((openTimeMs[i]! % DAY_MS) / (60 * MINUTE_MS));
    // The epoch was a Thursday; Monday is 0.
    const day = (Math.floor(openTimeMs[i]! / DAY_MS) + 3) % 7;
    hours[hour]! += value;
    hourCounts[hour]!++;
    days[day]! += value;
    dayCounts[day]!++;
  }
  const means = (sums: Float64Array, counts: Float64Array) => Array.from(sums, (sum, k) => sum / counts[k]!);
  return { byHour: means(hours, hourCounts), byWeekday: means(days, dayCounts) };
}
