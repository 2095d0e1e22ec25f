import type { ModelFamily } from "../../core/mod.ts";
import { FEWEST_LABELS } from "../labels/fewest_labels.ts";
import type { Network } from "../models/network.ts";
import { isSequenceFamily } from "../models/sequence_shapes.ts";
import type { WorkerFailure } from "../worker_failure.ts";
import type { AdamWState } from "./adam_w.ts";
import type { ScheduleOptions } from "./learning_rate.ts";
import type { SharedShards } from "./shard_group.ts";

/** How a network is trained. */
export interface TrainingOptions {
  /** Most epochs. */
  readonly epochs: number;
  /** Most rows of a step; fewer where an epoch would have less than 64 steps, down to 256. */
  readonly batchSize: number;
  /** Highest rate of the schedule. */
  readonly learningRate: number;
  /** @default the rate is halved on plateaus, after a warm-up of 500 steps */
  readonly schedule?: ScheduleOptions;
  /** Decoupled decay of the kernels, see `AdamW`. @default 0 */
  readonly weightDecay?: number;
  /** Largest norm of a step's gradient, see `AdamW`. @default null, for any */
  readonly clipNorm?: number | null;
  /**
   * What computes gradients: the SIMD step for dense networks, or the tape of tfjs. They agree to 1e-5.
   *
   * @default "fused"
   */
  readonly engine?: "fused" | "tensors";
  /** Epochs without a better validation loss before training stops. */
  readonly patience: number;
  /**
   * Whose weights are given back: those of the epoch with the best validation loss, or of the last, to which a cosine has
   * annealed them; a short and noisy tail then chooses the share of what was learnt, and not the epoch too.
   *
   * @default "best"
   */
  readonly keep?: "best" | "last";
  /** An epoch takes every n-th row, the phase moving on by one each epoch: neighbours overlap almost wholly. */
  readonly rowStride: number;
  /** Weights of the three losses in the joint one. */
  readonly lossWeights: { readonly direction: number; readonly volatility: number; readonly quantiles: number };
  readonly seed: number;
}

/** Rows of a training job as columns over shared memory; training rows first, then validation rows. */
export interface TrainingRows {
  readonly trainRows: number;
  readonly validationRows: number;
  /** Network inputs, row-major `[rows, width]`. */
  readonly inputs: Float32Array;
  readonly width: number;
  /** Logit of up by the plain line, to which the network adds. */
  readonly plainLogit: Float32Array;
  /** ln σ² of the HAR line, log-HAR or HAR-X. */
  readonly harLogVariance: Float32Array;
  readonly returnBps: Float32Array;
  /** Realised variance, floored. */
  readonly realizedVarianceBps2: Float32Array;
}

/** Everything a Worker needs to train one network. */
export interface TrainingJob {
  readonly rows: TrainingRows;
  readonly network: Network;
  /** Largest |ln σ² − HAR|. */
  readonly correctionBound: number;
  readonly options: TrainingOptions;
}

/** Mean losses over some rows. */
export interface JointLoss {
  /** The weighted sum that is minimised. */
  readonly total: number;
  /** Cross entropy over rows that moved. */
  readonly direction: number;
  /** QLIKE. */
  readonly volatility: number;
  /** Pinball loss of r/σ. */
  readonly quantiles: number;
}

/** State after an epoch; epoch 0 is the start, before any step. */
export interface EpochReport {
  readonly epoch: number;
  /** Steps so far. */
  readonly steps: number;
  /** Mean joint loss over the epoch's batches; NaN at epoch 0. */
  readonly trainLoss: number;
  readonly validation: JointLoss;
  /** Of the last step. */
  readonly learningRate: number;
  readonly isBest: boolean;
  /** About ten points of the epoch. */
  readonly points: readonly StepPoint[];
}

/** Training inside an epoch. */
export interface StepPoint {
  /** Steps so far. */
  readonly steps: number;
  /** Mean joint loss since the last point. */
  readonly trainLoss: number;
  /** Norm of the last step's gradient, before clipping. */
  readonly gradientNorm: number;
}

/** All that the rest of a training depends on, after an epoch. */
export interface TrainingState {
  readonly epoch: number;
  readonly steps: number;
  readonly bestEpoch: number;
  readonly best: JointLoss;
  readonly sinceBest: number;
  readonly plateaus: number;
  /** Validation loss of the start. */
  readonly startLoss: number;
  /** In the engine's order, as are all arrays here. */
  readonly weights: Float32Array;
  readonly bestWeights: Float32Array;
  readonly optimizer: AdamWState;
}

/** Where a training that goes on began. */
export interface ResumedFrom {
  /** Epochs, and steps of them, that an earlier training of the same job had ended. */
  readonly epoch: number;
  readonly steps: number;
  /** Whose training that was; null where it did not say. */
  readonly owner: string | null;
}

/** What training gives back. */
export interface TrainingOutcome {
  /** Kernels and biases of the best epoch (the last, where that is kept), in the order of `tensorsOf`. */
  readonly tensors: Float32Array[];
  readonly bestEpoch: number;
  readonly epochs: number;
  readonly steps: number;
}

/** `4 of 9` for each member: the best epoch, and how many there were; `none` where nothing was trained. */
export function bestEpochs(training: readonly TrainingOutcome[]): string {
  if (training.every(({ epochs }) => epochs === 0)) return "none";
  return training.map(({ bestEpoch, epochs }) => `${bestEpoch} of ${epochs}`).join(", ");
}

/**
 * What there is to say where no epoch of a network was better than its start, the plain lines, or where there was none, as
 * labels were too few; undefined otherwise. Dense networks start at other lines than those that read windows.
 */
export function startsKept(training: readonly TrainingOutcome[], family: ModelFamily): string | undefined {
  const kept = training.filter(({ bestEpoch }) => bestEpoch === 0).length;
  if (kept === 0) return undefined;
  if (training.every(({ epochs }) => epochs === 0)) {
    return `Fewer than ${FEWEST_LABELS} labels that do not overlap teach no network: the model is the plain lines`;
  }
  const which = training.length === 1 ? "the network" : `${kept} of ${training.length} networks`;
  const lines = isSequenceFamily(family) ? "log-HAR and the sign of the last move" : "HAR-X and the logistic line";
  return `No epoch of ${which} was better than the start: there the model is the plain lines, ${lines}`;
}

/** Messages to a Worker. */
export interface WorkerRequest {
  readonly wasmFile: string;
  readonly job: TrainingJob;
  /** Member 0 reports; see `ShardGroup`. */
  readonly member: number;
  readonly shards: SharedShards;
  readonly resume?: TrainingState;
  /** Whether each epoch's state is wanted. */
  readonly checkpoints: boolean;
}

/** Messages from a Worker. */
export type WorkerReply =
  | { readonly type: "step"; readonly epoch: number; readonly done: number; readonly total: number }
  | { readonly type: "epoch"; readonly report: EpochReport; readonly state?: TrainingState }
  | { readonly type: "done"; readonly outcome: TrainingOutcome }
  | { readonly type: "failed" } & WorkerFailure;
