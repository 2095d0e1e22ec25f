import { softplus } from "../logistic_functions.ts";
import { addProduct } from "./matrix_vector.ts";
import { type DenseLayer, INCREMENTS, inputsOf, type Network } from "./network.ts";
import { type TrunkForward, trunkForward } from "./sequence_forward.ts";

const STEPS = INCREMENTS - 1;

/** The network's three outputs, one row at a time, without an allocation a row. */
export class NetworkForward {
  /** Inputs that a row has. */
  readonly inputs: number;
  readonly #network: Network;
  readonly #trunk: TrunkForward | undefined;
  /** What the trunk makes, then the inputs outside of the window. */
  readonly #joined: Float64Array;
  readonly #buffers: readonly Float64Array[];
  readonly #one = new Float64Array(1);
  readonly #steps = new Float64Array(STEPS);

  /** Allocates the buffers of one row. */
  constructor(network: Network) {
    const { sequence, hidden, logit } = network;
    this.inputs = inputsOf(network);
    this.#network = network;
    this.#trunk = sequence && trunkForward(sequence);
    this.#joined = new Float64Array(sequence === undefined ? 0 : (hidden[0] ?? logit).inputs);
    this.#buffers = network.hidden.map((layer) => new Float64Array(layer.units));
  }

  /** Reads `inputs`, writes the nine increments into `increments`, returns the two numbers. */
  run(inputs: Float64Array, increments: Float64Array): { logit: number; correction: number } {
    const { hidden, logit, logVarianceCorrection, quantileCentre, quantileSteps } = this.#network;
    let current = this.#trunk === undefined ? inputs : this.#join(this.#trunk, inputs);
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

  #join(trunk: TrunkForward, inputs: Float64Array): Float64Array {
    const joined = this.#joined, { window } = this.#network.sequence!;
    const end = window.start + window.steps * window.channels;
    let at = joined.length - inputs.length + end - window.start;
    trunk(inputs, joined);
    for (let i = 0; i < window.start; i++) joined[at++] = inputs[i]!;
    for (let i = end; i < inputs.length; i++) joined[at++] = inputs[i]!;
    return joined;
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
  addProduct(kernel, 0, inputs, 0, layer.inputs, out, 0, units);
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
