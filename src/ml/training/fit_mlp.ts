import { type CallOptions, QUANTILE_LEVELS } from "../../core/mod.ts";
import { type Dataset, timeSpanOf } from "../dataset.ts";
import { varianceFloor } from "../evaluation/losses.ts";
import type { Split } from "../labels/mod.ts";
import { fitLogitCalibration, fitQuantileMultipliers, fitShrink } from "../models/calibration.ts";
import { type ForecastSpec, NO_CALIBRATION, type SignCells, type TrainingRanges } from "../models/forecast_spec.ts";
import { columnOf, fitHar, harLogVariance } from "../models/har.ts";
import { type Network, NetworkForward, startNetwork, withTensors } from "../models/network.ts";
import { describeInputs, fitSignCells, standardizedQuantiles } from "../models/plain_models.ts";
import { referenceHistograms } from "../models/reference_histograms.ts";
import { fitScaler, Scaler } from "../models/scaler.ts";
import { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { requireTrainable } from "./require_trainable.ts";
import type { EpochReport, TrainingJob, TrainingOptions, TrainingOutcome } from "./protocol.ts";

/** Shape and training of the three-headed network. */
export interface MlpOptions extends TrainingOptions {
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  /** Largest |ln σ² − HAR|. */
  readonly correctionBound: number;
}

/** Trains one job; in a Worker outside of tests. */
export type TrainNetwork = (
  job: TrainingJob,
  options: CallOptions & {
    readonly onEpoch?: (report: EpochReport) => void;
    readonly onStep?: (step: { readonly epoch: number; readonly done: number; readonly total: number }) => void;
  },
) => Promise<TrainingOutcome>;

/** A fitted network model with how its training went. */
export interface FittedMlp {
  readonly model: SpecForecastModel;
  readonly outcome: TrainingOutcome;
}

/**
 * Fits the network on `split.train`, stops early, shrinks and calibrates on `split.validation`. It starts as the plain
 * lines (log-HAR, share of up after the last move, σ × quantiles of r/σ), all fitted on `split.train` alone.
 *
 * @throws {DomainError} `input-invalid` where a feature or the labels cannot be learnt from, see `requireTrainable`.
 */
export async function fitMlp(
  dataset: Dataset,
  split: Split,
  options: MlpOptions,
  deps: { readonly train: TrainNetwork } & Parameters<TrainNetwork>[1],
): Promise<FittedMlp> {
  const { features, labels, nullable } = dataset;
  requireTrainable(dataset, split.train);
  const line = fitHar(features, labels, split.train);
  const cells = fitSignCells(dataset, split.train);
  const scalerSpec = fitScaler(features, split.train);
  const scaler = new Scaler(scalerSpec, nullable);
  const start = startNetwork({
    inputs: scaler.width,
    hidden: options.hidden,
    flags: scaler.flags,
    quantiles: standardizedQuantiles(labels.returnBps, split.train, harLogVariance(line, features, split.train)),
    seed: options.seed,
  });
  const rows = concatRows(split.train, split.validation);
  const harLine = harLogVariance(line, features, rows);
  const cellLogit = cellLogits(dataset, cells, rows);
  const inputs = networkInputs(dataset, scaler, rows);
  const floor = varianceFloor(labels.horizonMinutes);
  const outcome = await deps.train({
    rows: {
      trainRows: split.train.length,
      validationRows: split.validation.length,
      inputs,
      width: scaler.width,
      cellLogit,
      harLogVariance: sharedColumn(rows.length, (i) => harLine[i]!),
      returnBps: sharedColumn(rows.length, (i) => labels.returnBps[rows[i]!]!),
      realizedVarianceBps2: sharedColumn(rows.length, (i) => Math.max(floor, labels.realizedVarianceBps2[rows[i]!]!)),
    },
    network: start,
    correctionBound: options.correctionBound,
    options,
  }, deps);
  const network = withTensors(start, outcome.tensors);

  const first = split.train.length * scaler.width;
  const tail = validationOutputs(network, inputs.subarray(first), options.correctionBound);
  const variances = Float64Array.from(split.validation, (row) => labels.realizedVarianceBps2[row]!);
  const shrink = fitShrink(
    {
      harLogVariance: harLine.subarray(split.train.length),
      correction: tail.correction,
      realizedVarianceBps2: variances,
    },
    floor,
  );
  const uncalibrated: ForecastSpec = {
    family: "mlp",
    ...describeInputs(dataset),
    scaler: scalerSpec,
    heads: {
      direction: { kind: "sign-network", ...cells },
      volatility: { kind: "har-network", ...line, bound: options.correctionBound, shrink },
      quantiles: { kind: "network" },
    },
    calibration: NO_CALIBRATION,
    trainingRanges: trainingRangesOf(dataset, split),
    referenceHistograms: referenceHistograms(features, split.train),
  };
  const tailRows = {
    returnBps: Float64Array.from(split.validation, (row) => labels.returnBps[row]!),
    horizonMinutes: labels.horizonMinutes,
  };
  const { quantilesBps } = new SpecForecastModel(uncalibrated, { networks: [network] })
    .predictColumns(features.columns, split.validation);
  const spec: ForecastSpec = {
    ...uncalibrated,
    calibration: {
      logit: fitLogitCalibration(tail.logit.map((value, i) => value + cellLogit[split.train.length + i]!), tailRows),
      quantileMultipliers: fitQuantileMultipliers(quantilesBps, tailRows),
    },
  };
  return { model: new SpecForecastModel(spec, { networks: [network] }), outcome };
}

/** Decision times of the rows that a split's models learn from. */
export function trainingRangesOf(dataset: Dataset, split: Split): TrainingRanges {
  return { train: timeSpanOf(dataset, split.train), validation: timeSpanOf(dataset, split.validation) };
}

/** A column over shared memory, so that Workers read it without a copy. */
function sharedColumn(length: number, valueAt: (i: number) => number): Float32Array {
  const values = new Float32Array(new SharedArrayBuffer(4 * length));
  for (let i = 0; i < length; i++) values[i] = valueAt(i);
  return values;
}

/** Inputs of the rows over shared memory, likewise. */
function networkInputs({ features }: Dataset, scaler: Scaler, rows: Int32Array): Float32Array {
  const inputs = new Float32Array(new SharedArrayBuffer(4 * rows.length * scaler.width));
  let row = 0;
  const valueAt = (feature: number) => features.columns[feature]![row]!;
  for (let i = 0; i < rows.length; i++) {
    row = rows[i]!;
    scaler.write(valueAt, inputs, i * scaler.width);
  }
  return inputs;
}

/** Logits of the rows by the sign of their last move. */
function cellLogits({ features }: Dataset, { feature, logits }: SignCells, rows: Int32Array): Float32Array {
  const moves = columnOf(features, feature);
  return sharedColumn(rows.length, (i) => {
    const move = moves[rows[i]!]!;
    return move > 0 ? logits.up : move < 0 ? logits.down : logits.none;
  });
}

function validationOutputs(network: Network, inputs: Float32Array, bound: number) {
  const forward = new NetworkForward(network);
  const width = forward.inputs, count = inputs.length / width;
  const logit = new Float64Array(count), correction = new Float64Array(count);
  const buffer = new Float64Array(width), increments = new Float64Array(QUANTILE_LEVELS.length);
  for (let i = 0; i < count; i++) {
    buffer.set(inputs.subarray(i * width, (i + 1) * width));
    const out = forward.run(buffer, increments);
    logit[i] = out.logit;
    correction[i] = bound * out.correction;
  }
  return { logit, correction };
}

function concatRows(a: Int32Array, b: Int32Array): Int32Array {
  const all = new Int32Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
