import type { Dataset } from "../dataset.ts";
import { logLoss, qlike, varianceFloor } from "../evaluation/losses.ts";
import { type Importance, permutationImportance } from "../evaluation/permutation_importance.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";

/** Few enough to take about a second, many enough to rank the features that matter; networks cost more a row than trees. */
const PLANS = { trees: { most: 2000, repeats: 2 }, networks: { most: 500, repeats: 1 } } as const;

/**
 * How much log-loss and QLIKE rise where a feature's values are dealt out anew, on rows spread over the given ones: of
 * the whole forecast, its plain lines included.
 *
 * @param rows Rows that weights were not fitted on.
 */
export function forecastImportance(
  model: SpecForecastModel,
  { features, labels }: Dataset,
  rows: Int32Array,
): Readonly<Record<"logLoss" | "qlike", Importance[]>> {
  const { most, repeats } = model.parts.networks === undefined ? PLANS.trees : PLANS.networks;
  const names = features.names, width = names.length, count = Math.min(most, rows.length);
  const chosen = Int32Array.from({ length: count }, (_, i) => rows[Math.floor(i * rows.length / count)]!);
  const matrix = new Float32Array(count * width);
  chosen.forEach((row, i) => features.columns.forEach((column, j) => matrix[i * width + j] = column[row]!));
  const floor = varianceFloor(labels.horizonMinutes);
  const scoresOf = (permuted: Float32Array) => {
    const { probabilityUp, volatilityBps } = model.predict(permuted, count);
    let direction = 0, volatility = 0, moved = 0;
    chosen.forEach((row, i) => {
      volatility += qlike(labels.realizedVarianceBps2[row]!, volatilityBps[i]! ** 2, floor);
      if (labels.returnBps[row] === 0) return;
      direction += logLoss(probabilityUp[i]!, labels.returnBps[row]! > 0);
      moved++;
    });
    return { logLoss: -direction / Math.max(1, moved), qlike: -volatility / count };
  };
  return permutationImportance(names, matrix, { scoresOf, repeats });
}
