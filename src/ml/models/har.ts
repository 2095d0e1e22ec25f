import { DAY_MS, type FeatureMatrix } from "../../core/mod.ts";
import { varianceFloor } from "../evaluation/losses.ts";
import type { Labels } from "../labels/labels.ts";
import type { LinearFit } from "../linear/covariance.ts";
import { fitRidge } from "../linear/ridge.ts";
import { type HarLine, RV_FLOOR_BPS2 } from "./forecast_spec.ts";

/** Looks back over what a scored row always has. */
const HAR_FALLBACK = "rv_60";

/** Look-backs in minutes of the log-HAR line of a horizon, short to long (evaluation section 3). */
export function harMinutes(horizonMinutes: number): readonly number[] {
  if (horizonMinutes === 1440) return [240, 1440, 7200, 10_080, 31_680];
  return [...new Set([horizonMinutes, 60, 240, 1440, 10_080])].sort((a, b) => a - b);
}

/** The features that the log-HAR line of a horizon reads. */
function harFeatures(horizonMinutes: number): readonly string[] {
  return harMinutes(horizonMinutes).map((minutes) => `rv_${minutes}`);
}

/** The log-HAR line with what it was made of. */
export interface HarRegression {
  readonly line: HarLine;
  /** Least squares, with the standard errors of rows that depend on each other within a UTC day, as labels overlap. */
  readonly fit: LinearFit;
  /** Mean of exp(residual): the line's intercept is that of the fit + ln of it. */
  readonly smearing: number;
}

/** The line of {@linkcode regressHar}. */
export function fitHar(features: FeatureMatrix, labels: Labels, rows: Int32Array): HarLine {
  return regressHar(features, labels, rows).line;
}

/**
 * Fits log-HAR (Corsi 2009): least squares of ln max(RV, floor) on the logs of past mean squared returns; the level is
 * then moved by Duan's smearing (the mean of exp(residual)), so that σ² forecasts the mean and not the median.
 *
 * @param rows Ascending.
 */
export function regressHar(features: FeatureMatrix, labels: Labels, rows: Int32Array): HarRegression {
  const names = harFeatures(labels.horizonMinutes);
  const columns = names.map((name) => columnOf(features, name)), fallback = columnOf(features, HAR_FALLBACK);
  const floor = varianceFloor(labels.horizonMinutes);
  const target = (row: number) => Math.log(Math.max(labels.realizedVarianceBps2[row]!, floor));
  const inputs = new Float64Array(names.length);
  const fill = (row: number) => {
    logScales(columns, fallback, row, inputs);
    return inputs;
  };
  const clusterOf = (row: number) => Math.floor(features.decisionTimeMs[row]! / DAY_MS);
  const fit = fitRidge({ rows, names, inputsOf: fill, targetOf: target, clusterOf }), { intercept, coefficients } = fit;
  let sum = 0;
  for (const row of rows) {
    fill(row);
    let line = intercept;
    for (let j = 0; j < inputs.length; j++) line += coefficients[j]! * inputs[j]!;
    sum += Math.exp(target(row) - line);
  }
  const smearing = sum / rows.length;
  const line = {
    ...{ features: names, fallback: HAR_FALLBACK },
    ...{ intercept: intercept + Math.log(smearing), coefficients: [...coefficients] },
  };
  return { line, fit, smearing };
}

/** ln σ² of rows by a fitted line. */
export function harLogVariance(line: HarLine, features: FeatureMatrix, rows: Int32Array): Float64Array {
  const columns = line.features.map((name) => columnOf(features, name));
  const fallback = columnOf(features, line.fallback);
  const inputs = new Float64Array(columns.length), out = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    logScales(columns, fallback, rows[i]!, inputs);
    let sum = line.intercept;
    for (let j = 0; j < inputs.length; j++) sum += line.coefficients[j]! * inputs[j]!;
    out[i] = sum;
  }
  return out;
}

/** Column of a feature. @throws {RangeError} if the matrix lacks it. */
export function columnOf(features: FeatureMatrix, name: string): Float32Array {
  const at = features.names.indexOf(name);
  if (at < 0) throw new RangeError(`Cannot find feature '${name}' among: ${features.names.join(", ")}`);
  return features.columns[at]!;
}

function logScales(columns: readonly Float32Array[], fallback: Float32Array, row: number, out: Float64Array): void {
  let value = fallback[row]!;
  for (let j = 0; j < columns.length; j++) {
    const own = columns[j]![row]!;
    if (!Number.isNaN(own)) value = own;
    out[j] = Math.log(Math.max(value, RV_FLOOR_BPS2));
  }
}
