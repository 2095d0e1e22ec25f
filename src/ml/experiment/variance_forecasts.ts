import type { Dataset } from "../dataset.ts";
import type { ScaledForecasts } from "../evaluation/test_rows.ts";
import type { Labels, Split } from "../labels/mod.ts";
import { standardizedQuantiles } from "../models/plain_models.ts";
import { fitVarianceLine, lineLogVariance, type VarianceLineDesign, withScales } from "../models/variance_line.ts";

/** Volatility and quantiles of a variance line for the test rows, fitted on the training span (evaluation section 3). */
export function lineForecasts(
  { grid, features, labels }: Dataset,
  { trainingSpan, test }: Pick<Split, "trainingSpan" | "test">,
  design: VarianceLineDesign,
): ScaledForecasts {
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
): ScaledForecasts {
  const quantiles = standardizedQuantiles(labels.returnBps, training.rows, training.logVariance);
  return {
    volatilityBps: Float32Array.from(logVariance, (value) => Math.exp(value / 2)),
    standardizedQuantiles: quantiles,
  };
}
