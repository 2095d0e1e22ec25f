import { DAY_MS, type FeatureMatrix, MINUTE_MS } from "../../core/mod.ts";
import { varianceFloor } from "../evaluation/losses.ts";
import { realizedVariance } from "../features/indicators.ts";
import type { MinuteGrid } from "../features/mod.ts";
import type { Labels } from "../labels/labels.ts";
import type { LinearFit } from "../linear/covariance.ts";
import { fitGamma } from "../linear/gamma.ts";
import type { LinearRows } from "../linear/normal_equations.ts";
import { fitRidge } from "../linear/ridge.ts";
import { type HarLine, RV_FLOOR_BPS2 } from "./forecast_spec.ts";

/** What a line of ln σ² reads and how it is fitted. */
export interface VarianceLineDesign {
  /** Look-backs in minutes of mean squared returns, short to long. */
  readonly scaleMinutes: readonly number[];
  /** A level for each hour of the UTC day. */
  readonly hourOfDay: boolean;
  /** A level for each day of the UTC week. */
  readonly dayOfWeek: boolean;
  /** Least squares of ln RV with Duan's smearing, or gamma regression of RV with log link. */
  readonly estimator: "log-least-squares" | "gamma";
}

/** A line of ln σ² with what it was made of. */
export interface VarianceRegression {
  readonly line: HarLine;
  /** With the standard errors of rows that depend on each other within a UTC day, as labels overlap. */
  readonly fit: LinearFit;
  /** Mean of exp(residual), 1 for a line of the mean: the line's intercept is that of the fit + ln of it. */
  readonly smearing: number;
}

/** Looks back over what a scored row always has. */
const FALLBACK = "rv_60";
const HOURS = 24, WEEKDAYS = 7;
/** The epoch began on a Thursday. */
const EPOCH_WEEKDAY = 3;

/** Look-backs in minutes of the log-HAR line of a horizon, short to long (evaluation section 3). */
export function harMinutes(horizonMinutes: number): readonly number[] {
  if (horizonMinutes === 1440) return [240, 1440, 7200, 10_080, 31_680];
  return ascending([horizonMinutes, 60, 240, 1440, 10_080]);
}

/** Log-HAR: volatility over several spans (Corsi 2009). */
export function harDesign(horizonMinutes: number): VarianceLineDesign {
  return {
    scaleMinutes: harMinutes(horizonMinutes),
    hourOfDay: false,
    dayOfWeek: false,
    estimator: "log-least-squares",
  };
}

/** Log-HAR with a level for each hour of the day. */
export function harDiurnalDesign(horizonMinutes: number): VarianceLineDesign {
  return { ...harDesign(horizonMinutes), hourOfDay: true };
}

/** HAR-X, the fullest plain line: log-HAR, 5 and 30 minutes, hour of day and day of week; gamma regression at 1 minute. */
export function harXDesign(horizonMinutes: number): VarianceLineDesign {
  return {
    scaleMinutes: ascending([...harMinutes(horizonMinutes), 5, 30]),
    hourOfDay: true,
    dayOfWeek: true,
    estimator: horizonMinutes === 1 ? "gamma" : "log-least-squares",
  };
}

/** The features with the mean squared returns of these look-backs beside them, where they are not among them. */
export function withScales(features: FeatureMatrix, grid: MinuteGrid, minutes: readonly number[]): FeatureMatrix {
  const missing = minutes.map(realizedVariance).filter(({ name }) => !features.names.includes(name));
  if (missing.length === 0) return features;
  const ends = Int32Array.from(features.decisionTimeMs, (ms) => grid.indexAt(ms));
  return {
    ...features,
    names: [...features.names, ...missing.map(({ name }) => name)],
    columns: [...features.columns, ...missing.map((indicator) => indicator.compute(grid, { ends }))],
  };
}

/** The line of {@linkcode regressVarianceLine}. */
export function fitVarianceLine(
  features: FeatureMatrix,
  labels: Labels,
  rows: Int32Array,
  design: VarianceLineDesign,
): HarLine {
  return regressVarianceLine(features, labels, rows, design).line;
}

/**
 * Fits a line of ln σ² to max(RV, floor). A least-squares line of the logarithm gets its level by Duan's smearing (the mean
 * of exp(residual)), so that σ² forecasts the mean and not the median; a gamma line is of the mean already.
 *
 * @param rows Ascending.
 * @throws {RangeError} if the features lack a scale.
 * @throws {DomainError} `input-invalid` where the rows are not more than the coefficients.
 */
export function regressVarianceLine(
  features: FeatureMatrix,
  labels: Labels,
  rows: Int32Array,
  design: VarianceLineDesign,
): VarianceRegression {
  const scales = design.scaleMinutes.map((minutes) => `rv_${minutes}`);
  const inputs = lineInputs(features, { ...design, features: scales, fallback: FALLBACK });
  const floor = varianceFloor(labels.horizonMinutes);
  const problem: LinearRows = {
    rows,
    names: inputs.names,
    inputsOf: inputs.of,
    targetOf: (row) => Math.max(labels.realizedVarianceBps2[row]!, floor),
    clusterOf: (row) => Math.floor(features.decisionTimeMs[row]! / DAY_MS),
  };
  const { fit, smearing } = design.estimator === "gamma"
      ? { fit: fitGamma(problem), smearing: 1 }
      : smearedLine(problem),
    { coefficients } = fit;
  const hours = scales.length, weekdays = hours + (design.hourOfDay ? HOURS - 1 : 0);
  const line = {
    features: scales,
    fallback: FALLBACK,
    intercept: fit.intercept + Math.log(smearing),
    coefficients: [...coefficients.subarray(0, hours)],
    ...(design.hourOfDay ? { hourLevels: [0, ...coefficients.subarray(hours, weekdays)] } : {}),
    ...(design.dayOfWeek ? { weekdayLevels: [0, ...coefficients.subarray(weekdays)] } : {}),
  };
  return { line, fit, smearing };
}

/** Least squares of the logarithm, and what moves its level to the mean of what the logarithm is of. */
function smearedLine(problem: LinearRows): Pick<VarianceRegression, "fit" | "smearing"> {
  const targetOf = (row: number) => Math.log(problem.targetOf(row));
  const fit = fitRidge({ ...problem, targetOf });
  let sum = 0;
  for (const row of problem.rows) {
    sum += Math.exp(targetOf(row) - lineAt(fit.intercept, fit.coefficients, problem.inputsOf(row)));
  }
  return { fit, smearing: sum / problem.rows.length };
}

/** ln σ² of rows by a fitted line. */
export function lineLogVariance(line: HarLine, features: FeatureMatrix, rows: Int32Array): Float64Array {
  const inputs = lineInputs(features, {
    ...line,
    hourOfDay: line.hourLevels !== undefined,
    dayOfWeek: line.weekdayLevels !== undefined,
  });
  const coefficients = Float64Array.from([
    ...line.coefficients,
    ...line.hourLevels?.slice(1) ?? [],
    ...line.weekdayLevels?.slice(1) ?? [],
  ]);
  return Float64Array.from(rows, (row) => lineAt(line.intercept, coefficients, inputs.of(row)));
}

/** Column of a feature. @throws {RangeError} if the matrix lacks it. */
export function columnOf(features: FeatureMatrix, name: string): Float32Array {
  const at = features.names.indexOf(name);
  if (at < 0) throw new RangeError(`Cannot find feature '${name}' among: ${features.names.join(", ")}`);
  return features.columns[at]!;
}

interface LineInputs {
  readonly names: readonly string[];
  /** Regressors of a row; the array is reused. */
  of(row: number): Float64Array;
}

function lineInputs(
  features: FeatureMatrix,
  { features: scales, fallback, hourOfDay, dayOfWeek }:
    & Pick<HarLine, "features" | "fallback">
    & Pick<VarianceLineDesign, "hourOfDay" | "dayOfWeek">,
): LineInputs {
  const columns = scales.map((name) => columnOf(features, name)), shortest = columnOf(features, fallback);
  const names = [...scales];
  if (hourOfDay) { for (let hour = 1; hour < HOURS; hour++) names.push(`hour_${hour}`); }
  if (dayOfWeek) { for (let day = 1; day < WEEKDAYS; day++) names.push(`weekday_${day}`); }
  const inputs = new Float64Array(names.length);
  const of = (row: number) => {
    inputs.fill(0, columns.length);
    // A missing scale takes the value of the next shorter.
    let value = shortest[row]!;
    for (let j = 0; j < columns.length; j++) {
      const own = columns[j]![row]!;
      if (!Number.isNaN(own)) value = own;
      inputs[j] = Math.log(Math.max(value, RV_FLOOR_BPS2));
    }
    const ms = features.decisionTimeMs[row]!;
    // The first of each has no column: its level is the intercept.
    let before = columns.length - 1;
    if (hourOfDay) {
      const hour = Math.floor(ms % DAY_MS / (60 * MINUTE_MS));
      if (hour > 0) inputs[before + hour] = 1;
      before += HOURS - 1;
    }
    if (dayOfWeek) {
      const day = (Math.floor(ms / DAY_MS) + EPOCH_WEEKDAY) % WEEKDAYS;
      if (day > 0) inputs[before + day] = 1;
    }
    return inputs;
  };
  return { names, of };
}

function lineAt(intercept: number, coefficients: Float64Array, inputs: Float64Array): number {
  let sum = intercept;
  for (let j = 0; j < inputs.length; j++) sum += coefficients[j]! * inputs[j]!;
  return sum;
}

function ascending(minutes: readonly number[]): number[] {
  return [...new Set(minutes)].sort((a, b) => a - b);
}
