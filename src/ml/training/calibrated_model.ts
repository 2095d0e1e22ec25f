import type { ModelFamily } from "../../core/mod.ts";
import { type Dataset, trainingRangesOf } from "../dataset.ts";
import { varianceFloor } from "../evaluation/losses.ts";
import type { Labels, Split } from "../labels/mod.ts";
import { fitLogitCalibration, fitLogitShrink, fitQuantileMultipliers, fitShrink } from "../models/calibration.ts";
import {
  type CalibrationSpec,
  cellLogit,
  type DirectionHead,
  type ForecastSpec,
  type HarLine,
  NO_CALIBRATION,
  type ScalerSpec,
  type SignCells,
  type VolatilityHead,
} from "../models/forecast_spec.ts";
import { columnOf, fitHar, harLogVariance } from "../models/har.ts";
import { describeInputs, fitSignCells, standardizedQuantiles } from "../models/plain_models.ts";
import { referenceHistograms } from "../models/reference_histograms.ts";
import { type ModelParts, SpecForecastModel, within } from "../models/spec_forecast_model.ts";

/** The plain lines that a learner adds to, fitted on training rows alone. */
export interface PlainLines {
  readonly cells: SignCells;
  readonly har: HarLine;
  /** Logits of rows by the sign of their last move. */
  cellLogits(rows: Int32Array): Float64Array;
  /** ln max(RV, floor) − ln σ² of the HAR line. */
  logVarianceResiduals(rows: Int32Array): Float64Array;
}

/** Fits sign cells and log-HAR on the training rows. */
export function fitPlainLines(dataset: Dataset, { train }: Split): PlainLines {
  const { features, labels } = dataset;
  const cells = fitSignCells(dataset, train), har = fitHar(features, labels, train);
  const moves = columnOf(features, cells.feature), floor = varianceFloor(labels.horizonMinutes);
  return {
    cells,
    har,
    cellLogits: (rows) => Float64Array.from(rows, (row) => cellLogit(cells, moves[row]!)),
    logVarianceResiduals: (rows) => {
      const line = harLogVariance(har, features, rows);
      return line.map((value, i) => Math.log(Math.max(labels.realizedVarianceBps2[rows[i]!]!, floor)) - value);
    },
  };
}

/** Rows that moved: direction is learnt and scored on these. */
export function movedRows({ labels }: Dataset, rows: Int32Array): Int32Array {
  return rows.filter((row) => labels.returnBps[row] !== 0);
}

/** How much of a learnt score the validation rows bear out, from 0 (it is the sign cells) to 1. */
export function shrinkDirection(dataset: Dataset, { validation }: Split, lines: PlainLines, score: Float64Array) {
  const returnBps = Float64Array.from(validation, (row) => dataset.labels.returnBps[row]!);
  return fitLogitShrink({ logit: lines.cellLogits(validation), score, returnBps });
}

/** A correction's share, and the HAR line with its level for it. */
export interface FittedCorrection {
  readonly shrink: number;
  readonly line: HarLine;
}

/**
 * How much of a learnt correction the validation rows bear out, from 0 (it is the HAR line) to 1. For each share the
 * level is that which Duan's smearing gives on the fitted rows, so that σ² stays a forecast of the mean: what is chosen
 * on the validation rows is the share alone.
 *
 * @param fitted Rows that the correction was learnt on.
 */
export function shrinkCorrection(
  dataset: Dataset,
  { validation }: Split,
  lines: PlainLines,
  correction: { readonly rows: Int32Array; readonly fitted: Float64Array; readonly validation: Float64Array },
): FittedCorrection {
  const { features, labels } = dataset;
  const residuals = lines.logVarianceResiduals(correction.rows);
  const smearing = (shrink: number) =>
    residuals.reduce((sum, residual, i) => sum + Math.exp(residual - shrink * correction.fitted[i]!), 0);
  const alone = smearing(0);
  const levelAt = (shrink: number) => Math.log(smearing(shrink) / alone);
  const shrink = fitShrink(
    {
      harLogVariance: harLogVariance(lines.har, features, validation),
      correction: correction.validation,
      realizedVarianceBps2: Float64Array.from(validation, (row) => labels.realizedVarianceBps2[row]!),
    },
    varianceFloor(labels.horizonMinutes),
    levelAt,
  );
  return { shrink, line: { ...lines.har, intercept: lines.har.intercept + levelAt(shrink) } };
}

/** Corrections kept within ± the bound. */
export function bounded(bound: number, scores: Float64Array): Float64Array {
  return scores.map((score) => within(bound, score));
}

/** What a learner has made of a dataset. */
export interface LearntHeads {
  readonly family: ModelFamily;
  readonly scaler: ScalerSpec | null;
  readonly direction: DirectionHead;
  readonly volatility: VolatilityHead;
  readonly parts: ModelParts;
}

/**
 * The model of fitted heads: its quantiles are σ × the quantiles of r/σ of training rows, and slope, intercept and
 * multipliers are fitted on the validation rows, as those of every family.
 *
 * @param rows Training rows that the quantiles are taken of.
 */
export function calibratedModel(
  dataset: Dataset,
  split: Split,
  { family, scaler, direction, volatility, parts }: LearntHeads,
  rows: Int32Array,
): SpecForecastModel {
  const { features, labels } = dataset, { validation } = split;
  const raw = (values: readonly number[]): ForecastSpec => ({
    family,
    ...describeInputs(dataset),
    scaler,
    heads: { direction, volatility, quantiles: { kind: "standardized", values } },
    calibration: NO_CALIBRATION,
    trainingRanges: trainingRangesOf(dataset, split),
    referenceHistograms: referenceHistograms(features, split.train),
  });
  const { volatilityBps } = new SpecForecastModel(raw(Array(9).fill(0)), parts).predictColumns(features.columns, rows);
  const logVariance = Float64Array.from(volatilityBps, (sigma) => 2 * Math.log(sigma));
  const spec = raw(standardizedQuantiles(labels.returnBps, rows, logVariance));
  const { probabilityUp, quantilesBps } = new SpecForecastModel(spec, parts)
    .predictColumns(features.columns, validation);
  const logit = Float64Array.from(probabilityUp, logitOf);
  return new SpecForecastModel(
    { ...spec, calibration: fitCalibration(labels, validation, { logit, quantilesBps }) },
    parts,
  );
}

/**
 * Slope and intercept of the logit and a multiplier of each quantile, fitted on the validation rows.
 *
 * @param forecasts What the model says of these rows uncalibrated, quantiles row-major `[N, 9]`.
 */
export function fitCalibration(
  labels: Labels,
  validation: Int32Array,
  forecasts: { readonly logit: Float64Array; readonly quantilesBps: Float32Array },
): CalibrationSpec {
  const tail = {
    returnBps: Float64Array.from(validation, (row) => labels.returnBps[row]!),
    horizonMinutes: labels.horizonMinutes,
  };
  return {
    logit: fitLogitCalibration(forecasts.logit, tail),
    quantileMultipliers: fitQuantileMultipliers(forecasts.quantilesBps, tail),
  };
}

/** Logit of a float32 probability, which rounds to 1 where a double does not. */
function logitOf(probability: number): number {
  const p = Math.min(1 - 1e-7, Math.max(1e-7, probability));
  return Math.log(p / (1 - p));
}
