import { DAY_MS } from "../../core/mod.ts";
import { type BlockTotals, bootstrapMean, DayBlocks, type Interval95 } from "./block_bootstrap.ts";
import type { RowLosses } from "./scores.ts";
import type { TestRows } from "./test_rows.ts";

/** Losses that are kept by day; smaller is better in each. */
export const DAILY_LOSSES = ["logLoss", "qlike", "pinball"] as const;

/** One of {@linkcode DAILY_LOSSES}. */
export type DailyLoss = typeof DAILY_LOSSES[number];

/** Sums of losses by UTC day of decision, as plain JSON: all that a paired comparison of two models needs. */
export interface DailyLosses {
  /** Start of the first day; the others follow without a gap. */
  readonly firstDayMs: number;
  readonly sums: Readonly<Record<DailyLoss, readonly number[]>>;
  /** Rows that count; ties do not, for direction. */
  readonly counts: Readonly<Record<DailyLoss, readonly number[]>>;
}

/**
 * Adds up the losses of forecasts that have all three outputs.
 *
 * @throws {RangeError} where an output is absent.
 */
export function dailyLosses({ decisionTimeMs }: TestRows, losses: RowLosses): DailyLosses {
  const days = new DayBlocks(decisionTimeMs, { days: 1 });
  const totals = (name: DailyLoss) => {
    const values = losses[name];
    if (values === undefined) throw new RangeError(`Cannot add up '${name}' of forecasts that do not have it`);
    return days.totals((row) => values[row]!);
  };
  const all = { logLoss: totals("logLoss"), qlike: totals("qlike"), pinball: totals("pinball") };
  const arrays = (part: keyof BlockTotals) => ({
    logLoss: [...all.logLoss[part]],
    qlike: [...all.qlike[part]],
    pinball: [...all.pinball[part]],
  });
  return {
    firstDayMs: Math.floor((decisionTimeMs[0] ?? 0) / DAY_MS) * DAY_MS,
    sums: arrays("sums"),
    counts: arrays("counts"),
  };
}

/** Mean over all rows that count. */
export function meanLoss({ sums, counts }: DailyLosses, name: DailyLoss): number {
  return total(sums[name]) / total(counts[name]);
}

/**
 * How much worse one model is than another on the same rows, as a weighted sum of differences of mean losses, with a
 * percentile interval over blocks of days (evaluation section 5): positive where `model` is worse.
 *
 * @param weights by loss; absent ones are 0.
 * @throws {RangeError} where the two are of different rows.
 */
export function pairedDifference(
  model: DailyLosses,
  other: DailyLosses,
  weights: Readonly<Partial<Record<DailyLoss, number>>>,
  { blockDays, resamples }: { readonly blockDays: number; readonly resamples: number },
): Interval95 {
  const names = DAILY_LOSSES.filter((name) => weights[name] !== undefined);
  const isSame = model.firstDayMs === other.firstDayMs &&
    names.every((name) => model.counts[name].every((count, day) => count === other.counts[name][day]));
  if (!isSame) throw new RangeError("Cannot compare losses of different rows");
  const blocks = Math.ceil(model.counts.qlike.length / blockDays);
  const sums = new Float64Array(blocks), counts = new Float64Array(blocks);
  // Each loss is put on the scale of the rows of QLIKE, which are all: the others' means then add up with its own.
  const rows = total(model.counts.qlike);
  for (const name of names) {
    const scale = weights[name]! * rows / total(model.counts[name]);
    for (let day = 0; day < model.sums[name].length; day++) {
      sums[Math.floor(day / blockDays)]! += scale * (model.sums[name][day]! - other.sums[name][day]!);
    }
  }
  model.counts.qlike.forEach((count, day) => counts[Math.floor(day / blockDays)]! += count);
  return bootstrapMean({ sums, counts }, { resamples });
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
