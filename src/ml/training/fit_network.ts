import type { CallOptions, ModelFamily } from "../../core/mod.ts";
import type { Dataset } from "../dataset.ts";
import { collectGarbage } from "../collect_garbage.ts";
import { windowOf } from "../features/mod.ts";
import type { Split } from "../labels/mod.ts";
import type { DirectionHead, VolatilityHead } from "../models/forecast_spec.ts";
import { harLogVariance } from "../models/har.ts";
import { type Network, startNetwork, tensorsOf, withTensors } from "../models/network.ts";
import { allocateOutputs, EnsembleForward, FORWARD_ROWS } from "../models/network_forward.ts";
import { standardizedQuantiles } from "../models/plain_models.ts";
import { fitScaler, Scaler } from "../models/scaler.ts";
import type { SequenceFamily } from "../models/sequence_shapes.ts";
import type { SequenceShape } from "../models/sequence_trunk.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import { sideBySide } from "../side_by_side.ts";
import { thinnedWindows } from "../window_dataset.ts";
import { calibratedModel, shrinkCorrection, shrinkDirection } from "./calibrated_model.ts";
import { fitLearnersLines, hasEnoughLabels, type LogisticLineOptions, type PlainLines } from "./plain_lines.ts";
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
  /** The logistic line that the direction starts at where the features hold the plain lines'. @default none, the sign cells */
  readonly line?: LogisticLineOptions;
}

/** Trains one job; in a Worker outside of tests. */
export type TrainNetwork = (
  job: TrainingJob,
  options: CallOptions & {
    /** Number of the network in its ensemble, from 1. */
    readonly member: number;
    /** Networks that may be under way at the same time, this one included: with more than one each has a core to itself. */
    readonly atOnce: number;
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
  /** Members that `train` may be asked for at the same time; the weights are the same. @default 1 */
  readonly membersAtOnce?: number;
  /** As in {@linkcode TrainNetwork}; `member` counts from 1. */
  readonly onEpoch?: (report: EpochReport, member: number) => void;
  readonly onStep?: (step: Parameters<StepListener>[0], member: number) => void;
}

type StepListener = NonNullable<Parameters<TrainNetwork>[1]["onStep"]>;

const SEEDS = 2 ** 31 - 1;
/** Rows that are enough to fit a level on. */
const MOST_LEVEL_ROWS = 30_000;

/**
 * Seed of the n-th member, counted from 1, in [1, 2³¹ − 1]: the run's own for the first, and never the same for two, as the
 * step between them is prime to the number of seeds.
 */
export function memberSeed(seed: number, member: number): number {
  return 1 + (seed - 1 + (member - 1) * 1_640_531_527) % SEEDS;
}

/**
 * Fits the networks on `split.train`, stops early, shrinks and calibrates on `split.validation`. Each starts as the plain
 * lines (HAR-X and the logistic line, or log-HAR and the share of up after the last move; σ × quantiles of r/σ), all fitted
 * on `split.train` alone: on each of its minutes, also where networks that read windows learn from every n-th. Where labels
 * are too few to learn from, the members stay at their start, and the model is the lines.
 *
 * @param dataset for networks that read windows, of the feature set `base`.
 * @throws {DomainError} `input-invalid` where a feature or the labels cannot be learnt from, see `requireTrainable`.
 */
export async function fitNetwork(
  dataset: Dataset,
  split: Split,
  options: NetworkOptions,
  deps: FitNetworkDeps & { readonly family: NetworkFamily },
): Promise<FittedNetwork> {
  const { sequence, line, ...training } = options;
  const learnt = sequence === undefined ? { dataset, split } : thinnedWindows(dataset, split, sequence.everyMinutes);
  requireTrainable(learnt.dataset, learnt.split.train);
  const { lines, inputs } = fitLearnersLines(dataset, split, sequence === undefined ? line : undefined);
  const harLine = harLogVariance(lines.har, dataset.features, split.train);
  const quantiles = standardizedQuantiles(dataset.labels.returnBps, split.train, harLine);
  const scalerSpec = inputs?.spec ?? fitScaler(learnt.dataset.features, learnt.split.train);
  const scaler = inputs?.scaler ?? new Scaler(scalerSpec, learnt.dataset.nullable);
  collectGarbage(); // what the lines were fitted on, which is as much as these rows
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
  // Of few labels a network would learn by heart what it must not say: without training it is the lines.
  const learns = hasEnoughLabels(learnt.dataset, learnt.split.train);
  const { networks, outcomes } = await trainMembers(rows, start, training, learns ? deps : { train: keepStart });
  const heads = shrunkHeads(networks, rows, learnt, lines, options);
  const model = calibratedModel(learnt.dataset, learnt.split, {
    family: deps.family,
    scaler: scalerSpec,
    ...heads,
    ...(learns ? { quantiles: { kind: "network" } } as const : {}),
    parts: { networks },
    served: lines.served,
    told: { dataset, split },
  }, learnt.split.train);
  return { model, outcomes };
}

/** In the place of training. */
const keepStart: TrainNetwork = ({ network }) =>
  Promise.resolve({ tensors: tensorsOf(network), bestEpoch: 0, epochs: 0, steps: 0 });

/** The plain lines with the shares of what the networks add to them. */
function shrunkHeads(
  networks: readonly Network[],
  rows: TrainingRows,
  { dataset, split }: { readonly dataset: Dataset; readonly split: Split },
  lines: PlainLines,
  { correctionBound }: NetworkOptions,
): { readonly direction: DirectionHead; readonly volatility: VolatilityHead } {
  const outputs = (first: number, count: number, stride: number) =>
    networkOutputs(
      networks,
      rows,
      Int32Array.from({ length: Math.ceil(count / stride) }, (_, i) => first + i * stride),
    );
  const stride = Math.ceil(rows.trainRows / MOST_LEVEL_ROWS);
  const fitted = outputs(0, rows.trainRows, stride), tail = outputs(rows.trainRows, rows.validationRows, 1);
  const scaled = (corrections: Float64Array) => corrections.map((value) => correctionBound * value);
  const direction = shrinkDirection(dataset, split, lines, tail.logit);
  const correction = shrinkCorrection(dataset, split, lines, {
    rows: split.train.filter((_, i) => i % stride === 0),
    fitted: scaled(fitted.correction),
    validation: scaled(tail.correction),
  });
  return {
    direction: { kind: "sign-network", shrink: direction, ...lines.direction },
    volatility: { kind: "har-network", bound: correctionBound, ...correction, ...lines.har },
  };
}

/** Trains the networks, each from its own seed; one that fails ends all. */
async function trainMembers(
  rows: TrainingRows,
  start: (seed: number) => Network,
  { members = 1, ...options }: NetworkOptions,
  { train, membersAtOnce = 1, onEpoch, onStep, signal }: FitNetworkDeps,
) {
  const networks: Network[] = [], outcomes: TrainingOutcome[] = [];
  const { correctionBound } = options, atOnce = Math.min(members, membersAtOnce);
  let next = 1;
  const trainNext = async (signal: AbortSignal) => {
    while (next <= members) {
      signal.throwIfAborted();
      const member = next++, seed = memberSeed(options.seed, member), network = start(seed);
      const outcome = await train({ rows, network, correctionBound, options: { ...options, seed } }, {
        ...{ member, atOnce, signal },
        onEpoch: (report) => onEpoch?.(report, member),
        onStep: (step) => onStep?.(step, member),
      });
      onStep?.({ epoch: options.epochs, done: 1, total: 1 }, member); // it may have stopped early
      networks[member - 1] = withTensors(network, outcome.tensors);
      outcomes[member - 1] = outcome;
    }
  };
  await sideBySide(Array.from({ length: atOnce }, () => trainNext), signal);
  return { networks, outcomes };
}

/** Logits and corrections of the networks, in the mean, of rows of a job by their places. */
function networkOutputs(networks: readonly Network[], { inputs, width }: TrainingRows, places: Int32Array) {
  const forward = new EnsembleForward(networks, { withoutIncrements: true }), out = allocateOutputs();
  const logit = new Float64Array(places.length), correction = new Float64Array(places.length);
  const buffer = new Float64Array(FORWARD_ROWS * width);
  for (let first = 0; first < places.length; first += FORWARD_ROWS) {
    const own = places.subarray(first, first + FORWARD_ROWS);
    for (let i = 0; i < own.length; i++) {
      for (let j = 0, from = own[i]! * width, to = i * width; j < width; j++) buffer[to + j] = inputs[from + j]!;
    }
    forward.run(buffer, own.length, out);
    logit.set(out.logit.subarray(0, own.length), first);
    correction.set(out.correction.subarray(0, own.length), first);
  }
  return { logit, correction };
}
