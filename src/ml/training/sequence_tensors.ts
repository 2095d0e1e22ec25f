import * as tf from "@tensorflow/tfjs-core";
import {
  type ConvolutionLayer,
  type LayerPositions,
  neededPositions,
  type SequenceTrunk,
  type WindowInputs,
} from "../models/sequence_trunk.ts";

/** What a trunk makes of windows `[rows, steps · channels]`: `[rows, units]`; weights as in `trunkTensors`. */
export type TrunkTensors = (weights: readonly tf.Tensor[], window: tf.Tensor2D) => tf.Tensor2D;

/**
 * The forward pass of a trunk on the tape of tfjs. Windows are cut into minutes once, by a split, whose gradient is a
 * concatenation; slices of one tensor would each have a gradient of its whole size.
 */
export function trunkTensorNetwork(trunk: SequenceTrunk): TrunkTensors {
  if (trunk.kind === "gru") return gru(trunk.layer.units, trunk.window);
  const plan = neededPositions(trunk.layers, trunk.window);
  return isPyramid(trunk.layers, trunk.window)
    ? pyramid(trunk.layers)
    : shiftedProducts(trunk.layers, plan, trunk.window);
}

/** Whether each layer cuts all that is before it into parts side by side, so that a reshape lines them up. */
function isPyramid(layers: readonly ConvolutionLayer[], { steps }: WindowInputs): boolean {
  const cuts = layers.every(({ kernelSize, dilation, stride, residual }) =>
    kernelSize === stride && dilation === 1 && !residual
  );
  return cuts && layers.reduce((product, { stride }) => product * stride, 1) === steps;
}

function pyramid(layers: readonly ConvolutionLayer[]): TrunkTensors {
  return (weights, window) => {
    let x = window;
    layers.forEach(({ kernelSize, inputs, units }, i) => {
      const kernel = tf.reshape(weights[2 * i]!, [kernelSize * inputs, units]) as tf.Tensor2D;
      const parts = tf.reshape(x, [-1, kernelSize * inputs]) as tf.Tensor2D;
      x = tf.relu(tf.add(tf.matMul(parts, kernel), weights[2 * i + 1]!)) as tf.Tensor2D;
    });
    return tf.reshape(x, [window.shape[0], layers.at(-1)!.units]) as tf.Tensor2D;
  };
}

/** One product a tap, over the positions that the last one needs, one below the other. */
function shiftedProducts(
  layers: readonly ConvolutionLayer[],
  plan: readonly LayerPositions[],
  { steps }: WindowInputs,
): TrunkTensors {
  return (weights, window) => {
    let positions = tf.split(window, steps, 1) as tf.Tensor2D[];
    layers.forEach(({ kernelSize, inputs, units, residual }, i) => {
      const { taps } = plan[i]!;
      const seen = Array.from(
        { length: kernelSize },
        (_, tap) =>
          taps.length === 1 ? positions[taps[0]![tap]!]! : tf.concat(taps.map((own) => positions[own[tap]!]!), 0),
      );
      const kernels = tf.split(tf.reshape(weights[2 * i]!, [kernelSize * inputs, units]), kernelSize, 0);
      const products = seen.map((x, tap) => tf.matMul(x, kernels[tap] as tf.Tensor2D) as tf.Tensor);
      const sum = products.reduce((total, product) => tf.add(total, product), weights[2 * i + 1]!);
      const activated = tf.relu(sum), out = residual ? tf.add(activated, seen.at(-1)!) : activated;
      positions = (taps.length === 1 ? [out] : tf.split(out, taps.length, 0)) as tf.Tensor2D[];
    });
    return positions[0]!;
  };
}

function gru(units: number, { steps, channels }: WindowInputs): TrunkTensors {
  return (weights, window) => {
    const [kernel, recurrentKernel, bias] = weights as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
    const rows = window.shape[0];
    // Gate by gate: as fast as side by side, where each minute would have to be cut apart again.
    const kernels = tf.split(kernel, 3, 1), recurrent = tf.split(recurrentKernel, 3, 1) as tf.Tensor2D[];
    const biases = tf.split(bias, 3, 0);
    // All minutes of all rows in one product each, minutes one below the other so that a minute's rows lie together.
    const timeMajor = tf.reshape(
      tf.transpose(tf.reshape(window, [rows, steps, channels]), [1, 0, 2]),
      [steps * rows, channels],
    ) as tf.Tensor2D;
    const [update, reset, candidate] = kernels.map((part, gate) =>
      tf.split(tf.add(tf.matMul(timeMajor, part as tf.Tensor2D), biases[gate]!), steps, 0) as tf.Tensor2D[]
    ) as [tf.Tensor2D[], tf.Tensor2D[], tf.Tensor2D[]];
    let state = tf.zeros([rows, units]) as tf.Tensor2D;
    for (let step = 0; step < steps; step++) {
      const z = tf.sigmoid(tf.add(update[step]!, tf.matMul(state, recurrent[0]!)));
      const r = tf.sigmoid(tf.add(reset[step]!, tf.matMul(state, recurrent[1]!)));
      const kept = tf.mul(r, state) as tf.Tensor2D;
      const next = tf.tanh(tf.add(candidate[step]!, tf.matMul(kept, recurrent[2]!)));
      state = tf.add(next, tf.mul(z, tf.sub(state, next))) as tf.Tensor2D;
    }
    return state;
  };
}
