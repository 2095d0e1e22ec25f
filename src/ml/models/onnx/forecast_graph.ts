import { QUANTILE_LEVELS } from "../../../core/mod.ts";
import { CLOCK_FEATURES, type ForecastSpec, type HarLine, RV_FLOOR_BPS2 } from "../forecast_spec.ts";
import { type DenseLayer, INCREMENTS, INCREMENTS_TO_QUANTILES, inputsOf, type Network } from "../network.ts";
import { clip, learntCorrection, learntLogit, plainLine } from "./learnt_terms.ts";
import { flaggedFeatures } from "../scaler.ts";
import type { SpecForecastModel } from "../spec_forecast_model.ts";
import { GraphBuilder, type Value } from "./graph_builder.ts";
import { joinedTrunk } from "./sequence_graph.ts";
import { type Bytes, DATA_TYPE, encodeModel } from "./protobuf.ts";

const OPSET = 17;
const LEVELS = QUANTILE_LEVELS.length;
const INPUT = "features";
/** The input as doubles, which everything between the ports is. */
const FEATURES = "features_double";

/**
 * The whole forecast as an ONNX file: raw features in (`features [N, F]`, NaN where missing), `probabilityUp [N, 1]`,
 * `volatilityBps [N, 1]` and `quantilesBps [N, 9]` out. The same arithmetic as `SpecForecastModel`, in doubles:
 * a quantile near 0 is the difference of larger numbers, which float32 would round by more than it may differ.
 */
export function encodeForecastOnnx({ spec, parts }: Pick<SpecForecastModel, "spec" | "parts">): Bytes {
  const { networks = [], trees = {} } = parts;
  const graph = new GraphBuilder();
  graph.addNamed("Cast", [INPUT], FEATURES, { to: DATA_TYPE.double });
  const output = (value: Value, name: string) => graph.addNamed("Cast", [value], name, { to: DATA_TYPE.float });
  const inputs = spec.scaler === null ? undefined : networkInputs(graph, spec);
  const outputs = networks.length === 0 ? undefined : networkOutputs(graph, inputs!, networks);
  const { heads, calibration } = spec;
  // A zero for each input row, whatever the row holds; constants are added to it.
  const someColumn = graph.columns(FEATURES, [0]);
  const zeros = graph.add("Where", [graph.add("IsNaN", [someColumn]), graph.scalar(0), graph.scalar(0)]);
  const column = (value: number) => graph.add("Add", [zeros, graph.scalar(value)]);

  const sources = { trees, features: INPUT, inputs };
  const learnt = {
    logit: learntLogit(graph, spec.heads.direction, { ...sources, network: outputs?.logit }),
    correction: learntCorrection(graph, spec.heads.volatility, { ...sources, network: outputs?.correction }),
  };
  const logit = directionLogit(graph, spec, column, { inputs, learnt: learnt.logit });
  const { slope, intercept } = calibration.logit;
  const calibrated = graph.add("Add", [graph.add("Mul", [logit, graph.scalar(slope)]), graph.scalar(intercept)]);
  output(graph.add("Sigmoid", [calibrated]), "probabilityUp");

  const { volatility } = heads;
  let logVariance = volatility.kind === "constant" ? column(volatility.logVariance) : harLine(graph, spec, volatility);
  if (learnt.correction !== undefined) logVariance = graph.add("Add", [logVariance, learnt.correction]);
  const sigma = graph.add("Exp", [graph.add("Mul", [logVariance, graph.scalar(0.5)])]);
  output(sigma, "volatilityBps");

  const standardized = heads.quantiles.kind === "standardized"
    ? graph.row(heads.quantiles.values)
    : graph.add("MatMul", [outputs!.increments, graph.doubles(INCREMENTS_TO_QUANTILES, [INCREMENTS, LEVELS])]);
  const scaled = graph.add("Mul", [standardized, graph.row(calibration.quantileMultipliers)]);
  const quantiles = graph.add("Mul", [sigma, scaled]);
  // ONNX has no Sort: the nine smallest of nine, in order.
  graph.addMany("TopK", [quantiles, graph.integers([LEVELS])], ["sorted", "order"], {
    axis: 1,
    largest: 0,
    sorted: 1,
  });
  output("sorted", "quantilesBps");
  return encodeModel(
    graph.build(`bitcoin-${spec.family}-${spec.horizonMinutes}m`, { name: INPUT, columns: spec.featureNames.length }, [
      { name: "probabilityUp", columns: 1 },
      { name: "volatilityBps", columns: 1 },
      { name: "quantilesBps", columns: LEVELS },
    ]),
    { opset: OPSET, producer: "bitcoin-ml" },
  );
}

function directionLogit(
  graph: GraphBuilder,
  { heads, featureNames }: ForecastSpec,
  column: (value: number) => Value,
  { inputs, learnt }: { readonly inputs: Value | undefined; readonly learnt: Value | undefined },
): Value {
  const { direction } = heads;
  if (direction.kind === "constant") return column(direction.logit);
  const move = graph.columns(FEATURES, [featureNames.indexOf(direction.feature)]);
  const { down, none, up } = direction.logits;
  // Comparisons with NaN are false, so a missing move falls through to `none`.
  const isUp = graph.add("Greater", [move, graph.scalar(0)]), isDown = graph.add("Less", [move, graph.scalar(0)]);
  const orDown = graph.add("Where", [isDown, graph.scalar(down), graph.scalar(none)]);
  const cell = graph.add("Where", [isUp, graph.scalar(up), orDown]);
  const plain = "line" in direction && direction.line !== undefined
    ? plainLine(graph, direction.line, { cell, inputs: inputs! })
    : cell;
  return learnt === undefined ? plain : graph.add("Add", [plain, learnt]);
}

/** intercept + Σ coefficient · ln max(rv, floor) + levels by the clock, a missing scale replaced by the next shorter. */
function harLine(graph: GraphBuilder, { featureNames }: ForecastSpec, line: HarLine): Value {
  const columnOf = (name: string) => graph.columns(FEATURES, [featureNames.indexOf(name)]);
  let shorter = columnOf(line.fallback);
  const scales = line.features.map((name) => {
    const own = columnOf(name);
    shorter = graph.add("Where", [graph.add("IsNaN", [own]), shorter, own]);
    return shorter;
  });
  const joined = scales.length === 1 ? scales[0]! : graph.add("Concat", scales, { axis: 1 });
  const logs = graph.add("Log", [graph.add("Max", [joined, graph.scalar(RV_FLOOR_BPS2)])]);
  const weighted = graph.add("MatMul", [logs, graph.doubles(line.coefficients, [line.coefficients.length, 1])]);
  const levels = [[CLOCK_FEATURES.hour, line.hourLevels], [CLOCK_FEATURES.weekday, line.weekdayLevels]] as const;
  return levels.reduce(
    (sum, [name, values]) =>
      values === undefined ? sum : graph.add("Add", [sum, clockLevel(graph, columnOf(name), values)]),
    graph.add("Add", [weighted, graph.scalar(line.intercept)]),
  );
}

/** The level of a clock's position: Σ of the steps from one level to the next that the position has passed. */
function clockLevel(graph: GraphBuilder, position: Value, levels: readonly number[]): Value {
  const isPassed = graph.add("GreaterOrEqual", [position, graph.row(levels.map((_, i) => i).slice(1))]);
  const passed = graph.add("Where", [isPassed, graph.scalar(1), graph.scalar(0)]);
  const steps = levels.slice(1).map((level, i) => level - levels[i]!);
  const risen = graph.add("MatMul", [passed, graph.doubles(steps, [steps.length, 1])]);
  return graph.add("Add", [risen, graph.scalar(levels[0]!)]);
}

/** The networks' outputs, their means where there are several. */
function networkOutputs(graph: GraphBuilder, inputs: Value, networks: readonly Network[]) {
  const members = networks.map((network) => {
    const { sequence } = network;
    let hidden = sequence === undefined ? inputs : joinedTrunk(graph, sequence, inputs, inputsOf(network));
    for (const layer of network.hidden) hidden = dense(graph, layer, hidden);
    const centre = dense(graph, network.quantileCentre, hidden), steps = dense(graph, network.quantileSteps, hidden);
    return {
      logit: dense(graph, network.logit, hidden),
      correction: dense(graph, network.logVarianceCorrection, hidden),
      increments: graph.add("Concat", [centre, steps], { axis: 1 }),
    };
  });
  // onnxruntime has no Mean of doubles.
  const mean = (output: keyof typeof members[number]) => {
    const [first, ...others] = members.map((member) => member[output]);
    if (others.length === 0) return first!;
    const sum = others.reduce((total, value) => graph.add("Add", [total, value]), first!);
    return graph.add("Mul", [sum, graph.scalar(1 / members.length)]);
  };
  return { logit: mean("logit"), correction: mean("correction"), increments: mean("increments") };
}

/** Transform, scale, 0 where missing, clip; then the flags. */
function networkInputs(graph: GraphBuilder, { scaler, nullable }: ForecastSpec): Value {
  const { transforms, means, scales, clip: limit } = scaler!;
  const isLog = graph.booleans(transforms.map((transform) => transform === "log"));
  const logs = graph.add("Log", [graph.add("Max", [FEATURES, graph.scalar(RV_FLOOR_BPS2)])]);
  const transformed = graph.add("Where", [isLog, logs, FEATURES]);
  const scaled = graph.add("Div", [graph.add("Sub", [transformed, graph.row(means)]), graph.row(scales)]);
  const missing = graph.add("IsNaN", [FEATURES]);
  const filled = graph.add("Where", [missing, graph.scalar(0), scaled]);
  const clipped = clip(graph, filled, limit);
  const flagged = flaggedFeatures(scaler!, nullable);
  if (flagged.length === 0) return clipped;
  const flags = graph.add("Where", [graph.columns(missing, flagged), graph.scalar(1), graph.scalar(0)]);
  return graph.add("Concat", [clipped, flags], { axis: 1 });
}

function dense(graph: GraphBuilder, layer: DenseLayer, input: Value): Value {
  const product = graph.add("Gemm", [
    input,
    graph.doubles(layer.kernel, [layer.inputs, layer.units]),
    graph.doubles(layer.bias, [layer.units]),
  ]);
  switch (layer.activation) {
    case "linear":
      return product;
    case "relu":
      return graph.add("Relu", [product]);
    case "tanh":
      return graph.add("Tanh", [product]);
    case "softplus":
      return softplus(graph, product);
  }
}

/** max(x, 0) + ln(1 + e^−|x|): onnxruntime has no Softplus of doubles. */
function softplus(graph: GraphBuilder, x: Value): Value {
  const small = graph.add("Exp", [graph.add("Neg", [graph.add("Abs", [x])])]);
  const log = graph.add("Log", [graph.add("Add", [small, graph.scalar(1)])]);
  return graph.add("Add", [graph.add("Max", [x, graph.scalar(0)]), log]);
}
