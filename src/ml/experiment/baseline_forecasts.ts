import type { Dataset } from "../dataset.ts";
import type { Baseline } from "../evaluation/baselines.ts";
import type { Forecasts } from "../evaluation/test_rows.ts";
import type { Split } from "../labels/mod.ts";
import { ewmaVariance } from "../models/ewma.ts";
import type { TrainingRanges } from "../models/forecast_spec.ts";
import { fitPlainBaseline } from "../models/plain_models.ts";
import { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { varianceForecasts } from "./variance_forecasts.ts";

/**
 * What the plain baselines of evaluation section 3, those without a line of many inputs, forecast for the test rows, fitted on the whole training span. An output
 * that a baseline does not claim is absent.
 */
export function baselineForecasts(
  dataset: Dataset,
  split: Split,
  ranges: TrainingRanges,
): Record<Exclude<Baseline, "har_diurnal" | "har_x">, Forecasts> {
  const predict = (family: "climatology" | "contrarian" | "har") =>
    new SpecForecastModel(fitPlainBaseline(family, dataset, split.trainingSpan, ranges))
      .predictColumns(dataset.features.columns, split.test);
  const climatology = predict("climatology"), contrarian = predict("contrarian"), har = predict("har");
  return {
    climatology,
    contrarian: { probabilityUp: contrarian.probabilityUp },
    ewma: ewmaForecasts(dataset, split),
    har: { volatilityBps: har.volatilityBps, quantilesBps: har.quantilesBps },
  };
}

function ewmaForecasts({ grid, features, labels }: Dataset, { trainingSpan, test }: Split): Forecasts {
  const variance = ewmaVariance(grid, features.decisionTimeMs, labels);
  // A flat market drives the average to 0, where QLIKE has no value: the floor of a single price tick a minute.
  const floored = (row: number) => Math.max(variance[row]!, labels.horizonMinutes * 1e-4);
  const known = trainingSpan.filter((row) => !Number.isNaN(variance[row]!));
  const logVariance = (rows: Int32Array) => Float64Array.from(rows, (row) => Math.log(floored(row)));
  return varianceForecasts(labels, { rows: known, logVariance: logVariance(known) }, logVariance(test));
}
