import { type LayerJson, layerJson } from "./layers_json.ts";
import type { ConvolutionLayer, SequenceTrunk } from "./sequence_trunk.ts";

const WINDOW_NAME = "window";
const STATIC_NAME = "static";

/** The inputs of a layers model with a trunk: the window, and all that a row of `inputs` values has beside it. */
export function sequenceInputs({ window: { steps, channels } }: SequenceTrunk, inputs: number) {
  return [
    { name: WINDOW_NAME, shape: [steps, channels] },
    { name: STATIC_NAME, shape: [inputs - steps * channels] },
  ];
}

/** Layers from the two inputs to what the dense ones read, which is the last one's output. */
export function sequenceLayers(trunk: SequenceTrunk, prefix: string): LayerJson[] {
  const layers = trunk.kind === "gru"
    ? [layerJson("GRU", prefix + trunk.layer.name, [WINDOW_NAME], {
      units: trunk.layer.units,
      activation: "tanh",
      recurrent_activation: "sigmoid",
      use_bias: true,
      reset_after: false,
      return_sequences: false,
    })]
    : convolutionLayers(trunk.layers, trunk.window, prefix);
  return [...layers, layerJson("Concatenate", `${prefix}joined`, [layers.at(-1)!.name, STATIC_NAME], { axis: -1 })];
}

/**
 * As convolutions over a picture one value wide: tfjs has Cropping2D, but no Cropping1D, and the residuals need the newest of
 * what a layer saw.
 */
function convolutionLayers(
  convolutions: readonly ConvolutionLayer[],
  { steps, channels }: SequenceTrunk["window"],
  prefix: string,
): LayerJson[] {
  const reshape = (name: string, from: string, shape: readonly number[]) =>
    layerJson("Reshape", prefix + name, [from], { target_shape: shape });
  const crop = (name: string, from: string, oldest: number) =>
    layerJson("Cropping2D", prefix + name, [from], {
      cropping: [[oldest, 0], [0, 0]],
      data_format: "channels_last",
    });
  const layers = [reshape("window_column", WINDOW_NAME, [steps, 1, channels])];
  let length = steps;
  for (const { name, units, kernelSize, dilation, stride, residual } of convolutions) {
    const before = layers.at(-1)!.name, span = (kernelSize - 1) * dilation;
    layers.push(layerJson("Conv2D", prefix + name, [before], {
      filters: units,
      kernel_size: [kernelSize, 1],
      strides: [stride, 1],
      dilation_rate: [dilation, 1],
      padding: "valid",
      data_format: "channels_last",
      activation: "relu",
      use_bias: true,
    }));
    if (residual) {
      layers.push(crop(`${name}_newest`, before, span));
      layers.push(layerJson("Add", `${prefix}${name}_sum`, [prefix + name, `${prefix}${name}_newest`], {}));
    }
    length = Math.floor((length - span - 1) / stride) + 1;
  }
  if (length > 1) layers.push(crop("last_position", layers.at(-1)!.name, length - 1));
  return [...layers, reshape("last_values", layers.at(-1)!.name, [convolutions.at(-1)!.units])];
}
