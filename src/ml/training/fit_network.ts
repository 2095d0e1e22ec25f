import { type CallOptions, type ModelFamily, QUANTILE_LEVELS } from "../../core/mod.ts";
import { type Dataset, trainingRangesOf } from "../dataset.ts";
import { varianceFloor } from "../evaluation/losses.ts";
import { windowOf } from "../features/mod.ts";
import type { Split } from "../labels/mod.ts";
import { fitShrink } from "../models/calibration.ts";
import { type ForecastSpec, NO_CALIBRATION } from "../models/forecast_spec.ts";
import { harLogVariance } from "../models/har.ts";
import { type Network, startNetwork, withTensors } from "../models/network.ts";
import { EnsembleForward } from "../models/network_forward.ts";
import { describeInputs, standardizedQuantiles } from "../models/plain_models.ts";
import { referenceHistograms } from "../models/reference_histograms.ts";
import { fitScaler, Scaler } from "../models/scaler.ts";
import type { SequenceFamily } from "../models/sequence_shapes.ts";
import type { SequenceShape } from "../models/sequence_trunk.ts";
import { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { thinnedWindows } from "../window_dataset.ts";
import { fitCalibration, fitPlainLines } from "./calibrated_model.ts";
import { trainingRows } from "./training_rows.ts";
import { requireTrainable } from "./require_trainable.ts";
import type { EpochReport, TrainingJob, TrainingOptions, TrainingOutcome, TrainingRows } from "./protocol.ts";

/** Shape and training of the three-headed network. */
export interface NetworkOptions extends TrainingOptions {
  /** Networks that are trained alike but for their seeds; the model answers with the means of their outputs. @default 1 */
  readonly members?: number;
  /** What reads the last hour minute by minute; training rows are every n-th minute then. @default nothing, each row is one */
  readonly sequence?: { readonly shape: SequenceShape; readonly everyMinutes: number };
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  /** Largest |ln σ² − HAR|. */
  readonly correctionBound: number;
}

/** Trains one job; in a Worker outside of tests. */
export type TrainNetwork = (
  job: TrainingJob,
  options: CallOptions & {
    /** Number of the network in its ensemble, from 1. */
    readonly member: number;
    readonly onEpoch?: (report: EpochReport) => void;
    readonly onStep?: (step: { readonly epoch: number; readonly done: number; readonly total: number }) => void;
  },
) => Promise<TrainingOutcome>;

/** Families that are networks. */
export type NetworkFamily = Extract<ModelFamily, "mlp" | SequenceFamily>;

/** A fitted network model with how the training of each member went. */
export interface FittedNetwork {
  readonly model: SpecForecastModel;
  readonly outcomes: readonly TrainingOutcome[];
}

/** What {@linkcode fitNetwork} needs from outside. */
export interface FitNetworkDeps extends CallOptions {
  readonly train: TrainNetwork;
  /** As in {@linkcode TrainNetwork}; `member` counts from 1. */
  readonly onEpoch?: (report: EpochReport, member: number) => void;
  readonly onStep?: (step: Parameters<StepListener>[0], member: number) => void;
}

type StepListener = NonNullable<Parameters<TrainNetwork>[1]["onStep"]>;

const SEEDS = 2 ** 31 - 1;

/**
 * Seed of the n-th member, counted from 1, in [1, 2³¹ − 1]: the run's own for the first, and never the same for two, as the
 * step between them is prime to the number of seeds.
 */
export function memberSeed(seed: number, member: number): number {
  return 1 + (seed - 1 + (member - 1) * 1_640_531_527) % SEEDS;
}

/**
 * Fits the networks on `split.train`, stops early, shrinks and calibrates on `split.validation`. Each starts as the plain
 * lines (log-HAR, share of up after the last move, σ × quantiles of r/σ), all fitted on `split.train` alone: on each of its
 * minutes, also where networks that read windows learn from every n-th.
 *
 * @param dataset of the feature set `base`.
 * @throws {DomainError} `input-invalid` where a feature or the labels cannot be learnt from, see `requireTrainable`.
 */
export async function fitNetwork(
  dataset: Dataset,
  split: Split,
  options: NetworkOptions,
  deps: FitNetworkDeps & { readonly family: NetworkFamily },
): Promise<FittedNetwork> {
  const { sequence } = options;
  const learnt = sequence === undefined ? { dataset, split } : thinnedWindows(dataset, split, sequence.everyMinutes);
  requireTrainable(learnt.dataset, learnt.split.train);
  const lines = fitPlainLines(dataset, split);
  const harLine = harLogVariance(lines.har, dataset.features, split.train);
  const quantiles = standardizedQuantiles(dataset.labels.returnBps, split.train, harLine);
  const scalerSpec = fitScaler(learnt.dataset.features, learnt.split.train);
  const scaler = new Scaler(scalerSpec, learnt.dataset.nullable);
  const rows = trainingRows(learnt.dataset, learnt.split, scaler, lines);
  const start = (seed: number) =>
    startNetwork({
      inputs: scaler.width,
      ...(sequence === undefined
        ? {}
        : { sequence: { shape: sequence.shape, window: windowOf(learnt.dataset.features.names)! } }),
      hidden: options.hidden,
      flags: scaler.flags,
      quantiles,
      seed,
    });
  const { networks, outcomes } = await trainMembers(rows, start, options, deps);
  const spec: ForecastSpec = {
    family: deps.family,
    ...describeInputs(learnt.dataset),
    scaler: scalerSpec,
    heads: {
      direction: { kind: "sign-network", ...lines.cells },
      volatility: { kind: "har-network", ...lines.har, bound: options.correctionBound, shrink: 1 },
      quantiles: { kind: "network" },
    },
    calibration: NO_CALIBRATION,
    trainingRanges: trainingRangesOf(dataset, split),
    // Of the base features alone: sixty minutes of one channel say the same sixty times.
    referenceHistograms: referenceHistograms(dataset.features, split.train),
  };
  return { model: calibrated(spec, networks, learnt, rows), outcomes };
}

/** The model with its correction shrunk, and its outputs calibrated, as the validation rows want it. */
function calibrated(
  spec: ForecastSpec,
  networks: readonly Network[],
  { dataset: { features, labels }, split }: { readonly dataset: Dataset; readonly split: Split },
  rows: TrainingRows,
): SpecForecastModel {
  const { volatility } = spec.heads;
  if (volatility.kind !== "har-network") throw new RangeError(`Cannot shrink a head of kind '${volatility.kind}'`);
  const first = rows.trainRows,
    tail = validationOutputs(networks, rows.inputs.subarray(first * rows.width), volatility.bound);
  const shrink = fitShrink(
    {
      harLogVariance: harLogVariance(volatility, features, split.validation),
      correction: tail.correction,
      realizedVarianceBps2: Float64Array.from(split.validation, (row) => labels.realizedVarianceBps2[row]!),
    },
    varianceFloor(labels.horizonMinutes),
  );
  const shrunk = { ...spec, heads: { ...spec.heads, volatility: { ...volatility, shrink } } };
  const { quantilesBps } = new SpecForecastModel(shrunk, { networks })
    .predictColumns(features.columns, split.validation);
  const logit = tail.logit.map((value, i) => value + rows.cellLogit[first + i]!);
  const calibration = fitCalibration(labels, split.validation, { logit, quantilesBps });
  return new SpecForecastModel({ ...shrunk, calibration }, { networks });
}

/** Trains one network after the other, each from its own seed. */
async function trainMembers(
  rows: TrainingRows,
  start: (seed: number) => Network,
  { members = 1, ...options }: NetworkOptions,
  { train, onEpoch, onStep, signal }: FitNetworkDeps,
) {
  const networks: Network[] = [], outcomes: TrainingOutcome[] = [];
  for (let member = 1; member <= members; member++) {
    const seed = memberSeed(options.seed, member), network = start(seed);
    const { correctionBound } = options;
    const outcome = await train({ rows, network, correctionBound, options: { ...options, seed } }, {
      member,
      ...(signal === undefined ? {} : { signal }),
      onEpoch: (report) => onEpoch?.(report, member),
      onStep: (step) => onStep?.(step, member),
    });
    networks.push(withTensors(network, outcome.tensors));
    outcomes.push(outcome);
  }
  return { networks, outcomes };
}

function validationOutputs(networks: readonly Network[], inputs: Float32Array, bound: number) {
  const forward = new EnsembleForward(networks);
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
