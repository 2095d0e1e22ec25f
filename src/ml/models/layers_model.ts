import { type DenseLayer, layersOf, type Network } from "./network.ts";

/** The two files that `tf.loadLayersModel` reads. */
export interface LayersModelFiles {
  /** `model.json`. */
  readonly topology: string;
  /** `weights.bin`: float32, little-endian, in the order of the manifest. */
  readonly weights: Uint8Array<ArrayBuffer>;
}

/** A weight in the manifest. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32";
}

/** A layer in Keras' JSON, as far as it is ours. */
export interface LayerJson {
  readonly name: string;
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inbound_nodes: readonly unknown[];
}

const INPUT_NAME = "inputs";
const INCREMENTS_NAME = "quantileIncrements";
const OUTPUT_NAMES = ["logit", "logVarianceCorrection", INCREMENTS_NAME];

/**
 * Writes networks as one tfjs layers model: scaled inputs in; logit, logVarianceCorrection, quantileIncrements out, their
 * means where there are several networks.
 */
export function encodeLayersModel(networks: readonly Network[]): LayersModelFiles {
  const members = memberPrefixes(networks.length).map((prefix, i) => ({ prefix, network: networks[i]! }));
  const layers = members.flatMap(({ prefix, network }) => layersOf(network).map((layer) => named(layer, prefix)));
  const weights: WeightSpec[] = layers.flatMap((layer) => [
    { name: `${layer.name}/kernel`, shape: [layer.inputs, layer.units], dtype: "float32" as const },
    { name: `${layer.name}/bias`, shape: [layer.units], dtype: "float32" as const },
  ]);
  const tensors = layers.flatMap((layer) => [layer.kernel, layer.bias]);
  const bytes = new Uint8Array(tensors.reduce((sum, tensor) => sum + tensor.byteLength, 0));
  let offset = 0;
  for (const tensor of tensors) {
    bytes.set(new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength), offset);
    offset += tensor.byteLength;
  }
  const document = {
    format: "layers-model",
    generatedBy: "bitcoin-ml",
    convertedBy: null,
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

const node = (name: string) => [name, 0, 0, {}];

function topologyOf(members: readonly Member[]) {
  const { hidden, logit } = members[0]!.network;
  const layers: LayerJson[] = [{
    name: INPUT_NAME,
    class_name: "InputLayer",
    config: {
      batch_input_shape: [null, (hidden[0] ?? logit).inputs],
      dtype: "float32",
      sparse: false,
      name: INPUT_NAME,
    },
    inbound_nodes: [],
  }];
  layers.push(...members.flatMap(memberLayers));
  if (members.length > 1) {
    layers.push(...OUTPUT_NAMES.map((name) => ({
      name,
      class_name: "Average",
      config: { name, trainable: true },
      inbound_nodes: [members.map(({ prefix }) => node(prefix + name))],
    })));
  }
  return {
    name: "bitcoin",
    layers,
    input_layers: [[INPUT_NAME, 0, 0]],
    output_layers: OUTPUT_NAMES.map((name) => [name, 0, 0]),
  };
}

function memberLayers({ prefix, network }: Member): LayerJson[] {
  const layers: LayerJson[] = [];
  let trunk = INPUT_NAME;
  for (const layer of network.hidden.map((hidden) => named(hidden, prefix))) {
    layers.push(denseJson(layer, trunk));
    trunk = layer.name;
  }
  const heads = layersOf(network).slice(-4).map((head) => named(head, prefix));
  layers.push(...heads.map((head) => denseJson(head, trunk)));
  const name = prefix + INCREMENTS_NAME;
  layers.push({
    name,
    class_name: "Concatenate",
    config: { name, trainable: true, axis: -1 },
    inbound_nodes: [heads.slice(-2).map((head) => node(head.name))],
  });
  return layers;
}

function denseJson(layer: DenseLayer, from: string): LayerJson {
  return {
    name: layer.name,
    class_name: "Dense",
    config: { name: layer.name, trainable: true, units: layer.units, activation: layer.activation, use_bias: true },
    inbound_nodes: [[[from, 0, 0, {}]]],
  };
}
