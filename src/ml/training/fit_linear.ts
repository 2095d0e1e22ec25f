import type { Dataset } from "../dataset.ts";
import { everyNthMinute, type Split } from "../labels/mod.ts";
import type { LinearFit } from "../linear/covariance.ts";
import { fitRidge } from "../linear/ridge.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { bounded, calibratedModel, shrinkCorrection } from "./calibrated_model.ts";
import { fitInputScaler, fitPlainLines, fittedInputs, lineProblem } from "./plain_lines.ts";
import { requireTrainable } from "./require_trainable.ts";

/** How the lines of both heads are fitted. */
export interface LinearOptions {
  /** Training rows are those of every n-th minute: neighbours overlap almost wholly. */
  readonly everyMinutes: number;
  /**
   * Penalties of the squared standardised coefficients, see `fitRidge`; that of the direction is a minute of the horizon's,
   * see `LogisticLineOptions`.
   */
  readonly l2: { readonly direction: number; readonly volatility: number };
  /** Largest |ln σ² − HAR|. */
  readonly correctionBound: number;
}

/** A fitted model with the lines in it. */
export interface FittedLinear {
  readonly model: SpecForecastModel;
  /** What the weights of a line belong to: scaled features, then flags of missing ones. */
  readonly inputNames: readonly string[];
  readonly lines: {
    /** Undefined where there are too few labels for one. */
    readonly direction: LinearFit | undefined;
    readonly volatility: LinearFit;
  };
  readonly shrink: Readonly<Record<"direction" | "volatility", number>>;
}

/**
 * Fits the plain lines with a logistic one in the place of the sign cells, and a ridge line on ln max(RV, floor) − HAR, over
 * the inputs of the networks (scaled, missing ones imputed and flagged); shrinks and calibrates them on `split.validation`
 * as the trees are. Standard errors are by days, as labels overlap and markets have moods.
 *
 * @throws {DomainError} `input-invalid` where a feature or the labels cannot be learnt from.
 */
export function fitLinear(dataset: Dataset, split: Split, options: LinearOptions): FittedLinear {
  requireTrainable(dataset, split.train);
  const { correctionBound, l2, everyMinutes } = options;
  const rows = everyNthMinute(split.train, dataset.features.decisionTimeMs, { minutes: everyMinutes });
  const inputs = fittedInputs(dataset, fitInputScaler(dataset, split.train));
  const lines = fitPlainLines(dataset, split, {
    inputs,
    options: { everyMinutes, l2: l2.direction },
    hasErrors: true,
  });
  const volatility = fitRidge(lineProblem(dataset, inputs, rows, byRow(rows, lines.logVarianceResiduals(rows))), {
    l2: l2.volatility,
  });
  // Without its intercept, in whose place the level of the HAR line is fitted again.
  const corrections = (of: Int32Array) => {
    const sums = Float64Array.from(of, (row) => {
      const values = inputs.of(row);
      return volatility.coefficients.reduce((sum, weight, j) => sum + weight * values[j]!, 0);
    });
    return bounded(correctionBound, sums);
  };
  const correction = shrinkCorrection(dataset, split, lines, {
    rows,
    fitted: corrections(rows),
    validation: corrections(split.validation),
  });
  const { line, ...cells } = lines.direction;
  const model = calibratedModel(dataset, split, {
    family: "linear",
    scaler: inputs.spec,
    direction: line === undefined ? { kind: "sign", ...cells } : { kind: "line", ...cells, line },
    volatility: {
      kind: "har-linear",
      ...{ bound: correctionBound, weights: [...volatility.coefficients] },
      ...correction,
      ...lines.har,
    },
    parts: {},
    served: lines.served,
  }, rows);
  return {
    model,
    inputNames: inputs.names,
    lines: { direction: lines.logistic, volatility },
    shrink: { direction: line?.share ?? 0, volatility: correction.shrink },
  };
}

/** Values by row number; rows ascend. */
function byRow(rows: Int32Array, values: Float64Array): (row: number) => number {
  const valueOf = new Float64Array(rows.at(-1)! + 1);
  rows.forEach((row, i) => valueOf[row] = values[i]!);
  return (row) => valueOf[row]!;
}
