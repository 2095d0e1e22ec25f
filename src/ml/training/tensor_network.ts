import * as tf from "@tensorflow/tfjs-core";
import { namedTensorsOf, type Network } from "../models/network.ts";
import { type SequenceTrunk, trunkTensors } from "../models/sequence_trunk.ts";
import type { HeadTensors } from "./joint_loss.ts";
import { trunkTensorNetwork } from "./sequence_tensors.ts";

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

/** The network as tensors, its weights in the order of `tensorsOf`. */
export function tensorNetwork(network: Network): TensorNetwork {
  const { sequence } = network;
  const trunkWeights = sequence === undefined ? 0 : trunkTensors(sequence).length;
  const trunk = sequence && joinedTrunk(sequence, trunkWeights);
  return {
    weights: namedTensorsOf(network).map(({ values, shape, decays }) => ({ values, shape: [...shape], decays })),
    outputs(weights, inputs) {
      let at = trunkWeights;
      const affine = (x: tf.Tensor2D) => {
        const kernel = weights[at++] as tf.Tensor2D, bias = weights[at++] as tf.Tensor1D;
        return tf.add(tf.matMul(x, kernel), bias) as tf.Tensor2D;
      };
      let hidden = trunk === undefined ? inputs : trunk(weights, inputs);
      for (let i = 0; i < network.hidden.length; i++) hidden = tf.relu(affine(hidden));
      const logit = affine(hidden), correction = tf.tanh(affine(hidden));
      const centre = affine(hidden), steps = tf.softplus(affine(hidden));
      return { logit, correction, increments: tf.concat2d([centre, steps], 1) };
    },
  };
}

/** What the trunk makes of the window, then the inputs outside of it. */
function joinedTrunk(sequence: SequenceTrunk, weightCount: number) {
  const { window: { start, steps, channels } } = sequence, trunk = trunkTensorNetwork(sequence);
  return (weights: readonly tf.Tensor[], inputs: tf.Tensor2D): tf.Tensor2D => {
    const sizes = [start, steps * channels, inputs.shape[1] - start - steps * channels];
    const present = sizes.filter((size) => size > 0), parts = tf.split(inputs, present, 1) as tf.Tensor2D[];
    const [window] = parts.splice(start > 0 ? 1 : 0, 1);
    const read = trunk(weights.slice(0, weightCount), window!);
    return parts.length === 0 ? read : tf.concat2d([read, ...parts], 1);
  };
}
