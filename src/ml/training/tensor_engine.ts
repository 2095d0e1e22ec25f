import * as tf from "@tensorflow/tfjs-core";
import { QUANTILE_LEVELS } from "../../core/mod.ts";
import { jointLoss } from "../kernels/joint_loss.ts";
import { BatchRows, filledRows, TARGETS } from "./batch_rows.ts";
import { type GradientEngine, type LossScale, type LossSums, NO_SCALE } from "./gradient_engine.ts";
import type { TrainingJob } from "./protocol.ts";
import { tensorNetwork } from "./tensor_network.ts";

/** Gradients by the tape of tfjs, on its WASM backend: any network that can be written as tensors. */
export function tensorEngine(job: TrainingJob, network = tensorNetwork(job.network)): GradientEngine {
  const { weights: parts } = network, batch = new BatchRows(job.rows);
  const split = (weights: Float32Array) => {
    let at = 0;
    return parts.map(({ values }) => weights.subarray(at, at += values.length));
  };
  const asTensors = (weights: Float32Array) => split(weights).map((values, i) => tf.tensor(values, parts[i]!.shape));
  const lossOf = (weights: readonly tf.Tensor[], rows: Int32Array, scale: LossScale, sums: LossSums): tf.Scalar => {
    const { inputs, targets } = batchTensors(batch, rows, job.rows.width);
    const levels = QUANTILE_LEVELS.length, scaled = { ...scale, quantiles: scale.quantiles / levels };
    const { loss, sums: found } = jointLoss(network.outputs(weights, inputs), targets, job.correctionBound, scaled);
    const [direction, volatility, pinball, moved] = found as unknown as [number, number, number, number];
    Object.assign(sums, { direction, volatility, quantiles: pinball / levels, moved });
    return loss;
  };
  return {
    start: concatenate(parts.map(({ values }) => values)),
    decays: Uint8Array.from(parts.flatMap(({ values, decays }) => new Array(values.length).fill(Number(decays)))),
    gradient(weights, rows, scale, gradient) {
      gradient.fill(0);
      return withSums(rows, (sums) => {
        const { grads } = tf.valueAndGrads((...varied: tf.Tensor[]) => lossOf(varied, rows, scale, sums))(
          asTensors(weights),
        );
        let at = 0;
        for (const part of grads) {
          gradient.set(part.dataSync(), at);
          at += part.size;
        }
      });
    },
    losses: (weights, rows) => withSums(rows, (sums) => void lossOf(asTensors(weights), rows, NO_SCALE, sums)),
    tensors: (weights) => split(weights).map((values) => values.slice()),
  };
}

/** A shard without rows has no loss, and a gradient of zero. */
function withSums(rows: Int32Array, compute: (sums: LossSums) => void): LossSums {
  const sums = { direction: 0, volatility: 0, quantiles: 0, moved: 0 };
  if (rows.length > 0) tf.tidy(() => compute(sums));
  return sums;
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

function batchTensors(batch: BatchRows, picked: Int32Array, width: number) {
  const filled = filledRows(picked.length);
  const inputs = new Float32Array(filled * width), targets = new Float32Array(TARGETS * filled);
  batch.gather(picked, inputs, targets);
  return {
    inputs: tf.tensor2d(inputs.subarray(0, picked.length * width), [picked.length, width]),
    targets: tf.tensor2d(targets, [TARGETS, filled]),
  };
}
