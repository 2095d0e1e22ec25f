import { softplus } from "../logistic_functions.ts";
import { addProduct, addProducts, PRODUCT_ROWS } from "./matrix_vector.ts";
import { type DenseLayer, INCREMENTS, inputsOf, type Network } from "./network.ts";
import { type TrunkForward, trunkForward } from "./sequence_forward.ts";

const STEPS = INCREMENTS - 1;

/** Most rows of one call: what is read of a kernel serves all of them. */
export const FORWARD_ROWS = PRODUCT_ROWS;

/** The three outputs of up to {@linkcode FORWARD_ROWS} rows. */
export interface NetworkOutputs {
  readonly logit: Float64Array;
  readonly correction: Float64Array;
  /** Nine a row. */
  readonly increments: Float64Array;
}

/** Room for the outputs of a call. */
export function allocateOutputs(): NetworkOutputs {
  return {
    logit: new Float64Array(FORWARD_ROWS),
    correction: new Float64Array(FORWARD_ROWS),
    increments: new Float64Array(FORWARD_ROWS * INCREMENTS),
  };
}

/** The network's three outputs, a few rows at a time, without an array a row but for views; a row's do not depend on the others. */
export class NetworkForward {
  /** Inputs that a row has. */
  readonly inputs: number;
  readonly #network: Network;
  readonly #trunk: TrunkForward | undefined;
  /** What the trunk makes of each row, then the inputs outside of the window. */
  readonly #joined: Float64Array;
  readonly #buffers: readonly Float64Array[];
  readonly #centres = new Float64Array(FORWARD_ROWS);
  readonly #steps = new Float64Array(FORWARD_ROWS * STEPS);

  /** Allocates the buffers. */
  constructor(network: Network) {
    const { sequence, hidden, logit } = network;
    this.inputs = inputsOf(network);
    this.#network = network;
    this.#trunk = sequence && trunkForward(sequence);
    this.#joined = new Float64Array(sequence === undefined ? 0 : FORWARD_ROWS * (hidden[0] ?? logit).inputs);
    this.#buffers = network.hidden.map((layer) => new Float64Array(FORWARD_ROWS * layer.units));
  }

  /** Reads the inputs of `rows` rows one after the other, and writes as many outputs. */
  run(inputs: Float64Array, rows: number, out: NetworkOutputs): void {
    const { hidden, logit, logVarianceCorrection, quantileCentre, quantileSteps } = this.#network;
    let current = this.#trunk === undefined ? inputs : this.#joinRows(this.#trunk, inputs, rows);
    for (let i = 0; i < hidden.length; i++) {
      dense(hidden[i]!, current, rows, this.#buffers[i]!);
      current = this.#buffers[i]!;
    }
    dense(quantileCentre, current, rows, this.#centres);
    dense(quantileSteps, current, rows, this.#steps);
    for (let row = 0; row < rows; row++) {
      const at = row * INCREMENTS;
      out.increments[at] = this.#centres[row]!;
      for (let i = 0; i < STEPS; i++) out.increments[at + 1 + i] = this.#steps[row * STEPS + i]!;
    }
    dense(logit, current, rows, out.logit);
    dense(logVarianceCorrection, current, rows, out.correction);
  }

  #joinRows(trunk: TrunkForward, inputs: Float64Array, rows: number): Float64Array {
    const width = this.#joined.length / FORWARD_ROWS;
    for (let row = 0; row < rows; row++) {
      const own = inputs.subarray(row * this.inputs, (row + 1) * this.inputs);
      this.#join(trunk, own, this.#joined.subarray(row * width, (row + 1) * width));
    }
    return this.#joined;
  }

  #join(trunk: TrunkForward, inputs: Float64Array, joined: Float64Array): void {
    const { window } = this.#network.sequence!, end = window.start + window.steps * window.channels;
    let at = joined.length - inputs.length + end - window.start;
    trunk(inputs, joined);
    for (let i = 0; i < window.start; i++) joined[at++] = inputs[i]!;
    for (let i = end; i < inputs.length; i++) joined[at++] = inputs[i]!;
  }
}

/** Means of the outputs of networks that read the same inputs: an ensemble's answer. */
export class EnsembleForward {
  readonly #forwards: readonly NetworkForward[];
  readonly #member = allocateOutputs();

  /** Allocates the buffers of each network, of which there is at least one. */
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
  run(inputs: Float64Array, rows: number, out: NetworkOutputs): void {
    const members = this.#forwards.length, own = this.#member;
    if (members === 1) return this.#forwards[0]!.run(inputs, rows, out);
    out.logit.fill(0, 0, rows);
    out.correction.fill(0, 0, rows);
    out.increments.fill(0, 0, rows * INCREMENTS);
    for (const forward of this.#forwards) {
      forward.run(inputs, rows, own);
      addShares(out.logit, own.logit, rows, members);
      addShares(out.correction, own.correction, rows, members);
      addShares(out.increments, own.increments, rows * INCREMENTS, members);
    }
  }
}

function addShares(sums: Float64Array, values: Float64Array, count: number, members: number): void {
  for (let i = 0; i < count; i++) sums[i]! += values[i]! / members;
}

function dense(layer: DenseLayer, inputs: Float64Array, rows: number, out: Float64Array): void {
  const { kernel, bias, units } = layer, count = rows * units;
  for (let at = 0; at < count; at += units) for (let j = 0; j < units; j++) out[at + j] = bias[j]!;
  if (rows === PRODUCT_ROWS) addProducts(kernel, inputs, layer.inputs, out, units);
  else {
    for (let row = 0; row < rows; row++) {
      addProduct(kernel, 0, inputs, row * layer.inputs, layer.inputs, out, row * units, units);
    }
  }
  switch (layer.activation) {
    case "relu":
      for (let j = 0; j < count; j++) if (out[j]! < 0) out[j] = 0;
      return;
    case "tanh":
      for (let j = 0; j < count; j++) out[j] = Math.tanh(out[j]!);
      return;
    case "softplus":
      for (let j = 0; j < count; j++) out[j] = softplus(out[j]!);
      return;
    case "linear":
  }
}
