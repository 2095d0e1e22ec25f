import { DAY_MS, MINUTE_MS } from "../../core/mod.ts";
import type { Dataset } from "../dataset.ts";
import { varianceFloor } from "../evaluation/losses.ts";
import { everyNthMinute, FEWEST_LABELS, type Split } from "../labels/mod.ts";
import type { LinearFit } from "../linear/covariance.ts";
import { fitLogistic } from "../linear/logistic.ts";
import type { LinearRows } from "../linear/normal_equations.ts";
import { likeliestShare, LINE_PRIOR, moveLoss, type TailRows } from "../models/calibration.ts";
import {
  cellLogit,
  CLOCK_FEATURES,
  type HarLine,
  type LogisticLine,
  type PlainDirection,
  type ScalerSpec,
} from "../models/forecast_spec.ts";
import { columnOf, fitHar, harLogVariance } from "../models/har.ts";
import { blendedLogit, lineLogit } from "../models/plain_forward.ts";
import { fitSignCells } from "../models/plain_models.ts";
import { fitScaler, SCALED_ROWS, Scaler, withSeenFlags } from "../models/scaler.ts";
import { fitVarianceLine, harXDesign } from "../models/variance_line.ts";

/** How the logistic line is fitted. */
export interface LogisticLineOptions {
  /** Training rows are those of every n-th minute: neighbours overlap almost wholly. */
  readonly everyMinutes: number;
  /**
   * Penalty of the squared standardised coefficients a minute of the horizon, see `fitLogistic`: labels of k minutes overlap,
   * so that a row tells a k-th of what it would alone, while the penalty is a share of all rows' weight.
   */
  readonly l2: number;
}

/** What turns rows into the inputs of lines and networks, fitted on training rows. */
export interface FittedInputs {
  readonly spec: ScalerSpec;
  readonly scaler: Scaler;
  /** Of the columns, flags last. */
  readonly names: readonly string[];
  /** The inputs of a row; the array is reused. */
  of(row: number): Float64Array;
  /** Writes the inputs of rows, row-major. */
  ofAll(rows: Int32Array, out: Float64Array): void;
}

/** Lines of both heads. */
export interface HeadLines {
  readonly direction: PlainDirection;
  readonly har: HarLine;
}

/** The plain lines that a learner adds to, fitted on training rows alone: what is learnt and chosen is so beside these. */
export interface PlainLines extends HeadLines {
  /** The same lines fitted on the whole training span, as the baseline HAR-X is: what is served. */
  readonly served: HeadLines;
  /** The served logistic line as it was fitted; undefined where there is none. */
  readonly logistic: LinearFit | undefined;
  /** Plain logits of rows; `of` another dataset only where there is no logistic line. */
  logits(rows: Int32Array, of?: Dataset): Float64Array;
  /** ln max(RV, floor) − ln σ² of `har`. */
  logVarianceResiduals(rows: Int32Array, of?: Dataset): Float64Array;
}

/** A logistic line to fit. */
interface LogisticTask {
  readonly inputs: FittedInputs;
  readonly options: LogisticLineOptions;
}

/** Rows of every so many minutes that HAR-X is fitted on, as the baseline of that name. */
const HAR_X_EVERY_MINUTES = 3;

/** Binds a fitted scaler to a dataset. */
export function fittedInputs({ features, nullable }: Dataset, spec: ScalerSpec): FittedInputs {
  const scaler = new Scaler(spec, nullable), inputs = new Float64Array(scaler.width);
  let at = 0;
  const valueAt = (feature: number) => features.columns[feature]![at]!;
  return {
    spec,
    scaler,
    names: [...features.names, ...scaler.flagged.map((j) => `${features.names[j]} is missing`)],
    of(row) {
      at = row;
      scaler.write(valueAt, inputs, 0);
      return inputs;
    },
    ofAll: (rows, out) => scaler.writeRows(features.columns, rows, out),
  };
}

/**
 * Fits the plain lines of evaluation section 3. Volatility: HAR-X where the features hold what it reads, log-HAR otherwise.
 * Direction: the shares of up after the last move's sign, and with `logistic` a ridge-penalised logistic line that takes
 * their place by the share that the validation rows bear out.
 *
 * @param logistic nothing for the cells alone; `hasErrors` of whose served line the standard errors are wanted too.
 */
export function fitPlainLines(
  dataset: Dataset,
  split: Pick<Split, "train" | "validation" | "trainingSpan">,
  logistic?: LogisticTask & { readonly hasErrors?: boolean },
): PlainLines {
  const cells = fitSignCells(dataset, split.train), floor = varianceFloor(dataset.labels.horizonMinutes);
  const cellLogits = (rows: Int32Array, of: Dataset) => {
    const moves = columnOf(of.features, cells.feature);
    return Float64Array.from(rows, (row) => cellLogit(cells, moves[row]!));
  };
  const fitOn = (rows: Int32Array, hasErrors: boolean) =>
    logistic && hasEnoughLabels(dataset, split.train) ? fitLine(dataset, rows, { ...logistic, hasErrors }) : undefined;
  const weights = weightsOf(fitOn(split.train, false));
  const fit = fitOn(split.trainingSpan, logistic?.hasErrors ?? false);
  const blended = (rows: Int32Array, share: number, of = dataset) => {
    const logits = cellLogits(rows, of);
    if (weights === undefined) return logits;
    const lines = lineLogits(weights, logistic!.inputs, rows);
    return logits.map((cell, i) => blendedLogit({ share }, cell, lines[i]!));
  };
  const line = weights && { share: lineShare(dataset, split.validation, blended), ...weights };
  const withLine = (own: typeof weights): PlainDirection => ({
    ...cells,
    ...(own && line ? { line: { ...line, ...own } } : {}),
  });
  const { har, served } = fitHarLines(dataset, split);
  return {
    direction: withLine(weights),
    har,
    served: { direction: withLine(weightsOf(fit)), har: served },
    logistic: fit,
    logits: (rows, of) => blended(rows, line?.share ?? 0, of),
    logVarianceResiduals: (rows, { features, labels } = dataset) => {
      const known = harLogVariance(har, features, rows);
      return known.map((value, i) => Math.log(Math.max(labels.realizedVarianceBps2[rows[i]!]!, floor)) - value);
    },
  };
}

/**
 * The lines that trees and dense networks start at: with a logistic one where the features hold what HAR-X reads, as then
 * they hold what directions are told by too.
 */
export function fitLearnersLines(
  dataset: Dataset,
  split: Pick<Split, "train" | "validation" | "trainingSpan">,
  options: LogisticLineOptions | undefined,
): { readonly lines: PlainLines; readonly inputs: FittedInputs | undefined } {
  if (options === undefined || !holdsHarX(dataset)) return { lines: fitPlainLines(dataset, split), inputs: undefined };
  const inputs = fittedInputs(dataset, fitInputScaler(dataset, split.train));
  return { lines: fitPlainLines(dataset, split, { inputs, options }), inputs };
}

/** The scaler of training rows, with flags of what is missing in them. */
export function fitInputScaler(dataset: Dataset, train: Int32Array): ScalerSpec {
  return withSeenFlags(fitScaler(dataset.features, train), dataset, train);
}

/** Times of the rows that shares are chosen by. */
export function tailOf({ features, labels }: Dataset, validation: Int32Array): TailRows {
  return {
    decisionTimeMs: Float64Array.from(validation, (row) => features.decisionTimeMs[row]!),
    horizonMinutes: labels.horizonMinutes,
  };
}

/** Rows that moved: direction is learnt and scored on these. */
export function movedRows({ labels }: Dataset, rows: Int32Array): Int32Array {
  return rows.filter((row) => labels.returnBps[row] !== 0);
}

/** A problem of a line over the inputs, whose errors are clustered by UTC day, as labels overlap and markets have moods. */
export function lineProblem(
  { features }: Dataset,
  inputs: FittedInputs,
  rows: Int32Array,
  targetOf: LinearRows["targetOf"],
): LinearRows {
  return {
    ...{ rows, names: inputs.names, inputsOf: inputs.of, inputsOfAll: inputs.ofAll, targetOf },
    clusterOf: (row) => Math.floor(features.decisionTimeMs[row]! / DAY_MS),
  };
}

/** Whether training rows hold labels enough, of those that do not overlap, to learn anything beside the HAR line and the cells. */
export function hasEnoughLabels({ features, labels }: Dataset, train: Int32Array): boolean {
  let count = 0, freeMs = -Infinity;
  for (const row of train) {
    const startMs = features.decisionTimeMs[row]!;
    if (startMs < freeMs) continue;
    freeMs = startMs + labels.horizonMinutes * MINUTE_MS;
    if (++count === FEWEST_LABELS) return true;
  }
  return false;
}

function fitLine(
  dataset: Dataset,
  span: Int32Array,
  { inputs, options, hasErrors }: LogisticTask & { readonly hasErrors: boolean },
): LinearFit {
  const { features, labels } = dataset;
  // Labels of a minute do not overlap at all: each row tells what no other does.
  const minutes = Math.min(options.everyMinutes, labels.horizonMinutes);
  const rows = movedRows(dataset, everyNthMinute(span, features.decisionTimeMs, { minutes }));
  const clustered = lineProblem(dataset, inputs, rows, (row) => Number(labels.returnBps[row]! > 0));
  const { clusterOf: _, ...plain } = clustered;
  return fitLogistic(hasErrors ? clustered : plain, { l2: options.l2 * labels.horizonMinutes });
}

function weightsOf(fit: LinearFit | undefined): Pick<LogisticLine, "intercept" | "weights"> | undefined {
  return fit && { intercept: fit.intercept, weights: [...fit.coefficients] };
}

/** Logits of rows by a line, some rows at a time: their inputs fit a second-level cache. */
function lineLogits(
  line: Pick<LogisticLine, "intercept" | "weights">,
  inputs: FittedInputs,
  rows: Int32Array,
): Float64Array {
  const { width } = inputs.scaler, room = new Float64Array(SCALED_ROWS * width), logits = new Float64Array(rows.length);
  const inputsOf = Array.from({ length: SCALED_ROWS }, (_, i) => room.subarray(i * width, (i + 1) * width));
  for (let first = 0; first < rows.length; first += SCALED_ROWS) {
    const own = rows.subarray(first, first + SCALED_ROWS);
    inputs.ofAll(own, room);
    for (let i = 0; i < own.length; i++) logits[first + i] = lineLogit(line, inputsOf[i]!);
  }
  return logits;
}

function lineShare(
  dataset: Dataset,
  validation: Int32Array,
  blended: (rows: Int32Array, share: number) => Float64Array,
): LogisticLine["share"] {
  const cells = blended(validation, 0), line = blended(validation, 1), { returnBps } = dataset.labels;
  return likeliestShare(
    (share, i) => moveLoss(returnBps[validation[i]!]!, blendedLogit({ share }, cells[i]!, line[i]!)),
    tailOf(dataset, validation),
    LINE_PRIOR,
  );
}

function fitHarLines(
  dataset: Dataset,
  { train, trainingSpan }: Pick<Split, "train" | "trainingSpan">,
): { readonly har: HarLine; readonly served: HarLine } {
  const { features, labels } = dataset;
  if (!holdsHarX(dataset)) {
    const har = fitHar(features, labels, train);
    return { har, served: har };
  }
  const fit = (rows: Int32Array) => {
    const thinned = everyNthMinute(rows, features.decisionTimeMs, { minutes: HAR_X_EVERY_MINUTES });
    return fitVarianceLine(features, labels, thinned, harXDesign(labels.horizonMinutes));
  };
  return { har: fit(train), served: fit(trainingSpan) };
}

/** Whether a model of these features can compute HAR-X, the hour and the weekday among them. */
function holdsHarX({ features: { names }, labels: { horizonMinutes } }: Dataset): boolean {
  const scales = harXDesign(horizonMinutes).scaleMinutes.map((minutes) => `rv_${minutes}`);
  return [...scales, ...Object.values(CLOCK_FEATURES)].every((name) => names.includes(name));
}
