import type { DirectionHead, LogisticLine, VolatilityHead } from "../forecast_spec.ts";
import type { ForecastTrees } from "../forecast_trees.ts";
import type { GraphBuilder, Value } from "./graph_builder.ts";
import { DATA_TYPE } from "./protobuf.ts";
import { addTreeEnsemble } from "./tree_ensemble.ts";

/** What the parts of a model have made of a row's features. */
export interface Learners {
  readonly trees: ForecastTrees;
  /** The raw features, float32. */
  readonly features: Value;
  /** Scaled inputs of networks and lines. */
  readonly inputs: Value | undefined;
  readonly network: Value | undefined;
}

/** (1 − share) · the cell's logit + share · the line's. */
export function plainLine(
  graph: GraphBuilder,
  { share, intercept, weights }: LogisticLine,
  { cell, inputs }: { readonly cell: Value; readonly inputs: Value },
): Value {
  const line = graph.add("Add", [weightedSum(graph, inputs, weights), graph.scalar(intercept)]);
  const part = (value: Value, factor: number) => graph.add("Mul", [value, graph.scalar(factor)]);
  return graph.add("Add", [part(cell, 1 - share), part(line, share)]);
}

/** What is added to the plain logit. */
export function learntLogit(graph: GraphBuilder, head: DirectionHead, learners: Learners): Value | undefined {
  switch (head.kind) {
    case "constant":
    case "sign":
    case "line":
      return undefined;
    case "sign-network":
      return graph.add("Mul", [learners.network!, graph.scalar(head.shrink ?? 1)]);
    case "sign-trees":
      return graph.add("Mul", [treeScore(graph, learners, "direction"), graph.scalar(head.shrink)]);
    case "sign-linear": {
      const line = graph.add("Add", [weightedSum(graph, learners.inputs!, head.weights), graph.scalar(head.intercept)]);
      return graph.add("Mul", [line, graph.scalar(head.shrink)]);
    }
  }
}

/** What is added to the HAR line. */
export function learntCorrection(graph: GraphBuilder, head: VolatilityHead, learners: Learners): Value | undefined {
  if (head.kind === "constant" || head.kind === "har") return undefined;
  const { bound, shrink, level = 0 } = head;
  const shrunk = (correction: Value, factor: number) =>
    graph.add("Add", [graph.add("Mul", [correction, graph.scalar(factor)]), graph.scalar(level)]);
  switch (head.kind) {
    case "har-network":
      return shrunk(learners.network!, shrink * bound);
    case "har-trees":
      return shrunk(clip(graph, treeScore(graph, learners, "volatility"), bound), shrink);
    case "har-linear":
      return shrunk(clip(graph, weightedSum(graph, learners.inputs!, head.weights), bound), shrink);
  }
}

/** Score of boosted trees, as doubles. */
function treeScore(graph: GraphBuilder, { features, trees }: Learners, head: "direction" | "volatility"): Value {
  return graph.add("Cast", [addTreeEnsemble(graph, features, trees[head]!)], { to: DATA_TYPE.double });
}

function weightedSum(graph: GraphBuilder, inputs: Value, weights: readonly number[]): Value {
  return graph.add("MatMul", [inputs, graph.doubles(weights, [weights.length, 1])]);
}

/** A value kept within ± the bound. */
export function clip(graph: GraphBuilder, value: Value, bound: number): Value {
  return graph.add("Min", [graph.add("Max", [value, graph.scalar(-bound)]), graph.scalar(bound)]);
}
