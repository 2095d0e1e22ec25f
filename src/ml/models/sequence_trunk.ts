import type { Random } from "../../core/mod.ts";

/** Where a row of inputs holds its window: `steps` minutes from `start` on, oldest first, `channels` values each. */
export interface WindowInputs {
  readonly start: number;
  readonly steps: number;
  readonly channels: number;
}

/** A convolution over positions, without padding: position p of its output sees `p·stride + tap·dilation` of its input. */
export interface ConvolutionShape {
  readonly units: number;
  readonly kernelSize: number;
  readonly dilation: number;
  readonly stride: number;
  /** Adds the newest of the inputs that an output sees, after the activation; as many units as inputs, stride 1. */
  readonly residual: boolean;
}

/** What lies over the window. Only its last position goes on, so a convolution computes what that one needs. */
export type SequenceShape =
  | { readonly kind: "convolutions"; readonly layers: readonly ConvolutionShape[] }
  | { readonly kind: "gru"; readonly units: number };

/** A convolution with its numbers; its activation is ReLU. */
export interface ConvolutionLayer extends ConvolutionShape {
  /** Name in `model.json`. */
  readonly name: string;
  readonly inputs: number;
  /** Row-major `[kernelSize, inputs, units]`. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/**
 * A gated recurrent unit (Cho et al. 2014) as Keras has it with `reset_after` false: gates z, r and candidate side by side;
 * h' = z·h + (1 − z)·tanh(x·W + (r·h)·R + b), from h = 0 on.
 */
export interface GruLayer {
  /** Name in `model.json`. */
  readonly name: string;
  readonly inputs: number;
  readonly units: number;
  /** Row-major `[inputs, 3 units]`. */
  readonly kernel: Float32Array;
  /** Row-major `[units, 3 units]`. */
  readonly recurrentKernel: Float32Array;
  readonly bias: Float32Array;
}

/** A {@linkcode SequenceShape} with its numbers, over a window. */
export type SequenceTrunk =
  & { readonly window: WindowInputs }
  & (
    | { readonly kind: "convolutions"; readonly layers: readonly ConvolutionLayer[] }
    | { readonly kind: "gru"; readonly layer: GruLayer }
  );

/** One array of numbers of a network. */
export interface NamedTensor {
  /** Name in `model.json`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Whether weight decay applies: to kernels, not to biases. */
  readonly decays: boolean;
}

/** A trunk as training starts. @throws {RangeError} where the shape does not fit the window. */
export function startTrunk(random: Random, shape: SequenceShape, window: WindowInputs): SequenceTrunk {
  const { channels } = window;
  const normals = (count: number, variance: number) =>
    Float32Array.from({ length: count }, () => Math.sqrt(variance) * random.normal());
  if (shape.kind === "gru") {
    const { units } = shape, bias = new Float32Array(3 * units);
    bias.fill(1, 0, units); // keeps most of the state at first, so that early minutes are heard of at the end
    const kernel = normals(3 * channels * units, 2 / (channels + units));
    const recurrentKernel = normals(3 * units * units, 1 / units);
    return { window, kind: "gru", layer: { name: "gru", inputs: channels, units, kernel, recurrentKernel, bias } };
  }
  let inputs = channels;
  const layers = shape.layers.map((layer, i): ConvolutionLayer => {
    const seen = layer.kernelSize * inputs;
    const kernel = normals(seen * layer.units, 2 / seen); // He et al. 2015, for ReLU
    const whole = { ...layer, name: `convolution_${i + 1}`, inputs, kernel, bias: new Float32Array(layer.units) };
    inputs = layer.units;
    return whole;
  });
  neededPositions(layers, window);
  return { window, kind: "convolutions", layers };
}

/** What a trunk is but for its numbers, as `model.json` and a checkpoint's digest have it. */
export function trunkDescription(trunk: SequenceTrunk): SequenceShape & { readonly window: WindowInputs } {
  const { window } = trunk;
  if (trunk.kind === "gru") return { window, kind: "gru", units: trunk.layer.units };
  const layers = trunk.layers.map(({ units, kernelSize, dilation, stride, residual }) => (
    { units, kernelSize, dilation, stride, residual }
  ));
  return { window, kind: "convolutions", layers };
}

/** Values that a trunk hands on. */
export function trunkUnits(trunk: SequenceTrunk): number {
  return trunk.kind === "gru" ? trunk.layer.units : trunk.layers.at(-1)!.units;
}

/** A trunk's numbers in the order of training and of `weights.bin`. */
export function trunkTensors(trunk: SequenceTrunk): NamedTensor[] {
  if (trunk.kind === "convolutions") {
    return trunk.layers.flatMap(({ name, kernelSize, inputs, units, kernel, bias }) => [
      // As Keras has a convolution over rows of a picture that is one value wide.
      { name: `${name}/kernel`, shape: [kernelSize, 1, inputs, units], values: kernel, decays: true },
      { name: `${name}/bias`, shape: [units], values: bias, decays: false },
    ]);
  }
  const { name, inputs, units, kernel, recurrentKernel, bias } = trunk.layer;
  return [
    { name: `${name}/kernel`, shape: [inputs, 3 * units], values: kernel, decays: true },
    { name: `${name}/recurrent_kernel`, shape: [units, 3 * units], values: recurrentKernel, decays: true },
    { name: `${name}/bias`, shape: [3 * units], values: bias, decays: false },
  ];
}

/** The same trunk with other numbers, in the order of {@linkcode trunkTensors}. @throws {RangeError} on another size. */
export function withTrunkTensors(trunk: SequenceTrunk, tensors: readonly Float32Array[]): SequenceTrunk {
  trunkTensors(trunk).forEach(({ name, values }, i) => {
    if (tensors[i]?.length === values.length) return;
    throw new RangeError(`Cannot set '${name}' of ${values.length} values: current size is ${tensors[i]?.length}`);
  });
  if (trunk.kind === "convolutions") {
    const layers = trunk.layers.map((layer, i) => ({ ...layer, kernel: tensors[2 * i]!, bias: tensors[2 * i + 1]! }));
    return { ...trunk, layers };
  }
  const [kernel, recurrentKernel, bias] = tensors as [Float32Array, Float32Array, Float32Array];
  return { ...trunk, layer: { ...trunk.layer, kernel, recurrentKernel, bias } };
}

/** Which positions of its output a layer computes, and where in its input's list each tap of each of them lies. */
export interface LayerPositions {
  /** Positions of the output, ascending. */
  readonly outputs: readonly number[];
  /** For each output, for each tap, oldest first, an index into the layer before's `outputs`, or into the window. */
  readonly taps: readonly (readonly number[])[];
}

/**
 * Positions that the last one of the last layer needs, layer by layer: with dilations, a third of all.
 *
 * @throws {RangeError} where a layer has no position, or a residual that does not fit.
 */
export function neededPositions(
  layers: readonly (ConvolutionShape & { readonly name: string; readonly inputs: number })[],
  { steps }: Pick<WindowInputs, "steps">,
): LayerPositions[] {
  let length = steps;
  const lengths = layers.map((layer) => {
    const { name, kernelSize, dilation, stride } = layer;
    if (layer.residual && (stride !== 1 || layer.inputs !== layer.units)) {
      throw new RangeError(`Cannot add the inputs of '${name}' to its outputs: stride 1 and equal widths allow it`);
    }
    const span = (kernelSize - 1) * dilation + 1;
    if (span > length) throw new RangeError(`Cannot lay '${name}' of ${span} positions over ${length}`);
    return length = Math.floor((length - span) / stride) + 1;
  });
  const all: LayerPositions[] = [];
  let outputs: readonly number[] = [length - 1];
  for (let i = layers.length - 1; i >= 0; i--) {
    const { kernelSize, dilation, stride } = layers[i]!;
    const seen = outputs.map((p) => Array.from({ length: kernelSize }, (_, tap) => p * stride + tap * dilation));
    const before = i === 0
      ? Array.from({ length: steps }, (_, position) => position)
      : [...new Set(seen.flat())].sort((a, b) => a - b).filter((position) => position < lengths[i - 1]!);
    const indexOf = new Map(before.map((position, index) => [position, index]));
    all.unshift({ outputs, taps: seen.map((positions) => positions.map((position) => indexOf.get(position)!)) });
    outputs = before;
  }
  return all;
}
