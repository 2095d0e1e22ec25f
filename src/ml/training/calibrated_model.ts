import type { ModelFamily } from "../../core/mod.ts";
import { type Dataset, trainingRangesOf } from "../dataset.ts";
import { varianceFloor } from "../evaluation/losses.ts";
import type { Labels, Split } from "../labels/mod.ts";
import { fitLogitCalibration, fitLogitShrink, fitQuantileMultipliers, fitShrink } from "../models/calibration.ts";
import {
  type CalibrationSpec,
  type Correction,
  type DirectionHead,
  type ForecastSpec,
  type HeadsSpec,
  NO_CALIBRATION,
  type QuantileHead,
  type ScalerSpec,
  type VolatilityHead,
} from "../models/forecast_spec.ts";
import { harLogVariance } from "../models/har.ts";
import { describeInputs, standardizedQuantiles } from "../models/plain_models.ts";
import { type ModelParts, SpecForecastModel, within } from "../models/spec_forecast_model.ts";
import { hasEnoughLabels, type HeadLines, type PlainLines, tailOf } from "./plain_lines.ts";

/** How much of a learnt score the validation rows bear out, from 0: it is the plain line. Few labels teach no learner. */
export function shrinkDirection(
  dataset: Dataset,
  { train, validation }: Pick<Split, "train" | "validation">,
  lines: PlainLines,
  score: Float64Array,
): number {
  if (!hasEnoughLabels(dataset, train)) return 0;
  const returnBps = Float64Array.from(validation, (row) => dataset.labels.returnBps[row]!);
  return fitLogitShrink({ ...tailOf(dataset, validation), logit: lines.logits(validation, dataset), score, returnBps });
}

/** A correction's share and level. */
export type FittedCorrection = Required<Omit<Correction, "bound">>;

/**
 * How much of a learnt correction the validation rows bear out, from 0: it is the HAR line, to the bit. For each share the
 * level is that which Duan's smearing gives on the fitted rows, so that σ² stays a forecast of the mean: what is chosen
 * on the validation rows is the share alone.
 *
 * @param correction of `rows`, some that it was learnt on, and of the validation rows.
 */
export function shrinkCorrection(
  dataset: Dataset,
  { train, validation }: Pick<Split, "train" | "validation">,
  lines: PlainLines,
  correction: { readonly rows: Int32Array; readonly fitted: Float64Array; readonly validation: Float64Array },
): FittedCorrection {
  const { features, labels } = dataset;
  const residuals = lines.logVarianceResiduals(correction.rows, dataset);
  const smearing = (shrink: number) =>
    residuals.reduce((sum, residual, i) => sum + Math.exp(residual - shrink * correction.fitted[i]!), 0);
  const alone = smearing(0);
  const levelAt = (shrink: number) => Math.log(smearing(shrink) / alone);
  const tail = {
    ...tailOf(dataset, validation),
    harLogVariance: harLogVariance(lines.har, features, validation),
    correction: correction.validation,
    realizedVarianceBps2: Float64Array.from(validation, (row) => labels.realizedVarianceBps2[row]!),
  };
  const shrink = hasEnoughLabels(dataset, train) ? fitShrink(tail, varianceFloor(labels.horizonMinutes), levelAt) : 0;
  return { shrink, level: levelAt(shrink) };
}

/** Corrections kept within ± the bound. */
export function bounded(bound: number, scores: Float64Array): Float64Array {
  return scores.map((score) => within(bound, score));
}

/** What a learner has made of a dataset, on the lines of the training rows. */
export interface LearntHeads {
  readonly family: ModelFamily;
  readonly scaler: ScalerSpec | null;
  readonly direction: DirectionHead;
  readonly volatility: VolatilityHead;
  /** @default σ × the quantiles of r/σ of training rows */
  readonly quantiles?: QuantileHead;
  readonly parts: ModelParts;
  /** Lines that take the place of those in the end. */
  readonly served: HeadLines;
  /** What training ranges are told of. @default the dataset and the split themselves */
  readonly told?: { readonly dataset: Dataset; readonly split: Split };
}

/**
 * The model of fitted heads without histograms, with the lines that are served: slope, intercept and multipliers are fitted on the validation rows, as those of every family.
 *
 * @param rows Training rows that standardised quantiles are taken of.
 */
export function calibratedModel(
  dataset: Dataset,
  split: Split,
  { family, scaler, direction, volatility, quantiles, parts, served, told = { dataset, split } }: LearntHeads,
  rows: Int32Array,
): SpecForecastModel {
  const { features, labels } = dataset, { validation } = split;
  const raw = (head: QuantileHead): ForecastSpec => ({
    family,
    ...describeInputs(dataset),
    scaler,
    heads: { direction, volatility, quantiles: head },
    calibration: NO_CALIBRATION,
    trainingRanges: trainingRangesOf(told.dataset, told.split),
    referenceHistograms: [],
  });
  const forecasts = (head: QuantileHead, of: Int32Array) =>
    new SpecForecastModel(raw(head), parts).predictColumns(features.columns, of);
  const standardized = (): QuantileHead => {
    const { volatilityBps } = forecasts({ kind: "standardized", values: Array(9).fill(0) }, rows);
    const logVariance = Float64Array.from(volatilityBps, (sigma) => 2 * Math.log(sigma));
    return { kind: "standardized", values: standardizedQuantiles(labels.returnBps, rows, logVariance) };
  };
  const head = quantiles ?? standardized(), { probabilityUp, quantilesBps } = forecasts(head, validation);
  const logit = Float64Array.from(probabilityUp, logitOf);
  const spec = raw(head),
    learntLabels = told.split.trainingSpan.length / labelMinutes(direction, labels),
    calibration = fitCalibration(labels, validation, { logit, quantilesBps, learntLabels });
  return new SpecForecastModel({ ...spec, heads: onLines(spec.heads, served), calibration }, parts);
}

/**
 * Minutes of training that tell as much as one label that overlaps no other: the horizon, but 15 at each where there is a
 * logistic line. Its penalty grows with the horizon, so that what it takes from chance does not.
 */
function labelMinutes(direction: DirectionHead, { horizonMinutes }: Labels): number {
  return "line" in direction && direction.line !== undefined ? 15 : horizonMinutes;
}

/** The heads on other lines; shares and what is learnt stay. */
function onLines({ direction, volatility, quantiles }: HeadsSpec, { direction: { line }, har }: HeadLines): HeadsSpec {
  return {
    direction: "line" in direction && line !== undefined ? { ...direction, line } : direction,
    volatility: volatility.kind === "constant" ? volatility : { ...volatility, ...har },
    quantiles,
  };
}

/**
 * Slope and intercept of the logit and a multiplier of each quantile, fitted on the validation rows.
 *
 * @param forecasts What the model says of these rows uncalibrated, quantiles row-major `[N, 9]`, and of how many training
 * labels its direction was learnt, see `fitLogitCalibration`.
 */
export function fitCalibration(
  labels: Labels,
  validation: Int32Array,
  forecasts: { readonly logit: Float64Array; readonly quantilesBps: Float32Array; readonly learntLabels: number },
): CalibrationSpec {
  const tail = {
    returnBps: Float64Array.from(validation, (row) => labels.returnBps[row]!),
    horizonMinutes: labels.horizonMinutes,
  };
  return {
    logit: fitLogitCalibration(forecasts.logit, { ...tail, learntLabels: forecasts.learntLabels }),
    quantileMultipliers: fitQuantileMultipliers(forecasts.quantilesBps, tail),
  };
}

/** Logit of a float32 probability, which rounds to 1 where a double does not. */
function logitOf(probability: number): number {
  const p = Math.min(1 - 1e-7, Math.max(1e-7, probability));
  return Math.log(p / (1 - p));
}
