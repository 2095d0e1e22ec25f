import * as tf from "@tensorflow/tfjs-core";
import { QUANTILE_LEVELS } from "../../core/mod.ts";
import { INCREMENTS, INCREMENTS_TO_QUANTILES } from "../models/network.ts";

/** One batch on the backend; all but the inputs are columns `[rows, 1]`. */
export interface BatchTensors {
  readonly inputs: tf.Tensor2D;
  readonly cellLogit: tf.Tensor2D;
  readonly harLogVariance: tf.Tensor2D;
  readonly returnBps: tf.Tensor2D;
  readonly realizedVariance: tf.Tensor2D;
  /** 1 up, 0 down or tie. */
  readonly up: tf.Tensor2D;
  /** 1 where the price moved. */
  readonly moved: tf.Tensor2D;
}

/** The three losses summed over the rows, direction over those that moved, quantiles as the mean over the levels. */
export interface LossTensors {
  readonly direction: tf.Scalar;
  readonly volatility: tf.Scalar;
  readonly quantiles: tf.Scalar;
}

/** What the heads of a network answer, before the plain lines that they add to. */
export interface HeadTensors {
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
export function jointLosses(heads: HeadTensors, batch: BatchTensors, correctionBound: number): LossTensors {
  const { logit: added, correction, increments } = heads;
  const logit = tf.add(batch.cellLogit, added);
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
