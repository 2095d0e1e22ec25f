import { sigmoid } from "../logistic_functions.ts";
import { addProduct } from "./matrix_vector.ts";
import {
  type ConvolutionLayer,
  type GruLayer,
  neededPositions,
  type SequenceTrunk,
  type WindowInputs,
} from "./sequence_trunk.ts";

/** Writes what a trunk makes of one row of inputs to the first values of `out`. */
export type TrunkForward = (inputs: Float64Array, out: Float64Array) => void;

/** The forward pass of a trunk in plain arithmetic, one row at a time, without an allocation a row. */
export function trunkForward(trunk: SequenceTrunk): TrunkForward {
  return trunk.kind === "gru" ? gruForward(trunk.layer, trunk.window) : convolutionsForward(trunk.layers, trunk.window);
}

function convolutionsForward(layers: readonly ConvolutionLayer[], window: WindowInputs): TrunkForward {
  const plan = neededPositions(layers, window).map(({ taps }, i) => {
    const layer = layers[i]!;
    return { layer, taps: taps.map((each) => Int32Array.from(each)), out: new Float64Array(taps.length * layer.units) };
  });
  return (inputs, out) => {
    let from = inputs, base = window.start;
    for (const step of plan) {
      convolve(step.layer, from, base, step.taps, step.out);
      from = step.out;
      base = 0;
    }
    out.set(from);
  };
}

function convolve(
  layer: ConvolutionLayer,
  from: Float64Array,
  base: number,
  taps: readonly Int32Array[],
  out: Float64Array,
): void {
  const { inputs, units, kernel, bias, residual } = layer;
  for (let p = 0; p < taps.length; p++) {
    const at = p * units, own = taps[p]!;
    for (let j = 0; j < units; j++) out[at + j] = bias[j]!;
    for (let tap = 0; tap < own.length; tap++) {
      addProduct(kernel, tap * inputs * units, from, base + own[tap]! * inputs, inputs, out, at, units);
    }
    const newest = base + own[own.length - 1]! * inputs;
    for (let j = 0; j < units; j++) {
      const value = Math.max(0, out[at + j]!);
      out[at + j] = residual ? value + from[newest + j]! : value;
    }
  }
}

function gruForward(layer: GruLayer, { start, steps, channels }: WindowInputs): TrunkForward {
  const { units, kernel, bias, recurrentKernel } = layer;
  const gates = new Float64Array(3 * units), state = new Float64Array(units), kept = new Float64Array(units);
  // The candidate sees r·h, known only after the gates, so its columns are apart.
  const ofGates = columnsOf(recurrentKernel, units, 0, 2 * units),
    ofCandidate = columnsOf(
      recurrentKernel,
      units,
      2 * units,
      3 * units,
    );
  const ofBoth = new Float64Array(2 * units), ofState = new Float64Array(units);
  return (inputs, out) => {
    state.fill(0);
    for (let step = 0; step < steps; step++) {
      for (let j = 0; j < 3 * units; j++) gates[j] = bias[j]!;
      addProduct(kernel, 0, inputs, start + step * channels, channels, gates, 0, 3 * units);
      ofBoth.fill(0);
      addProduct(ofGates, 0, state, 0, units, ofBoth, 0, 2 * units);
      for (let j = 0; j < units; j++) kept[j] = sigmoid(gates[units + j]! + ofBoth[units + j]!) * state[j]!;
      ofState.fill(0);
      addProduct(ofCandidate, 0, kept, 0, units, ofState, 0, units);
      for (let j = 0; j < units; j++) {
        const z = sigmoid(gates[j]! + ofBoth[j]!), candidate = Math.tanh(gates[2 * units + j]! + ofState[j]!);
        state[j] = z * state[j]! + (1 - z) * candidate;
      }
    }
    out.set(state);
  };
}

/** Columns `[from, to)` of a row-major matrix of `3·units` columns. */
function columnsOf(matrix: Float32Array, units: number, from: number, to: number): Float32Array {
  const width = to - from;
  return Float32Array.from(
    { length: units * width },
    (_, i) => matrix[Math.floor(i / width) * 3 * units + from + i % width]!,
  );
}
