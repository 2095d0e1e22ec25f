import type { FeatureMatrix } from "../../core/mod.ts";
import type { Labels } from "../labels/labels.ts";
import type { HarLine } from "./forecast_spec.ts";
import { harDesign, lineLogVariance, regressVarianceLine, type VarianceRegression } from "./variance_line.ts";

export { columnOf, harMinutes } from "./variance_line.ts";

/** The log-HAR line with what it was made of. */
export type HarRegression = VarianceRegression;

/** The line of {@linkcode regressHar}. */
export function fitHar(features: FeatureMatrix, labels: Labels, rows: Int32Array): HarLine {
  return regressHar(features, labels, rows).line;
}

/**
 * Fits log-HAR (Corsi 2009) to the variance of the labels.
 *
 * @param rows Ascending.
 */
export function regressHar(features: FeatureMatrix, labels: Labels, rows: Int32Array): HarRegression {
  return regressVarianceLine(features, labels, rows, harDesign(labels.horizonMinutes));
}

/** ln σ² of rows by a fitted line. */
export function harLogVariance(line: HarLine, features: FeatureMatrix, rows: Int32Array): Float64Array {
  return lineLogVariance(line, features, rows);
}
