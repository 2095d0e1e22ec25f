import { DomainError } from "../../core/mod.ts";
import { type Activation, type DenseLayer, layersOf, type Network, withTensors } from "./network.ts";

/** The two files that `tf.loadLayersModel` reads. */
export interface LayersModelFiles {
  /** `model.json`. */
  readonly topology: string;
  /** `weights.bin`: float32, little-endian, in the order of the manifest. */
  readonly weights: Uint8Array<ArrayBuffer>;
}

interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32";
}

/** A layer in Keras' JSON, as far as it is ours. */
interface LayerJson {
  readonly name: string;
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inbound_nodes: readonly unknown[];
}

const INPUT_NAME = "inputs";
const INCREMENTS_NAME = "quantileIncrements";

/** Writes the network as a tfjs layers model: scaled inputs in; logit, logVarianceCorrection, quantileIncrements out. */
export function encodeLayersModel(network: Network): LayersModelFiles {
  const layers = layersOf(network);
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
      model_config: { class_name: "Model", config: topologyOf(network) },
    },
    weightsManifest: [{ paths: ["weights.bin"], weights }],
  };
  return { topology: `${JSON.stringify(document, null, 2)}\n`, weights: bytes };
}

function topologyOf(network: Network) {
  const inputs = (network.hidden[0] ?? network.logit).inputs;
  const node = (name: string) => [name, 0, 0, {}];
  const layers: LayerJson[] = [{
    name: INPUT_NAME,
    class_name: "InputLayer",
    config: { batch_input_shape: [null, inputs], dtype: "float32", sparse: false, name: INPUT_NAME },
    inbound_nodes: [],
  }];
  let trunk = INPUT_NAME;
  for (const layer of network.hidden) {
    layers.push(denseJson(layer, trunk));
    trunk = layer.name;
  }
  const heads = [network.logit, network.logVarianceCorrection, network.quantileCentre, network.quantileSteps];
  layers.push(...heads.map((layer) => denseJson(layer, trunk)));
  layers.push({
    name: INCREMENTS_NAME,
    class_name: "Concatenate",
    config: { name: INCREMENTS_NAME, trainable: true, axis: -1 },
    inbound_nodes: [[node(network.quantileCentre.name), node(network.quantileSteps.name)]],
  });
  return {
    name: "bitcoin",
    layers,
    input_layers: [[INPUT_NAME, 0, 0]],
    output_layers: [network.logit.name, network.logVarianceCorrection.name, INCREMENTS_NAME].map((
      name,
    ) => [name, 0, 0]),
  };
}

function denseJson(layer: DenseLayer, from: string): LayerJson {
  return {
    name: layer.name,
    class_name: "Dense",
    config: { name: layer.name, trainable: true, units: layer.units, activation: layer.activation, use_bias: true },
    inbound_nodes: [[[from, 0, 0, {}]]],
  };
}

/**
 * Reads a network that {@linkcode encodeLayersModel} wrote.
 *
 * @throws {DomainError} `model-invalid` where the files are not such a network.
 */
export function decodeLayersModel(files: LayersModelFiles): Network {
  let specs: readonly WeightSpec[], layers: readonly LayerJson[];
  try {
    const document = JSON.parse(files.topology);
    specs = document.weightsManifest[0].weights;
    layers = document.modelTopology.model_config.config.layers;
  } catch (error) {
    throw new DomainError("model-invalid", "Cannot read 'model.json' as it is no layers model", { cause: error });
  }
  const all = new Float32Array(files.weights.slice().buffer);
  const expected = specs.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  if (all.length !== expected) {
    throw new DomainError("model-invalid", `Cannot read 'weights.bin': ${all.length} values where ${expected} belong`);
  }
  let offset = 0;
  const dense: DenseLayer[] = [];
  for (let i = 0; i + 1 < specs.length; i += 2) {
    const kernelSpec = specs[i]!;
    const name = kernelSpec.name.replace(/\/kernel$/, "");
    const [inputs = 0, units = 0] = kernelSpec.shape;
    const activation = layers.find((layer) => layer.name === name)?.config["activation"] as Activation;
    const kernel = all.subarray(offset, offset + inputs * units),
      bias = all.subarray(offset += inputs * units, offset + units);
    offset += units;
    dense.push({ name, inputs, units, activation, kernel, bias });
  }
  const [logit, logVarianceCorrection, quantileCentre, quantileSteps] = dense.slice(-4);
  const network = {
    hidden: dense.slice(0, -4),
    logit,
    logVarianceCorrection,
    quantileCentre,
    quantileSteps,
  } as Network;
  const names = layersOf(network).slice(-4).map((layer) => layer?.name).join(" ");
  if (names !== "logit logVarianceCorrection quantileCentre quantileSteps") {
    throw new DomainError("model-invalid", `Cannot read 'model.json' as its heads are unknown: '${names}'`);
  }
  return withTensors(network, layersOf(network).flatMap((layer) => [layer.kernel, layer.bias]));
}
