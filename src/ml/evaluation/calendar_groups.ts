import { DAY_MS, toIsoDay } from "../../core/mod.ts";
import type { Grouping } from "./group_areas.ts";

const HOUR_MS = DAY_MS / 24;

/** Rows by hour of the day of decision, UTC: `00` to `23`. */
export function groupByHour(decisionTimeMs: Float64Array): Grouping {
  return {
    names: Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, "0")),
    groupOf: Int32Array.from(decisionTimeMs, (ms) => Math.floor(ms % DAY_MS / HOUR_MS)),
  };
}

/** Rows by UTC year of decision: `2023`. */
export function groupByYear(decisionTimeMs: Float64Array): Grouping {
  return groupByDay(decisionTimeMs, (day) => day.slice(0, "2023".length));
}

/** Rows by UTC month of decision: `2023-05`. */
export function groupByMonth(decisionTimeMs: Float64Array): Grouping {
  return groupByDay(decisionTimeMs, (day) => day.slice(0, "2023-05".length));
}

/** Ascending rows by a name of their day, which is asked for once a day. */
function groupByDay(decisionTimeMs: Float64Array, nameOf: (isoDay: string) => string): Grouping {
  const names: string[] = [], groupOf = new Int32Array(decisionTimeMs.length);
  let dayEndMs = -Infinity;
  for (let row = 0; row < decisionTimeMs.length; row++) {
    const ms = decisionTimeMs[row]!;
    if (ms >= dayEndMs) {
      dayEndMs = Math.floor(ms / DAY_MS) * DAY_MS + DAY_MS;
      const name = nameOf(toIsoDay(ms));
      if (names.at(-1) !== name) names.push(name);
    }
    groupOf[row] = names.length - 1;
  }
  return { names, groupOf };
}
