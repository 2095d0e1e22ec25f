import { type Random, seededRandom } from "../../core/mod.ts";
import {
  type NamedTensor,
  type SequenceShape,
  type SequenceTrunk,
  startTrunk,
  trunkTensors,
  trunkUnits,
  type WindowInputs,
  withTrunkTensors,
} from "./sequence_trunk.ts";

/** Elementwise function of a layer. */
export type Activation = "linear" | "relu" | "tanh" | "softplus";

/** A dense layer: y = activation(x · kernel + bias). */
export interface DenseLayer {
  /** Name in `model.json`. */
  readonly name: string;
  readonly inputs: number;
  readonly units: number;
  readonly activation: Activation;
  /** Row-major `[inputs, units]`. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/**
 * A trunk of dense layers, where there is a sequence trunk on what that makes of the window beside all other inputs, with
 * four small layers on its end, which make the three outputs `logit [N,1]`,
 * `logVarianceCorrection [N,1]` in (−1, 1) and `quantileIncrements [N,9]`: the centre and, not negative, four steps up
 * (.75 .9 .95 .99) and four down (.25 .1 .05 .01).
 */
export interface Network {
  /** Reads the window of a row; absent where a row has none. */
  readonly sequence?: SequenceTrunk;
  readonly hidden: readonly DenseLayer[];
  readonly logit: DenseLayer;
  readonly logVarianceCorrection: DenseLayer;
  readonly quantileCentre: DenseLayer;
  readonly quantileSteps: DenseLayer;
}

/** Values a row of `quantileIncrements` has: the centre, four steps up, four down. */
export const INCREMENTS = 9;

/** Row-major `[9 increments, 9 levels]`: increments · this = standardised quantiles, ascending. */
export const INCREMENTS_TO_QUANTILES: Float32Array = incrementMatrix();

/** The dense layers in the order of training and of `weights.bin`. */
export function layersOf(network: Network): readonly DenseLayer[] {
  return [
    ...network.hidden,
    network.logit,
    network.logVarianceCorrection,
    network.quantileCentre,
    network.quantileSteps,
  ];
}

/** What a fresh network starts as. */
export interface NetworkStart {
  readonly inputs: number;
  /** What reads the window, and where the inputs hold it. @default nothing, each input goes to the first hidden layer */
  readonly sequence?: { readonly shape: SequenceShape; readonly window: WindowInputs };
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  /** The last inputs that are 0/1 flags: their weights start at 0, so a flag that training never saw stays mute. */
  readonly flags: number;
  /** Standardised quantiles that every row gets at the start, ascending. */
  readonly quantiles: readonly number[];
  readonly seed: number;
}

/** A network whose heads answer the plain baselines for every row, until training moves them. */
export function startNetwork(start: NetworkStart): Network {
  const random = seededRandom(start.seed);
  const hidden: DenseLayer[] = [];
  const sequence = start.sequence === undefined
    ? undefined
    : startTrunk(random, start.sequence.shape, start.sequence.window);
  let width = sequence === undefined ? start.inputs : joinedWidth(sequence, start.inputs);
  start.hidden.forEach((units, i) => {
    const kernel = heKernel(random, width, units);
    if (i === 0) kernel.fill(0, (width - start.flags) * units);
    hidden.push({
      name: `hidden_${i + 1}`,
      inputs: width,
      units,
      activation: "relu",
      kernel,
      bias: new Float32Array(units),
    });
    width = units;
  });
  const head = (name: string, activation: Activation, bias: readonly number[]): DenseLayer => ({
    name,
    inputs: width,
    units: bias.length,
    activation,
    kernel: new Float32Array(width * bias.length),
    bias: Float32Array.from(bias),
  });
  const q = start.quantiles;
  const steps = [q[5]! - q[4]!, q[6]! - q[5]!, q[7]! - q[6]!, q[8]! - q[7]!];
  steps.push(q[4]! - q[3]!, q[3]! - q[2]!, q[2]! - q[1]!, q[1]! - q[0]!);
  return {
    ...(sequence === undefined ? {} : { sequence }),
    hidden,
    logit: head("logit", "linear", [0]),
    logVarianceCorrection: head("logVarianceCorrection", "tanh", [0]),
    quantileCentre: head("quantileCentre", "linear", [q[4]!]),
    quantileSteps: head("quantileSteps", "softplus", steps.map(inverseSoftplus)),
  };
}

/** Values that go into the first dense layer: what the trunk makes, then the inputs outside of the window. */
function joinedWidth(sequence: SequenceTrunk, inputs: number): number {
  const { steps, channels } = sequence.window;
  return trunkUnits(sequence) + inputs - steps * channels;
}

/** Inputs that a row has. */
export function inputsOf({ sequence, hidden, logit }: Network): number {
  const width = (hidden[0] ?? logit).inputs;
  if (sequence === undefined) return width;
  return width - trunkUnits(sequence) + sequence.window.steps * sequence.window.channels;
}

/** The same network with other numbers, in the order of {@linkcode tensorsOf}. */
export function withTensors(network: Network, tensors: readonly Float32Array[]): Network {
  let at = network.sequence === undefined ? 0 : trunkTensors(network.sequence).length;
  const sequence = network.sequence && withTrunkTensors(network.sequence, tensors.slice(0, at));
  const next = (layer: DenseLayer): DenseLayer => {
    const kernel = tensors[at++], bias = tensors[at++];
    if (kernel?.length !== layer.kernel.length || bias?.length !== layer.bias.length) {
      throw new RangeError(
        `Cannot set layer '${layer.name}' of ${layer.inputs}x${layer.units}: sizes are ${kernel?.length} and ${bias?.length}`,
      );
    }
    return { ...layer, kernel, bias };
  };
  return {
    ...(sequence === undefined ? {} : { sequence }),
    hidden: network.hidden.map(next),
    logit: next(network.logit),
    logVarianceCorrection: next(network.logVarianceCorrection),
    quantileCentre: next(network.quantileCentre),
    quantileSteps: next(network.quantileSteps),
  };
}

/** The sequence trunk's numbers, then kernels and biases by turns in the order of {@linkcode layersOf}. */
export function namedTensorsOf(network: Network): NamedTensor[] {
  return [
    ...(network.sequence === undefined ? [] : trunkTensors(network.sequence)),
    ...layersOf(network).flatMap(({ name, inputs, units, kernel, bias }) => [
      { name: `${name}/kernel`, shape: [inputs, units], values: kernel, decays: true },
      { name: `${name}/bias`, shape: [units], values: bias, decays: false },
    ]),
  ];
}

/** The values of {@linkcode namedTensorsOf}. */
export function tensorsOf(network: Network): Float32Array[] {
  return namedTensorsOf(network).map(({ values }) => values);
}

/** x with softplus(x) = y; steps of 0 become tiny ones. */
function inverseSoftplus(y: number): number {
  return Math.log(Math.expm1(Math.max(y, 1e-4)));
}

/** Normal with variance 2 / inputs (He et al. 2015), for ReLU layers. */
function heKernel(random: Random, inputs: number, units: number): Float32Array {
  const scale = Math.sqrt(2 / inputs);
  return Float32Array.from({ length: inputs * units }, () => scale * random.normal());
}

function incrementMatrix(): Float32Array {
  const matrix = new Float32Array(INCREMENTS * INCREMENTS);
  const centre = 4;
  for (let level = 0; level < INCREMENTS; level++) {
    matrix[level] = 1;
    for (let step = 1; step <= level - centre; step++) matrix[step * INCREMENTS + level] = 1;
    for (let step = 1; step <= centre - level; step++) matrix[(centre + step) * INCREMENTS + level] = -1;
  }
  return matrix;
}
