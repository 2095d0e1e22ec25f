import * as tf from "@tensorflow/tfjs-core";
import { seededRandom } from "../../core/mod.ts";
import { tensorsOf } from "../models/network.ts";
import { Adam } from "./adam.ts";
import { type BatchTensors, jointLosses } from "./joint_loss.ts";
import type { EpochReport, JointLoss, TrainingJob, TrainingOutcome, TrainingRows } from "./protocol.ts";

/** What training tells while it runs. */
export interface TrainingListener {
  step(epoch: number, done: number, total: number): void;
  epoch(report: EpochReport): void;
}

/** Learning rate is halved after this many epochs without a better validation loss. */
const PLATEAU_EPOCHS = 2;
/** The rate rises over this many steps, so that the first epochs' weights are not thrown far from the plain lines. */
const WARM_UP_STEPS = 500;
const FEWEST_STEPS = 64;
const FEWEST_BATCH_ROWS = 256;

/**
 * Trains on the current tfjs backend: Adam on shuffled batches, the validation loss after each epoch, the weights of
 * the best epoch given back (the start's, where no epoch was better). Equal jobs give equal bytes.
 */
export function trainNetwork(job: TrainingJob, listener: TrainingListener): TrainingOutcome {
  const { rows, options } = job;
  const weights = tensorsOf(job.network).map((values) => values.slice());
  const adam = new Adam(weights, { learningRate: options.learningRate });
  const random = seededRandom(options.seed);
  const stride = Math.max(1, Math.min(options.rowStride, Math.floor(rows.trainRows / FEWEST_BATCH_ROWS)));
  const batchSize = batchRows(Math.floor(rows.trainRows / stride), options.batchSize);
  const validationRows = strided(rows.trainRows, rows.trainRows + rows.validationRows, stride, 0);

  let best = meanLosses(job, weights, validationRows);
  let bestWeights = weights.map((values) => values.slice());
  let bestEpoch = 0, steps = 0, epoch = 0, sinceBest = 0, learningRate = options.learningRate;
  listener.epoch({
    epoch: 0,
    steps,
    trainLoss: NaN,
    validation: best,
    learningRate: adam.learningRate,
    isBest: true,
  });
  while (epoch < options.epochs && sinceBest < options.patience) {
    epoch++;
    const order = strided(0, rows.trainRows, stride, epoch % stride);
    shuffle(order, (below) => random.integer(below));
    // The last, shorter batch is dropped: its gradient would weigh as much as a full one's.
    const batches = Math.max(1, Math.floor(order.length / batchSize));
    let lossSum = 0;
    for (let batch = 0; batch < batches; batch++) {
      const picked = order.subarray(batch * batchSize, (batch + 1) * batchSize);
      adam.learningRate = learningRate * Math.min(1, (steps + 1) / WARM_UP_STEPS);
      lossSum += trainingStep(job, weights, adam, picked);
      steps++;
      listener.step(epoch, batch + 1, batches);
    }
    const validation = meanLosses(job, weights, validationRows);
    const isBest = validation.total < best.total;
    listener.epoch({ epoch, steps, trainLoss: lossSum / batches, validation, learningRate: adam.learningRate, isBest });
    if (isBest) {
      [best, bestEpoch, sinceBest] = [validation, epoch, 0];
      bestWeights = weights.map((values) => values.slice());
    } else if (++sinceBest % PLATEAU_EPOCHS === 0) learningRate /= 2;
  }
  return { tensors: bestWeights, bestEpoch, epochs: epoch, steps };
}

/** Rows of a step: few enough for 64 steps an epoch, so that little data is not learnt in a handful of steps. */
function batchRows(epochRows: number, most: number): number {
  const wanted = Math.floor(epochRows / FEWEST_STEPS);
  return Math.min(most, Math.max(FEWEST_BATCH_ROWS, wanted));
}

/** One step of Adam on the picked rows, in place; returns the joint loss before it. */
function trainingStep(job: TrainingJob, weights: Float32Array[], adam: Adam, picked: Int32Array): number {
  const { lossWeights } = job.options;
  const { loss, gradients } = tf.tidy(() => {
    const batch = batchTensors(job.rows, picked);
    const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
      const { direction, volatility, quantiles } = jointLosses(job.network, tensors, batch, job.correctionBound);
      const weighted = tf.add(tf.mul(direction, lossWeights.direction), tf.mul(volatility, lossWeights.volatility));
      return tf.add(weighted, tf.mul(quantiles, lossWeights.quantiles));
    })(weightTensors(job, weights));
    return { loss: value.dataSync()[0]!, gradients: grads.map((gradient) => gradient.dataSync()) };
  });
  if (!Number.isFinite(loss)) throw new Error(`Training diverged: the loss is ${loss}`);
  adam.apply(weights, gradients);
  return loss;
}

/** Mean losses over rows, batch by batch. */
function meanLosses(job: TrainingJob, weights: readonly Float32Array[], rowNumbers: Int32Array): JointLoss {
  const { lossWeights, batchSize } = job.options;
  const sums = { direction: 0, volatility: 0, quantiles: 0 };
  let moved = 0;
  for (let start = 0; start < rowNumbers.length; start += batchSize) {
    const picked = rowNumbers.subarray(start, start + batchSize);
    tf.tidy(() => {
      const batch = batchTensors(job.rows, picked);
      const losses = jointLosses(job.network, weightTensors(job, weights), batch, job.correctionBound);
      const movedHere = tf.sum(batch.moved).dataSync()[0]!;
      moved += movedHere;
      sums.direction += losses.direction.dataSync()[0]! * movedHere;
      sums.volatility += losses.volatility.dataSync()[0]! * picked.length;
      sums.quantiles += losses.quantiles.dataSync()[0]! * picked.length;
    });
  }
  const direction = sums.direction / Math.max(1, moved);
  const volatility = sums.volatility / rowNumbers.length, quantiles = sums.quantiles / rowNumbers.length;
  const total = lossWeights.direction * direction + lossWeights.volatility * volatility +
    lossWeights.quantiles * quantiles;
  return { total, direction, volatility, quantiles };
}

function weightTensors(job: TrainingJob, weights: readonly Float32Array[]): tf.Tensor[] {
  const { hidden, logit, logVarianceCorrection, quantileCentre, quantileSteps } = job.network;
  const layers = [...hidden, logit, logVarianceCorrection, quantileCentre, quantileSteps];
  return layers.flatMap((layer, i) => [
    tf.tensor2d(weights[2 * i]!, [layer.inputs, layer.units]),
    tf.tensor1d(weights[2 * i + 1]!),
  ]);
}

/** Gathers rows in plain loops: tfjs' own gather is slow on this backend. */
function batchTensors(rows: TrainingRows, picked: Int32Array): BatchTensors {
  const count = picked.length, { width } = rows;
  const inputs = new Float32Array(count * width);
  const columns = Array.from({ length: 6 }, () => new Float32Array(count));
  const [cell, har, returns, variance, up, moved] = columns as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let i = 0; i < count; i++) {
    const row = picked[i]!;
    inputs.set(rows.inputs.subarray(row * width, (row + 1) * width), i * width);
    cell[i] = rows.cellLogit[row]!;
    har[i] = rows.harLogVariance[row]!;
    const move = returns[i] = rows.returnBps[row]!;
    variance[i] = rows.realizedVarianceBps2[row]!;
    up[i] = move > 0 ? 1 : 0;
    moved[i] = move === 0 ? 0 : 1;
  }
  const column = (values: Float32Array) => tf.tensor2d(values, [count, 1]);
  return {
    inputs: tf.tensor2d(inputs, [count, width]),
    cellLogit: column(cell),
    harLogVariance: column(har),
    returnBps: column(returns),
    realizedVariance: column(variance),
    up: column(up),
    moved: column(moved),
  };
}

/** Every `stride`-th number of `[start, end)` from `start + phase` on. */
function strided(start: number, end: number, stride: number, phase: number): Int32Array {
  const count = Math.max(0, Math.ceil((end - start - phase) / stride));
  return Int32Array.from({ length: count }, (_, i) => start + phase + i * stride);
}

/** Fisher–Yates, in place. */
function shuffle(values: Int32Array, integerBelow: (below: number) => number): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = integerBelow(i + 1), kept = values[i]!;
    values[i] = values[j]!;
    values[j] = kept;
  }
}
