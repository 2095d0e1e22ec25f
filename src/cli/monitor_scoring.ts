import { MINUTE_MS } from "../core/mod.ts";
import type { DayBlocks } from "../ml/evaluation/block_bootstrap.ts";
import type { RowLosses } from "../ml/evaluation/scores.ts";
import type { OutcomeRows, Scoring } from "../monitoring/mod.ts";

/** Days of a block of the intervals, where there are so many that blocks of days suffice (evaluation section 5). */
const BLOCK_DAYS = 5;

/** The scores of `track`, for forecasts that were served: the same rows, labels, losses and intervals. */
export async function liveScoring(): Promise<Scoring> {
  const [{ computeLabels, MinuteGrid }, { CLOSES_NEEDED }, { compareForecasts }, metrics, losses, blocks] =
    await Promise
      .all([
        import("../ml/mod.ts"),
        import("../ml/labels/mod.ts"),
        import("../ml/evaluation/compare_forecasts.ts"),
        import("../ml/evaluation/evaluation_metrics.ts"),
        import("../ml/evaluation/scores.ts"),
        import("../ml/evaluation/block_bootstrap.ts"),
      ]);
  /** Intervals of the model's own losses, by the rows that their levels are of. */
  const lossIntervals = (
    { decisionTimeMs, horizonMinutes }: OutcomeRows,
    { qlike, logLoss, pinball }: RowLosses,
    days: DayBlocks,
  ) => {
    const stepMs = horizonMinutes * MINUTE_MS;
    const apart = qlike?.map((loss, row) => decisionTimeMs[row]! % stepMs === 0 ? loss : NaN);
    return Object.fromEntries(
      Object.entries({ qlike: apart, log_loss: logLoss, pinball }).flatMap(([name, values]) => {
        if (values === undefined) return [];
        const { low, high } = blocks.bootstrapMean(days.totals((row) => values[row]!));
        return [[`${name}_low`, low], [`${name}_high`, high]];
      }),
    );
  };
  return {
    contextMinutes: CLOSES_NEEDED,
    outcomes(candles, decisionTimeMs, horizonMinutes) {
      const { returnBps, realizedVarianceBps2, scorable } = computeLabels(new MinuteGrid(candles), decisionTimeMs, {
        horizonMinutes,
      });
      const scored = (values: Float32Array) => values.map((value, row) => scorable[row] === 1 ? value : NaN);
      return { returnBps: scored(returnBps), realizedVarianceBps2: scored(realizedVarianceBps2) };
    },
    metrics(rows, model, baselines, { intervals }) {
      const days = new blocks.DayBlocks(rows.decisionTimeMs, { days: 1 }).count;
      const blockDays = blocks.shortTestBlockDays(days, BLOCK_DAYS), own = losses.rowLosses(rows, model);
      const comparison = compareForecasts(rows, { model, baselines }, {
        ...{ blockDays, losses: own },
        ...(intervals ? {} : { resamples: 1 }),
      });
      const found = Object.entries({
        ...metrics.comparisonMetrics(comparison),
        ...(intervals ? lossIntervals(rows, own, new blocks.DayBlocks(rows.decisionTimeMs, { days: blockDays })) : {}),
      });
      // Of a few rows some scores cannot be told, as the area under the curve of one outcome alone.
      return Object.fromEntries(
        found.filter(([name, value]) => Number.isFinite(value) && (intervals || !/_(low|high)$/.test(name))),
      );
    },
  };
}

/** Whether a feature is told by the clock alone. */
export function isCalendarFeature(name: string): boolean {
  return /^((day|week)_(sin|cos)|hour_of_day|day_of_week)$/.test(name);
}
