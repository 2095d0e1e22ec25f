import { type DenseNumbers, denseRows, LANE_ROWS } from "../doubles/doubles.ts";
import { softplus } from "../logistic_functions.ts";
import { addProduct } from "./matrix_vector.ts";
import { type Activation, type DenseLayer, INCREMENTS, inputsOf, type Network } from "./network.ts";
import { type TrunkForward, trunkForward } from "./sequence_forward.ts";

/** Most rows of one call: what is read of a kernel serves all of them, and their sums stay in the cache. */
export const FORWARD_ROWS = 64;

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

/** Options of a forward pass. */
export interface ForwardOptions {
  /** Leaves the increments as they are, which cost as much as a hidden layer. @default false */
  readonly withoutIncrements?: boolean;
}

/** The network's three outputs, a few rows at a time, without an array a row but for views; a row's do not depend on the others. */
export class NetworkForward {
  /** Inputs that a row has. */
  readonly inputs: number;
  readonly #network: Network;
  readonly #trunk: TrunkForward | undefined;
  /** What the trunk makes of each row, then the inputs outside of the window. */
  readonly #joined: Float64Array;
  /** Hidden layers, then the heads as one. */
  readonly #layers: readonly { readonly layer: Layer; readonly out: Float64Array }[];

  readonly #hasIncrements: boolean;

  /** Allocates the buffers, and reads the network's numbers: what is changed in them later is not seen. */
  constructor(network: Network, { withoutIncrements = false }: ForwardOptions = {}) {
    const { sequence, hidden, logit } = network;
    const heads = withoutIncrements ? headsOf(network).slice(0, 2) : headsOf(network);
    this.inputs = inputsOf(network);
    this.#network = network;
    this.#trunk = sequence && trunkForward(sequence);
    this.#joined = new Float64Array(sequence === undefined ? 0 : FORWARD_ROWS * (hidden[0] ?? logit).inputs);
    this.#hasIncrements = !withoutIncrements;
    this.#layers = [...hidden.map((layer) => [layer]), heads].map(asOne).map((layer) => ({
      layer,
      out: new Float64Array(FORWARD_ROWS * layer.units),
    }));
  }

  /** Reads the inputs of `rows` rows one after the other, and writes as many outputs. */
  run(inputs: Float64Array, rows: number, out: NetworkOutputs): void {
    let current = this.#trunk === undefined ? inputs : this.#joinRows(this.#trunk, inputs, rows);
    for (const { layer, out } of this.#layers) {
      dense(layer, current, rows, out);
      current = out;
    }
    for (let row = 0, at = 0, to = 0; row < rows; row++) {
      out.logit[row] = current[at++]!;
      out.correction[row] = current[at++]!;
      if (this.#hasIncrements) { for (let i = 0; i < INCREMENTS; i++) out.increments[to++] = current[at++]!; }
    }
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
  readonly #hasIncrements: boolean;

  /** Allocates the buffers of each network, of which there is at least one. */
  constructor(networks: readonly Network[], options: ForwardOptions = {}) {
    this.#forwards = networks.map((network) => new NetworkForward(network, options));
    this.#hasIncrements = !options.withoutIncrements;
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
    const increments = this.#hasIncrements ? rows * INCREMENTS : 0;
    out.increments.fill(0, 0, increments);
    for (const forward of this.#forwards) {
      forward.run(inputs, rows, own);
      addShares(out.logit, own.logit, rows, members);
      addShares(out.correction, own.correction, rows, members);
      addShares(out.increments, own.increments, increments, members);
    }
  }
}

function addShares(sums: Float64Array, values: Float64Array, count: number, members: number): void {
  for (let i = 0; i < count; i++) sums[i]! += values[i]! / members;
}

/** In the order of a row's outputs. */
function headsOf({ logit, logVarianceCorrection, quantileCentre, quantileSteps }: Network): readonly DenseLayer[] {
  return [logit, logVarianceCorrection, quantileCentre, quantileSteps];
}

/** Dense layers of the same inputs as one: its columns are theirs, one after the other. */
interface Layer extends DenseNumbers {
  readonly parts: readonly Pick<DenseLayer, "units" | "activation">[];
  /** Whether all of them are held at zero from below, which is done on the way. */
  readonly relu: boolean;
}

function asOne(parts: readonly DenseLayer[]): Layer {
  const { inputs } = parts[0]!, units = parts.reduce((sum, part) => sum + part.units, 0);
  const kernel = new Float32Array(inputs * units);
  let first = 0;
  for (const part of parts) {
    for (let i = 0; i < inputs; i++) {
      kernel.set(part.kernel.subarray(i * part.units, (i + 1) * part.units), i * units + first);
    }
    first += part.units;
  }
  return {
    ...{ inputs, units, kernel, parts },
    bias: Float32Array.from(parts.flatMap(({ bias }) => [...bias])),
    relu: parts.every(({ activation }) => activation === "relu"),
  };
}

function dense(layer: Layer, x: Float64Array, rows: number, out: Float64Array): void {
  const { kernel, bias, inputs, units, parts, relu } = layer;
  const together = rows - rows % LANE_ROWS, alone = together * units, end = rows * units;
  if (together > 0) denseRows(layer, x, out, { rows: together, relu });
  for (let row = together, at = alone; row < rows; row++, at += units) {
    out.set(bias, at);
    addProduct(kernel, 0, x, row * inputs, inputs, out, at, units);
  }
  let first = relu ? alone : 0;
  for (const part of parts) {
    for (let at = first; at < end; at += units) activate(part.activation, out, at, part.units);
    first += part.units;
  }
}

function activate(activation: Activation, values: Float64Array, start: number, count: number): void {
  const end = start + count;
  switch (activation) {
    case "relu":
      for (let i = start; i < end; i++) if (values[i]! < 0) values[i] = 0;
      return;
    case "tanh":
      for (let i = start; i < end; i++) values[i] = Math.tanh(values[i]!);
      return;
    case "softplus":
      for (let i = start; i < end; i++) values[i] = softplus(values[i]!);
      return;
    case "linear":
  }
}
