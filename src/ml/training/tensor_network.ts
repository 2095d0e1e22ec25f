import * as tf from "@tensorflow/tfjs-core";
import { layersOf, type Network } from "../models/network.ts";
import type { HeadTensors } from "./joint_loss.ts";

/** A weight of a {@linkcode TensorNetwork} as training starts. */
export interface TensorWeight {
  readonly values: Float32Array;
  readonly shape: number[];
  /** Whether weight decay applies: to kernels, not to biases. */
  readonly decays: boolean;
}

/** A network as a function of tensors, through which the tape of tfjs finds gradients. */
export interface TensorNetwork {
  readonly weights: readonly TensorWeight[];
  /** Forward pass; `weights` in the order of {@linkcode TensorNetwork.weights}, `inputs` are `[rows, width]`. */
  outputs(weights: readonly tf.Tensor[], inputs: tf.Tensor2D): HeadTensors;
}

/** The dense network, whose weights are in the order of `tensorsOf`. */
export function denseTensorNetwork(network: Network): TensorNetwork {
  return {
    weights: layersOf(network).flatMap(({ kernel, bias, inputs, units }) => [
      { values: kernel, shape: [inputs, units], decays: true },
      { values: bias, shape: [units], decays: false },
    ]),
    outputs(weights, inputs) {
      let at = 0;
      const affine = (x: tf.Tensor2D) => {
        const kernel = weights[at++] as tf.Tensor2D, bias = weights[at++] as tf.Tensor1D;
        return tf.add(tf.matMul(x, kernel), bias) as tf.Tensor2D;
      };
      let hidden = inputs;
      for (let i = 0; i < network.hidden.length; i++) hidden = tf.relu(affine(hidden));
      const logit = affine(hidden), correction = tf.tanh(affine(hidden));
      const centre = affine(hidden), steps = tf.softplus(affine(hidden));
      return { logit, correction, increments: tf.concat2d([centre, steps], 1) };
    },
  };
}
