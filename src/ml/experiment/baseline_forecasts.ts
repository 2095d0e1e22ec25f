import type { Dataset } from "../dataset.ts";
import type { Baseline } from "../evaluation/baselines.ts";
import type { Forecasts, ScaledForecasts } from "../evaluation/test_rows.ts";
import type { Split } from "../labels/mod.ts";
import { ewmaVariance } from "../models/ewma.ts";
import type { ForecastSpec, TrainingRanges } from "../models/forecast_spec.ts";
import { fitPlainModel } from "../models/plain_models.ts";
import { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { harDesign } from "../models/variance_line.ts";
import { lineForecasts, varianceForecasts } from "./variance_forecasts.ts";

/** What a baseline says of test rows; an output that it does not claim is absent. */
export type BaselineForecasts = Pick<Forecasts, "probabilityUp"> | ScaledForecasts;

/**
 * What the baselines of evaluation section 3 but the lines of many inputs forecast for the test rows, fitted on the whole
 * training span.
 */
export function baselineForecasts(
  dataset: Dataset,
  split: Split,
  ranges: TrainingRanges,
): Record<Exclude<Baseline, "har_diurnal" | "har_x">, BaselineForecasts> {
  const climatology = fitPlainModel("climatology", dataset, split.trainingSpan, ranges);
  const contrarian = fitPlainModel("contrarian", dataset, split.trainingSpan, ranges);
  const predict = (spec: ForecastSpec) =>
    new SpecForecastModel(spec).predictColumns(dataset.features.columns, split.test);
  const { probabilityUp, volatilityBps } = predict(climatology), { quantiles } = climatology.heads;
  if (quantiles.kind !== "standardized") throw new RangeError(`Cannot scale quantiles of kind '${quantiles.kind}'`);
  return {
    climatology: { probabilityUp, volatilityBps, standardizedQuantiles: quantiles.values },
    contrarian: { probabilityUp: predict(contrarian).probabilityUp },
    ewma: ewmaForecasts(dataset, split),
    har: lineForecasts(dataset, split, harDesign(dataset.labels.horizonMinutes)),
  };
}

function ewmaForecasts({ grid, features, labels }: Dataset, { trainingSpan, test }: Split): ScaledForecasts {
  const variance = ewmaVariance(grid, features.decisionTimeMs, labels);
  // A flat market drives the average to 0, where QLIKE has no value: the floor of a single price tick a minute.
  const floored = (row: number) => Math.max(variance[row]!, labels.horizonMinutes * 1e-4);
  const known = trainingSpan.filter((row) => !Number.isNaN(variance[row]!));
  const logVariance = (rows: Int32Array) => Float64Array.from(rows, (row) => Math.log(floored(row)));
  return varianceForecasts(labels, { rows: known, logVariance: logVariance(known) }, logVariance(test));
}
