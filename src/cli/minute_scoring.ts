import type { MinuteScoring } from "../api/mod.ts";

/** The labels and losses of `track`, for the minutes that the service forecasts. */
export async function minuteScoring(): Promise<MinuteScoring> {
  const [{ computeLabels }, { MinuteGrid }, { coveredRows, rowLosses }] = await Promise.all([
    import("../ml/labels/labels.ts"),
    import("../ml/features/minute_grid.ts"),
    import("../ml/evaluation/scores.ts"),
  ]);
  return {
    outcomes(candles, decisionTimeMs, horizonMinutes) {
      const labels = computeLabels(new MinuteGrid(candles), decisionTimeMs, { horizonMinutes });
      const { returnBps, realizedVarianceBps2 } = labels;
      return { horizonMinutes, decisionTimeMs, returnBps, realizedVarianceBps2 };
    },
    losses(outcomes, forecasts) {
      const rows = { ...outcomes, length: forecasts.length };
      const { logLoss, qlike } = rowLosses(rows, forecasts);
      return { logLoss: logLoss!, qlike: qlike!, covered90: coveredRows(rows, forecasts.quantilesBps, 0.05, 0.95) };
    },
  };
}
