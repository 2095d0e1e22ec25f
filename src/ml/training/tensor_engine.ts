import * as tf from "@tensorflow/tfjs-core";
import type { GradientEngine, LossScale, LossSums } from "./gradient_engine.ts";
import { type BatchTensors, jointLosses } from "./joint_loss.ts";
import type { TrainingJob, TrainingRows } from "./protocol.ts";
import { tensorNetwork } from "./tensor_network.ts";

/** Gradients by the tape of tfjs, on its current backend: any network that can be written as tensors. */
export function tensorEngine(job: TrainingJob, network = tensorNetwork(job.network)): GradientEngine {
  const { weights: parts } = network;
  const split = (weights: Float32Array) => {
    let at = 0;
    return parts.map(({ values }) => weights.slice(at, at += values.length));
  };
  const asTensors = (weights: Float32Array) => split(weights).map((values, i) => tf.tensor(values, parts[i]!.shape));
  const forward = (weights: readonly tf.Tensor[], rows: Int32Array) => {
    const batch = batchTensors(job.rows, rows);
    return jointLosses(network.outputs(weights, batch.inputs), batch, job.correctionBound);
  };
  return {
    start: concatenate(parts.map(({ values }) => values)),
    decays: Uint8Array.from(parts.flatMap(({ values, decays }) => new Array(values.length).fill(Number(decays)))),
    gradient(weights, rows, scale, gradient) {
      gradient.fill(0);
      return withSums(rows, job.rows, (sums) => {
        const { grads } = tf.valueAndGrads((...varied: tf.Tensor[]) => {
          const losses = forward(varied, rows);
          readInto(sums, losses);
          return scaled(losses, scale);
        })(asTensors(weights));
        let at = 0;
        for (const part of grads) {
          gradient.set(part.dataSync(), at);
          at += part.size;
        }
      });
    },
    losses: (weights, rows) => withSums(rows, job.rows, (sums) => readInto(sums, forward(asTensors(weights), rows))),
    tensors: split,
  };
}

type LossTensors = ReturnType<typeof jointLosses>;

/** A shard without rows has no loss, and a gradient of zero. */
function withSums(rows: Int32Array, { returnBps }: TrainingRows, compute: (sums: LossSums) => void): LossSums {
  const sums = { direction: 0, volatility: 0, quantiles: 0, moved: 0 };
  for (const row of rows) if (returnBps[row] !== 0) sums.moved++;
  if (rows.length > 0) tf.tidy(() => compute(sums));
  return sums;
}

function readInto(sums: LossSums, { direction, volatility, quantiles }: LossTensors): void {
  sums.direction = direction.dataSync()[0]!;
  sums.volatility = volatility.dataSync()[0]!;
  sums.quantiles = quantiles.dataSync()[0]!;
}

function scaled({ direction, volatility, quantiles }: LossTensors, scale: LossScale): tf.Scalar {
  const heads = tf.add(tf.mul(direction, scale.direction), tf.mul(volatility, scale.volatility));
  return tf.add(heads, tf.mul(quantiles, scale.quantiles));
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Gathers rows in plain loops: tfjs' own gather is slow on this backend. */
function batchTensors(rows: TrainingRows, picked: Int32Array): BatchTensors {
  const { width } = rows;
  const inputs = new Float32Array(picked.length * width);
  picked.forEach((row, i) => inputs.set(rows.inputs.subarray(row * width, (row + 1) * width), i * width));
  const column = (valueAt: (row: number) => number) =>
    tf.tensor2d(Float32Array.from(picked, valueAt), [picked.length, 1]);
  return {
    inputs: tf.tensor2d(inputs, [picked.length, width]),
    cellLogit: column((row) => rows.cellLogit[row]!),
    harLogVariance: column((row) => rows.harLogVariance[row]!),
    returnBps: column((row) => rows.returnBps[row]!),
    realizedVariance: column((row) => rows.realizedVarianceBps2[row]!),
    up: column((row) => rows.returnBps[row]! > 0 ? 1 : 0),
    moved: column((row) => rows.returnBps[row] === 0 ? 0 : 1),
  };
}
