import { QUANTILE_LEVELS } from "../../core/mod.ts";
import type { Dataset } from "../dataset.ts";
import type { Forecasts } from "../evaluation/test_rows.ts";
import type { Labels, Split } from "../labels/mod.ts";
import { standardizedQuantiles } from "../models/plain_models.ts";
import { fitVarianceLine, lineLogVariance, type VarianceLineDesign, withScales } from "../models/variance_line.ts";

/** Volatility and quantiles of a variance line for the test rows, fitted on the training span (evaluation section 3). */
export function lineForecasts(
  { grid, features, labels }: Dataset,
  { trainingSpan, test }: Pick<Split, "trainingSpan" | "test">,
  design: VarianceLineDesign,
): Forecasts {
  const inputs = withScales(features, grid, design.scaleMinutes);
  const line = fitVarianceLine(inputs, labels, trainingSpan, design);
  const known = { rows: trainingSpan, logVariance: lineLogVariance(line, inputs, trainingSpan) };
  return varianceForecasts(labels, known, lineLogVariance(line, inputs, test));
}

/** σ and σ × the training quantiles of r/σ, from ln σ² of training rows and of the rows to forecast. */
export function varianceForecasts(
  labels: Labels,
  training: { readonly rows: Int32Array; readonly logVariance: Float64Array },
  logVariance: Float64Array,
): Forecasts {
  const quantiles = standardizedQuantiles(labels.returnBps, training.rows, training.logVariance);
  const volatilityBps = Float32Array.from(logVariance, (value) => Math.exp(value / 2)), levels = QUANTILE_LEVELS.length;
  const quantilesBps = new Float32Array(logVariance.length * levels);
  for (let i = 0; i < logVariance.length; i++) {
    for (let level = 0; level < levels; level++) {
      quantilesBps[i * levels + level] = volatilityBps[i]! * quantiles[level]!;
    }
  }
  return { volatilityBps, quantilesBps };
}
