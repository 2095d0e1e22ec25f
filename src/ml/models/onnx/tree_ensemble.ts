import { DomainError } from "../../../core/mod.ts";
import type { GbdtModel } from "../../gbdt/gbdt_model.ts";
import { faultOfNumbers, LARGEST_FLOAT32 } from "../../gbdt/model_numbers.ts";
import { GraphBuilder, type Value } from "./graph_builder.ts";
import { type Bytes, encodeModel } from "./protobuf.ts";

const OPSET = 17;

/**
 * Adds the score of boosted trees, `[N, 1]` float32, from raw features `[N, F]` float32. Thresholds are float32 in our
 * trees as well, so every row takes the same way; leaf values are rounded to float32.
 */
export function addTreeEnsemble(graph: GraphBuilder, features: Value, { baseScore, trees }: GbdtModel): Value {
  // A tree of one leaf for a model that has none: the operator needs a node.
  const grown = trees.length > 0 ? trees : [{
    feature: Int32Array.of(-1),
    threshold: new Float32Array(1),
    left: new Int32Array(1),
    missingLeft: new Uint8Array(1),
    value: new Float64Array(1),
  }];
  const nodes = grown.flatMap((tree, treeId) =>
    Array.from(tree.feature, (feature, node) => ({
      treeId,
      node,
      feature: Math.max(feature, 0),
      mode: feature < 0 ? "LEAF" : "BRANCH_LEQ",
      threshold: tree.threshold[node]!,
      left: tree.left[node]!,
      right: feature < 0 ? 0 : tree.left[node]! + 1,
      missingLeft: tree.missingLeft[node]!,
      value: tree.value[node]!,
    }))
  );
  const leaves = nodes.filter(({ mode }) => mode === "LEAF");
  return graph.addMl("TreeEnsembleRegressor", [features], {
    aggregate_function: "SUM",
    base_values: Float32Array.of(baseScore),
    n_targets: 1,
    nodes_falsenodeids: nodes.map(({ right }) => right),
    nodes_featureids: nodes.map(({ feature }) => feature),
    nodes_missing_value_tracks_true: nodes.map(({ missingLeft }) => missingLeft),
    nodes_modes: nodes.map(({ mode }) => mode),
    nodes_nodeids: nodes.map(({ node }) => node),
    nodes_treeids: nodes.map(({ treeId }) => treeId),
    nodes_truenodeids: nodes.map(({ left }) => left),
    nodes_values: Float32Array.from(nodes, ({ threshold }) => threshold),
    post_transform: "NONE",
    target_ids: leaves.map(() => 0),
    target_nodeids: leaves.map(({ node }) => node),
    target_treeids: leaves.map(({ treeId }) => treeId),
    target_weights: Float32Array.from(leaves, ({ value }) => value),
  });
}

/**
 * Boosted trees as an ONNX file: `features [N, F]` in, NaN where missing; `prediction [N, 1]` out, as `predict` gives.
 *
 * @throws {DomainError} `model-invalid` where a score is beyond float32.
 */
export function encodeGbdtOnnx(model: GbdtModel): Bytes {
  const fault = faultOfNumbers(model, LARGEST_FLOAT32);
  if (fault !== undefined) {
    throw new DomainError(
      "model-invalid",
      `Cannot write trees as ONNX, which is float32, at '${fault.place}': ${fault.reason}`,
      {
        hint: "Train on labels of another unit",
      },
    );
  }
  const graph = new GraphBuilder(), input = "features", output = "prediction";
  const score = addTreeEnsemble(graph, input, model);
  graph.addNamed(model.loss.kind === "logistic" ? "Sigmoid" : "Identity", [score], output);
  const inputPort = { name: input, columns: model.featureNames.length };
  return encodeModel(graph.build("gbdt", inputPort, [{ name: output, columns: 1 }]), {
    opset: OPSET,
    producer: "bitcoin-ml",
  });
}
