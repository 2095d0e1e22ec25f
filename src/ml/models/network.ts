import { softplus } from "../logistic_functions.ts";
import { type Random, seededRandom } from "../../core/mod.ts";

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
 * A trunk of dense layers with four small layers on its end, which make the three outputs `logit [N,1]`,
 * `logVarianceCorrection [N,1]` in (−1, 1) and `quantileIncrements [N,9]`: the centre and, not negative, four steps up
 * (.75 .9 .95 .99) and four down (.25 .1 .05 .01).
 */
export interface Network {
  readonly hidden: readonly DenseLayer[];
  readonly logit: DenseLayer;
  readonly logVarianceCorrection: DenseLayer;
  readonly quantileCentre: DenseLayer;
  readonly quantileSteps: DenseLayer;
}

/** Values a row of `quantileIncrements` has: the centre, four steps up, four down. */
export const INCREMENTS = 9;
const STEPS = INCREMENTS - 1;

/** Row-major `[9 increments, 9 levels]`: increments · this = standardised quantiles, ascending. */
export const INCREMENTS_TO_QUANTILES: Float32Array = incrementMatrix();

/** The layers in the order of training, of `weights.bin` and of `networkFromTensors`. */
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
  let width = start.inputs;
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
    hidden,
    logit: head("logit", "linear", [0]),
    logVarianceCorrection: head("logVarianceCorrection", "tanh", [0]),
    quantileCentre: head("quantileCentre", "linear", [q[4]!]),
    quantileSteps: head("quantileSteps", "softplus", steps.map(inverseSoftplus)),
  };
}

/** The same network with other numbers: kernels and biases by turns, in the order of {@linkcode layersOf}. */
export function withTensors(network: Network, tensors: readonly Float32Array[]): Network {
  let at = 0;
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
    hidden: network.hidden.map(next),
    logit: next(network.logit),
    logVarianceCorrection: next(network.logVarianceCorrection),
    quantileCentre: next(network.quantileCentre),
    quantileSteps: next(network.quantileSteps),
  };
}

/** Kernels and biases by turns, in the order of {@linkcode layersOf}. */
export function tensorsOf(network: Network): Float32Array[] {
  return layersOf(network).flatMap((layer) => [layer.kernel, layer.bias]);
}

/** The network's three outputs, one row at a time, without an allocation a row. */
export class NetworkForward {
  readonly #network: Network;
  readonly #buffers: readonly Float64Array[];
  readonly #one = new Float64Array(1);
  readonly #steps = new Float64Array(STEPS);

  /** Allocates the buffers of one row. */
  constructor(network: Network) {
    this.#network = network;
    this.#buffers = network.hidden.map((layer) => new Float64Array(layer.units));
  }

  /** Inputs that a row has. */
  get inputs(): number {
    return (this.#network.hidden[0] ?? this.#network.logit).inputs;
  }

  /** Reads `inputs`, writes the nine increments into `increments`, returns the two numbers. */
  run(inputs: Float64Array, increments: Float64Array): { logit: number; correction: number } {
    const { hidden, logit, logVarianceCorrection, quantileCentre, quantileSteps } = this.#network;
    let current = inputs;
    for (let i = 0; i < hidden.length; i++) {
      dense(hidden[i]!, current, this.#buffers[i]!);
      current = this.#buffers[i]!;
    }
    dense(quantileCentre, current, this.#one);
    increments[0] = this.#one[0]!;
    dense(quantileSteps, current, this.#steps);
    increments.set(this.#steps, 1);
    dense(logit, current, this.#one);
    const logitValue = this.#one[0]!;
    dense(logVarianceCorrection, current, this.#one);
    return { logit: logitValue, correction: this.#one[0]! };
  }
}

/** Means of the outputs of networks that read the same inputs: an ensemble's answer. */
export class EnsembleForward {
  readonly #forwards: readonly NetworkForward[];
  readonly #member = new Float64Array(INCREMENTS);

  /** Allocates the buffers of one row for each network, of which there is at least one. */
  constructor(networks: readonly Network[]) {
    this.#forwards = networks.map((network) => new NetworkForward(network));
    const [first] = this.#forwards;
    if (first === undefined) throw new RangeError("Cannot average the outputs of no network");
    for (const { inputs } of this.#forwards) {
      if (inputs === first.inputs) continue;
      throw new RangeError(`Cannot average networks of ${first.inputs} and of ${inputs} inputs`);
    }
  }

  /** Inputs that a row has. */
  get inputs(): number {
    return this.#forwards[0]!.inputs;
  }

  /** As {@linkcode NetworkForward.run}. */
  run(inputs: Float64Array, increments: Float64Array): { logit: number; correction: number } {
    const members = this.#forwards.length;
    if (members === 1) return this.#forwards[0]!.run(inputs, increments);
    increments.fill(0);
    let logit = 0, correction = 0;
    for (const forward of this.#forwards) {
      const member = forward.run(inputs, this.#member);
      logit += member.logit / members;
      correction += member.correction / members;
      for (let i = 0; i < INCREMENTS; i++) increments[i]! += this.#member[i]! / members;
    }
    return { logit, correction };
  }
}

function dense(layer: DenseLayer, inputs: Float64Array, out: Float64Array): void {
  const { kernel, bias, units } = layer;
  for (let j = 0; j < units; j++) out[j] = bias[j]!;
  let i = 0;
  // Four inputs at once: a fourth of the loads and stores of the sums, which are what this loop waits for.
  for (; i + 4 <= layer.inputs; i += 4) {
    const a = inputs[i]!, b = inputs[i + 1]!, c = inputs[i + 2]!, d = inputs[i + 3]!;
    if (a === 0 && b === 0 && c === 0 && d === 0) continue; // flags are mostly zero
    const rowA = i * units, rowB = rowA + units, rowC = rowB + units, rowD = rowC + units;
    for (let j = 0; j < units; j++) {
      out[j]! += a * kernel[rowA + j]! + b * kernel[rowB + j]! + c * kernel[rowC + j]! + d * kernel[rowD + j]!;
    }
  }
  for (; i < layer.inputs; i++) {
    const value = inputs[i]!, row = i * units;
    for (let j = 0; j < units; j++) out[j]! += value * kernel[row + j]!;
  }
  switch (layer.activation) {
    case "relu":
      for (let j = 0; j < units; j++) if (out[j]! < 0) out[j] = 0;
      return;
    case "tanh":
      for (let j = 0; j < units; j++) out[j] = Math.tanh(out[j]!);
      return;
    case "softplus":
      for (let j = 0; j < units; j++) out[j] = softplus(out[j]!);
      return;
    case "linear":
  }
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
