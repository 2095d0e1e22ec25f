import { DAY_MS } from "../../core/mod.ts";
import type { Dataset } from "../dataset.ts";
import { everyNthMinute, type Split } from "../labels/mod.ts";
import type { LinearFit } from "../linear/covariance.ts";
import { fitLogistic } from "../linear/logistic.ts";
import type { LinearRows } from "../linear/normal_equations.ts";
import { fitRidge } from "../linear/ridge.ts";
import { fitScaler, Scaler } from "../models/scaler.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import {
  bounded,
  calibratedModel,
  fitPlainLines,
  movedRows,
  shrinkCorrection,
  shrinkDirection,
} from "./calibrated_model.ts";
import { requireTrainable } from "./require_trainable.ts";

/** How the lines of both heads are fitted. */
export interface LinearOptions {
  /** Training rows are those of every n-th minute: neighbours overlap almost wholly. */
  readonly everyMinutes: number;
  /** Penalty of the squared standardised coefficients, see `fitLogistic` and `fitRidge`. */
  readonly l2: { readonly direction: number; readonly volatility: number };
  /** Largest |ln σ² − HAR|. */
  readonly correctionBound: number;
}

/** A fitted model with the lines in it. */
export interface FittedLinear {
  readonly model: SpecForecastModel;
  /** What the weights of a line belong to: scaled features, then flags of missing ones. */
  readonly inputNames: readonly string[];
  readonly lines: Readonly<Record<"direction" | "volatility", LinearFit>>;
  readonly shrink: Readonly<Record<"direction" | "volatility", number>>;
}

/**
 * Fits a logistic line beside the sign cells on rows that moved, and a ridge line on ln max(RV, floor) − log-HAR, both
 * over the inputs of the networks (scaled, missing ones imputed and flagged); shrinks and calibrates them on
 * `split.validation` as the trees are. Standard errors are by days, as labels overlap and markets have moods.
 *
 * @throws {DomainError} `input-invalid` where a feature or the labels cannot be learnt from.
 */
export function fitLinear(dataset: Dataset, split: Split, options: LinearOptions): FittedLinear {
  requireTrainable(dataset, split.train);
  const { features, labels, nullable } = dataset, { correctionBound, l2 } = options;
  const rows = everyNthMinute(split.train, features.decisionTimeMs, { minutes: options.everyMinutes });
  const lines = fitPlainLines(dataset, split);
  const scalerSpec = fitScaler(features, split.train), scaler = new Scaler(scalerSpec, nullable);
  const flagged = features.names.filter((_, j) => nullable[j]);
  const inputNames = [...features.names, ...flagged.map((name) => `${name} is missing`)];
  const inputs = new Float64Array(scaler.width);
  let at = 0;
  const valueAt = (feature: number) => features.columns[feature]![at]!;
  const inputsOf = (row: number) => {
    at = row;
    scaler.write(valueAt, inputs, 0);
    return inputs;
  };
  const problem = (of: Int32Array, targetOf: LinearRows["targetOf"]): LinearRows => ({
    ...{ rows: of, names: inputNames, inputsOf, targetOf },
    clusterOf: (row) => Math.floor(features.decisionTimeMs[row]! / DAY_MS),
  });
  const scores = ({ coefficients }: LinearFit, intercept: number, of: Int32Array) =>
    Float64Array.from(of, (row) => {
      inputsOf(row);
      return coefficients.reduce((sum, weight, j) => sum + weight * inputs[j]!, intercept);
    });

  const moved = movedRows(dataset, rows), offsetOf = byRow(moved, lines.cellLogits(moved));
  const isUp = (row: number) => Number(labels.returnBps[row]! > 0);
  const direction = fitLogistic({ ...problem(moved, isUp), offsetOf }, { l2: l2.direction });
  const residualOf = byRow(rows, lines.logVarianceResiduals(rows));
  const volatility = fitRidge(problem(rows, residualOf), { l2: l2.volatility });

  const directionScores = scores(direction, direction.intercept, split.validation);
  const shrink = shrinkDirection(dataset, split, lines, directionScores);
  // Without its intercept, in whose place the level of the HAR line is fitted again.
  const correction = shrinkCorrection(dataset, split, lines, {
    rows,
    fitted: bounded(correctionBound, scores(volatility, 0, rows)),
    validation: bounded(correctionBound, scores(volatility, 0, split.validation)),
  });
  const model = calibratedModel(dataset, split, {
    family: "linear",
    scaler: scalerSpec,
    direction: {
      kind: "sign-linear",
      ...{ shrink, intercept: direction.intercept, weights: [...direction.coefficients] },
      ...lines.cells,
    },
    volatility: {
      kind: "har-linear",
      ...{ bound: correctionBound, shrink: correction.shrink, weights: [...volatility.coefficients] },
      ...correction.line,
    },
    parts: {},
  }, rows);
  return {
    model,
    inputNames,
    lines: { direction, volatility },
    shrink: { direction: shrink, volatility: correction.shrink },
  };
}

/** Values by row number; rows ascend. */
function byRow(rows: Int32Array, values: Float64Array): (row: number) => number {
  const valueOf = new Float64Array(rows.at(-1)! + 1);
  rows.forEach((row, i) => valueOf[row] = values[i]!);
  return (row) => valueOf[row]!;
}
