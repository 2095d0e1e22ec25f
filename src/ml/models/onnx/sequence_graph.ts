import {
  type ConvolutionLayer,
  type GruLayer,
  neededPositions,
  type SequenceTrunk,
  type WindowInputs,
} from "../sequence_trunk.ts";
import type { GraphBuilder, Value } from "./graph_builder.ts";

/** What the trunk makes of the window in `inputs [N, width]`, then the inputs outside of it: `[N, units + rest]`. */
export function joinedTrunk(graph: GraphBuilder, trunk: SequenceTrunk, inputs: Value, width: number): Value {
  const { start, steps, channels } = trunk.window, end = start + steps * channels;
  const read = trunk.kind === "gru"
    ? gru(graph, trunk.layer, trunk.window, inputs)
    : convolutions(graph, trunk.layers, trunk.window, inputs);
  const beside = Array.from({ length: width }, (_, column) => column).filter((column) =>
    column < start || column >= end
  );
  return beside.length === 0 ? read : graph.add("Concat", [read, graph.columns(inputs, beside)], { axis: 1 });
}

/** Positions lie side by side in the columns, so that what a layer sees of them is a choice of columns. */
function convolutions(
  graph: GraphBuilder,
  layers: readonly ConvolutionLayer[],
  window: WindowInputs,
  inputs: Value,
): Value {
  let x = inputs, base = window.start;
  neededPositions(layers, window).forEach(({ taps }, i) => {
    const { inputs: width, units, kernelSize, kernel, bias, residual } = layers[i]!, from = x, fromBase = base;
    const columnsOf = (positions: readonly number[]) =>
      graph.columns(
        from,
        positions.flatMap((position) => Array.from({ length: width }, (_, c) => fromBase + position * width + c)),
      );
    const seen = graph.add("Reshape", [columnsOf(taps.flat()), graph.integers([-1, kernelSize * width])]);
    const product = graph.add("Gemm", [
      seen,
      graph.doubles(kernel, [kernelSize * width, units]),
      graph.doubles(bias, [units]),
    ]);
    x = graph.add("Reshape", [graph.add("Relu", [product]), graph.integers([-1, taps.length * units])]);
    if (residual) x = graph.add("Add", [x, columnsOf(taps.map((own) => own.at(-1)!))]);
    base = 0;
  });
  return x;
}

/** Minute by minute: onnxruntime has its GRU for float32 alone. */
function gru(graph: GraphBuilder, layer: GruLayer, { start, steps, channels }: WindowInputs, inputs: Value): Value {
  const { units, kernel, recurrentKernel, bias } = layer, length = steps * channels;
  const window = graph.columns(inputs, Array.from({ length }, (_, i) => start + i));
  const projected = graph.add("Gemm", [
    graph.add("Reshape", [window, graph.integers([-1, channels])]),
    graph.doubles(kernel, [channels, 3 * units]),
    graph.doubles(bias, [3 * units]),
  ]);
  const columns = graph.add("Reshape", [projected, graph.integers([-1, steps * 3 * units])]);
  const parts = graph.split(columns, Array.from({ length: 3 * steps }, () => units));
  const recurrent = [0, 1, 2].map((gate) => {
    const part = Float64Array.from(
      { length: units * units },
      (_, i) => recurrentKernel[Math.floor(i / units) * 3 * units + gate * units + i % units]!,
    );
    return graph.doubles(part, [units, units]);
  });
  const gate = (step: number, which: number, state: Value) =>
    graph.add("Add", [parts[3 * step + which]!, graph.add("MatMul", [state, recurrent[which]!])]);
  let state = graph.add("Mul", [parts[0]!, graph.scalar(0)]);
  for (let step = 0; step < steps; step++) {
    const update = graph.add("Sigmoid", [gate(step, 0, state)]), reset = graph.add("Sigmoid", [gate(step, 1, state)]);
    const candidate = graph.add("Tanh", [gate(step, 2, graph.add("Mul", [reset, state]))]);
    state = graph.add("Add", [candidate, graph.add("Mul", [update, graph.add("Sub", [state, candidate])])]);
  }
  return state;
}
