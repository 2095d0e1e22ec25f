import * as tf from "@tensorflow/tfjs-core";
import { QUANTILE_LEVELS } from "../../../src/core/mod.ts";
import { INCREMENTS, INCREMENTS_TO_QUANTILES } from "../../../src/ml/models/network.ts";
import type { LossScale, LossSums } from "../../../src/ml/training/gradient_engine.ts";
import type { TrainingJob, TrainingRows } from "../../../src/ml/training/protocol.ts";
import { tensorNetwork, trunkOf } from "../../../src/ml/training/tensor_network.ts";

/** One batch; all but the inputs are columns `[rows, 1]`. */
interface BatchTensors {
  readonly inputs: tf.Tensor2D;
  readonly plainLogit: tf.Tensor2D;
  readonly harLogVariance: tf.Tensor2D;
  readonly returnBps: tf.Tensor2D;
  readonly realizedVariance: tf.Tensor2D;
  /** 1 up, 0 down or tie. */
  readonly up: tf.Tensor2D;
  /** 1 where the price moved. */
  readonly moved: tf.Tensor2D;
}

/** The three losses summed over the rows, direction over those that moved, quantiles as the mean over the levels. */
interface LossTensors {
  readonly direction: tf.Scalar;
  readonly volatility: tf.Scalar;
  readonly quantiles: tf.Scalar;
}

/** What the heads of a network answer, before the plain lines that they add to. */
interface HeadTensors {
  /** `[rows, 1]`. */
  readonly logit: tf.Tensor2D;
  /** `[rows, 1]`, within ±1. */
  readonly correction: tf.Tensor2D;
  /** `[rows, 9]`: centre, four steps up, four steps down. */
  readonly increments: tf.Tensor2D;
}

/**
 * Cross entropy of direction (ties left out), QLIKE of variance, pinball of the standardised return. The standardised
 * return takes σ as given, so that the quantiles cannot pull at the volatility.
 */
function jointLosses(heads: HeadTensors, batch: BatchTensors, correctionBound: number): LossTensors {
  const { logit: added, correction, increments } = heads;
  const logit = tf.add(batch.plainLogit, added);
  const entropy = tf.mul(batch.moved, tf.sub(tf.softplus(logit), tf.mul(batch.up, logit)));
  const direction = tf.sum(entropy) as tf.Scalar;

  const logVariance = tf.add(batch.harLogVariance, tf.mul(correction, correctionBound)) as tf.Tensor2D;
  const ratio = tf.mul(batch.realizedVariance, tf.exp(tf.neg(logVariance)));
  const logRatio = tf.sub(tf.log(batch.realizedVariance), logVariance);
  const volatility = tf.sum(tf.sub(tf.sub(ratio, logRatio), 1)) as tf.Scalar;

  const standardized = tf.mul(batch.returnBps, tf.exp(tf.mul(withoutGradient(logVariance), -0.5)));
  const quantiles = tf.matMul(increments, tf.tensor2d(INCREMENTS_TO_QUANTILES, [INCREMENTS, QUANTILE_LEVELS.length]));
  const error = tf.sub(standardized, quantiles);
  const pinball = tf.add(tf.mul(error, tf.tensor1d([...QUANTILE_LEVELS])), tf.relu(tf.neg(error)));
  const quantileLoss = tf.div(tf.sum(pinball), QUANTILE_LEVELS.length) as tf.Scalar;
  return { direction, volatility, quantiles: quantileLoss };
}

/** The same values, through which no gradient flows back. */
function withoutGradient<T extends tf.Tensor>(tensor: T): T {
  const cut = tf.customGrad((x) => ({ value: tf.clone(x as tf.Tensor), gradFunc: (dy) => tf.zerosLike(dy) }));
  return cut(tensor) as T;
}

/**
 * The dense layers of a network and its losses by operations of tfjs alone, on whichever backend: what the SIMD step and the kernels
 * are held to.
 *
 * @returns The losses over these rows of the job, and the gradient by tensor in the order of `tensorsOf`.
 */
export function tapeGradients(
  { rows, network, correctionBound }: TrainingJob,
  picked: Int32Array,
  scale: LossScale,
): { readonly sums: Omit<LossSums, "moved">; readonly tensors: readonly Float32Array[] } {
  const sums = { direction: 0, volatility: 0, quantiles: 0 };
  const tensors = tf.tidy(() => {
    const weights = tensorNetwork(network).weights.map(({ values, shape }) => tf.tensor(values, shape));
    const trunk = trunkOf(network);
    const batch = batchTensors(rows, picked);
    const { grads } = tf.valueAndGrads((...varied: tf.Tensor[]) => {
      const { direction, volatility, quantiles } = jointLosses(
        headsOf(varied.slice(trunk.weightCount), trunk.outputs(varied, batch.inputs), network.hidden.length),
        batch,
        correctionBound,
      );
      Object.assign(sums, {
        direction: direction.dataSync()[0],
        volatility: volatility.dataSync()[0],
        quantiles: quantiles.dataSync()[0],
      });
      const heads = tf.add(tf.mul(direction, scale.direction), tf.mul(volatility, scale.volatility));
      return tf.add(heads, tf.mul(quantiles, scale.quantiles)) as tf.Scalar;
    })(weights);
    return grads.map((gradient) => gradient.dataSync<"float32">().slice());
  });
  return { sums, tensors };
}

function headsOf(weights: readonly tf.Tensor[], inputs: tf.Tensor2D, hiddenLayers: number): HeadTensors {
  let at = 0;
  const affine = (x: tf.Tensor2D) => {
    const kernel = weights[at++] as tf.Tensor2D, bias = weights[at++] as tf.Tensor1D;
    return tf.add(tf.matMul(x, kernel), bias) as tf.Tensor2D;
  };
  let hidden = inputs;
  for (let i = 0; i < hiddenLayers; i++) hidden = tf.relu(affine(hidden));
  const logit = affine(hidden), correction = tf.tanh(affine(hidden));
  const centre = affine(hidden), steps = tf.softplus(affine(hidden));
  return { logit, correction, increments: tf.concat2d([centre, steps], 1) };
}

function batchTensors(rows: TrainingRows, picked: Int32Array): BatchTensors {
  const { width } = rows, inputs = new Float32Array(picked.length * width);
  picked.forEach((row, i) => inputs.set(rows.inputs.subarray(row * width, (row + 1) * width), i * width));
  const column = (valueAt: (row: number) => number) =>
    tf.tensor2d(Float32Array.from(picked, valueAt), [picked.length, 1]);
  return {
    inputs: tf.tensor2d(inputs, [picked.length, width]),
    plainLogit: column((row) => rows.plainLogit[row]!),
    harLogVariance: column((row) => rows.harLogVariance[row]!),
    returnBps: column((row) => rows.returnBps[row]!),
    realizedVariance: column((row) => rows.realizedVarianceBps2[row]!),
    up: column((row) => rows.returnBps[row]! > 0 ? 1 : 0),
    moved: column((row) => rows.returnBps[row] === 0 ? 0 : 1),
  };
}
