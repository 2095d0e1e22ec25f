import type { FeatureReferences, Scoring } from "../monitoring/mod.ts";
import type { ModelRegistry } from "../core/mod.ts";
import { isDomainError } from "../core/mod.ts";

/** Minutes before a decision time that EWMA is warmed on: a week at 15 minutes is 670 updates. */
const CONTEXT_MINUTES = 7 * 1440;
/** Live rows are few at first, so a block of the intervals is a day (evaluation section 4, quick runs). */
const BLOCK_DAYS = 1;

/** The scores of `track`, for forecasts that were served: the same labels, losses, baseline and intervals. */
export async function liveScoring(): Promise<Scoring> {
  const [
    { computeLabels, MinuteGrid },
    { compareForecasts },
    { comparisonMetrics },
    { rowLosses },
    bootstrap,
    { ewmaVariance },
  ] = await Promise.all([
    import("../ml/mod.ts"),
    import("../ml/evaluation/compare_forecasts.ts"),
    import("../ml/evaluation/evaluation_metrics.ts"),
    import("../ml/evaluation/scores.ts"),
    import("../ml/evaluation/block_bootstrap.ts"),
    import("../ml/models/ewma.ts"),
  ]);
  return {
    contextMinutes: CONTEXT_MINUTES,
    outcomes: (candles, decisionTimeMs, horizonMinutes) =>
      computeLabels(new MinuteGrid(candles), decisionTimeMs, { horizonMinutes }),
    metrics(rows, forecasts, candles, { intervals }) {
      const { horizonMinutes, decisionTimeMs } = rows;
      const variance = ewmaVariance(new MinuteGrid(candles), decisionTimeMs, { horizonMinutes });
      // A baseline that cannot answer every row is left out: losses are compared on the same rows only.
      const baselines = variance.every((value) => value > 0)
        ? { ewma: { volatilityBps: Float32Array.from(variance, Math.sqrt) } }
        : {};
      const comparison = compareForecasts(rows, { model: forecasts, baselines }, {
        blockDays: BLOCK_DAYS,
        ...(intervals ? {} : { resamples: 1 }),
      });
      const { logLoss } = rowLosses(rows, forecasts);
      const blocks = new bootstrap.DayBlocks(decisionTimeMs, { days: BLOCK_DAYS });
      const coin = bootstrap.bootstrapMean(blocks.totals((row) => Math.LN2 - logLoss![row]!), {
        resamples: intervals ? 2000 : 1,
      });
      const metrics: Record<string, number> = {
        ...comparisonMetrics(comparison),
        baseline_coin_log_loss: Math.LN2,
        log_loss_gain_coin: coin.mean,
        log_loss_gain_coin_low: coin.low,
        log_loss_gain_coin_high: coin.high,
      };
      if (intervals) return metrics;
      return Object.fromEntries(Object.entries(metrics).filter(([name]) => !/_(low|high)$/.test(name)));
    },
  };
}

/** Shapes of the features that a version was trained on, from its `forecast.json`. */
export function referencesFrom(
  registry: Pick<ModelRegistry, "readModelFile">,
): (name: string, version: string) => Promise<FeatureReferences | undefined> {
  return async (name, version) => {
    const { decodeForecastJson } = await import("../ml/models/forecast_json.ts");
    try {
      const bytes = await registry.readModelFile(name, version, "forecast.json");
      const { featureNames, referenceHistograms } = decodeForecastJson(new TextDecoder().decode(bytes)).spec;
      return { featureNames, shapes: referenceHistograms };
    } catch (error) {
      // A version that was deleted or damaged since then has nothing to compare with.
      if (isDomainError(error, "not-found", "model-invalid")) return undefined;
      throw error;
    }
  };
}

/** Whether a feature is told by the clock alone. */
export function isCalendarFeature(name: string): boolean {
  return /^((day|week)_(sin|cos)|hour_of_day|day_of_week)$/.test(name);
}
