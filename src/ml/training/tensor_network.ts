import * as tf from "@tensorflow/tfjs-core";
import { dense } from "../kernels/dense.ts";
import { namedTensorsOf, type Network } from "../models/network.ts";
import { type SequenceTrunk, trunkTensors } from "../models/sequence_trunk.ts";
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
  /**
   * Forward pass up to what the heads answer before their activations, `[rows, 11]`: logit, correction, centre, four
   * steps up, four down. `weights` are in the order of {@linkcode TensorNetwork.weights}, `inputs` are `[rows, width]`.
   */
  outputs(weights: readonly tf.Tensor[], inputs: tf.Tensor2D): tf.Tensor2D;
}

/** The network as tensors, its weights in the order of `tensorsOf`. */
export function tensorNetwork(network: Network): TensorNetwork {
  const trunk = trunkOf(network);
  return {
    weights: namedTensorsOf(network).map(({ values, shape, decays }) => ({ values, shape: [...shape], decays })),
    outputs(weights, inputs) {
      const flat = weights.slice(trunk.weightCount);
      const layers = Array.from(
        { length: flat.length / 2 },
        (_, i) => ({ kernel: flat[2 * i] as tf.Tensor2D, bias: flat[2 * i + 1] as tf.Tensor1D }),
      );
      const heads = layers.splice(network.hidden.length);
      const start = trunk.outputs(weights, inputs);
      const hidden = layers.reduce((x, { kernel, bias }) => dense(x, kernel, bias, { relu: true }), start);
      // The heads as one layer: four small products would take four times as long.
      const kernel = tf.concat2d(heads.map((head) => head.kernel), 1);
      return dense(hidden, kernel, tf.concat1d(heads.map((head) => head.bias)));
    },
  };
}

/** What lies before the dense layers of a network, and how many of its first weights are its own. */
export function trunkOf({ sequence }: Network): Pick<TensorNetwork, "outputs"> & { readonly weightCount: number } {
  if (sequence === undefined) return { weightCount: 0, outputs: (_, inputs) => inputs };
  const weightCount = trunkTensors(sequence).length;
  return { weightCount, outputs: joinedTrunk(sequence, weightCount) };
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
