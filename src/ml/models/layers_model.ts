import { type LayerJson, layerJson, type LayersModelFiles, nodeOf, type WeightSpec } from "./layers_json.ts";
import { type DenseLayer, inputsOf, layersOf, namedTensorsOf, type Network } from "./network.ts";
import { sequenceInputs, sequenceLayers } from "./sequence_layers.ts";
import { trunkDescription } from "./sequence_trunk.ts";

const INPUT_NAME = "inputs";
const INCREMENTS_NAME = "quantileIncrements";
const OUTPUT_NAMES = ["logit", "logVarianceCorrection", INCREMENTS_NAME];

/**
 * Writes networks as one tfjs layers model: scaled inputs in; logit, logVarianceCorrection, quantileIncrements out, their
 * means where there are several networks. Networks with a sequence trunk take two inputs: `window [N, steps, channels]`, and
 * `static`, all other inputs in their order; where the window lies in a row is in `userDefinedMetadata`.
 */
export function encodeLayersModel(networks: readonly Network[]): LayersModelFiles {
  const members = memberPrefixes(networks.length).map((prefix, i) => ({ prefix, network: networks[i]! }));
  const tensors = members.flatMap(({ prefix, network }) =>
    namedTensorsOf(network).map((tensor) => ({ ...tensor, name: prefix + tensor.name }))
  );
  const weights = tensors.map(({ name, shape }): WeightSpec => ({ name, shape, dtype: "float32" }));
  const bytes = new Uint8Array(tensors.reduce((sum, { values }) => sum + values.byteLength, 0));
  let offset = 0;
  for (const { values } of tensors) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
    offset += values.byteLength;
  }
  const { sequence } = networks[0]!;
  const document = {
    format: "layers-model",
    generatedBy: "bitcoin-ml",
    convertedBy: null,
    ...(sequence === undefined ? {} : { userDefinedMetadata: { sequence: trunkDescription(sequence) } }),
    modelTopology: {
      keras_version: "tfjs-layers 4.22.0",
      backend: "tensor_flow.js",
      model_config: { class_name: "Model", config: topologyOf(members) },
    },
    weightsManifest: [{ paths: ["weights.bin"], weights }],
  };
  return { topology: `${JSON.stringify(document, null, 2)}\n`, weights: bytes };
}

/** A network with what its layers' names begin with in the file. */
interface Member {
  readonly prefix: string;
  readonly network: Network;
}

/** One network alone keeps the plain names. */
function memberPrefixes(count: number): string[] {
  return count === 1 ? [""] : Array.from({ length: count }, (_, i) => `member${i + 1}_`);
}

function named<T extends { readonly name: string }>(layer: T, prefix: string): T {
  return { ...layer, name: prefix + layer.name };
}

function topologyOf(members: readonly Member[]) {
  const [{ network: first }] = members as [Member];
  const inputs = first.sequence === undefined
    ? [inputJson(INPUT_NAME, [inputsOf(first)])]
    : sequenceInputs(first.sequence, inputsOf(first)).map(({ name, shape }) => inputJson(name, shape));
  const layers = [...inputs, ...members.flatMap(memberLayers)];
  if (members.length > 1) {
    layers.push(...OUTPUT_NAMES.map((name) => ({
      name,
      class_name: "Average",
      config: { name, trainable: true },
      inbound_nodes: [members.map(({ prefix }) => nodeOf(prefix + name))],
    })));
  }
  return {
    name: "bitcoin",
    layers,
    input_layers: inputs.map(({ name }) => [name, 0, 0]),
    output_layers: OUTPUT_NAMES.map((name) => [name, 0, 0]),
  };
}

function inputJson(name: string, shape: readonly number[]): LayerJson {
  return {
    name,
    class_name: "InputLayer",
    config: { batch_input_shape: [null, ...shape], dtype: "float32", sparse: false, name },
    inbound_nodes: [],
  };
}

function memberLayers({ prefix, network }: Member): LayerJson[] {
  const layers: LayerJson[] = network.sequence === undefined ? [] : sequenceLayers(network.sequence, prefix);
  let trunk = layers.at(-1)?.name ?? INPUT_NAME;
  for (const layer of network.hidden.map((hidden) => named(hidden, prefix))) {
    layers.push(denseJson(layer, trunk));
    trunk = layer.name;
  }
  const heads = layersOf(network).slice(-4).map((head) => named(head, prefix));
  layers.push(...heads.map((head) => denseJson(head, trunk)));
  layers.push(
    layerJson("Concatenate", prefix + INCREMENTS_NAME, heads.slice(-2).map(({ name }) => name), { axis: -1 }),
  );
  return layers;
}

function denseJson({ name, units, activation }: DenseLayer, from: string): LayerJson {
  return layerJson("Dense", name, [from], { units, activation, use_bias: true });
}
