import { DomainError } from "../../core/mod.ts";
import type { LayerJson, LayersModelFiles, WeightSpec } from "./layers_model.ts";
import { type Activation, type DenseLayer, layersOf, type Network } from "./network.ts";

const HEADS = "logit logVarianceCorrection quantileCentre quantileSteps";
const ACTIVATIONS: readonly unknown[] = ["linear", "relu", "tanh", "softplus"] satisfies Activation[];
const MEMBER = /^member(\d+)_/;

/**
 * Reads the networks that `encodeLayersModel` wrote, in their order.
 *
 * @throws {DomainError} `model-invalid` where the files are no such networks.
 */
export function decodeLayersModel(files: LayersModelFiles): Network[] {
  let specs: readonly WeightSpec[], layers: readonly LayerJson[];
  try {
    const document = JSON.parse(files.topology);
    specs = document.weightsManifest[0].weights;
    layers = document.modelTopology.model_config.config.layers;
  } catch (error) {
    throw new DomainError("model-invalid", "Cannot read 'model.json' as it is no layers model", { cause: error });
  }
  const activations = new Map(layers.map(({ name, config }) => [name, config["activation"]]));
  const members = new Map<string, DenseLayer[]>();
  for (const layer of denseLayers(weightsOf(files, specs))) {
    const prefix = MEMBER.exec(layer.name)?.[0] ?? "", activation = activations.get(layer.name);
    if (!ACTIVATIONS.includes(activation)) throw invalid(`the activation of layer '${layer.name}' is '${activation}'`);
    const own = { ...layer, name: layer.name.slice(prefix.length), activation: activation as Activation };
    members.set(prefix, [...members.get(prefix) ?? [], own]);
  }
  if (members.size === 0) throw invalid("it has no layer with weights");
  return [...members.values()].map(networkOf);
}

interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The values of each weight of the manifest. */
function weightsOf({ weights }: LayersModelFiles, specs: readonly WeightSpec[]): Weight[] {
  const sizeOf = ({ shape }: WeightSpec) => shape.reduce((product, size) => product * size, 1);
  const expected = specs.reduce((sum, spec) => sum + sizeOf(spec), 0), { byteLength } = weights;
  if (byteLength !== 4 * expected) {
    throw new DomainError(
      "model-invalid",
      `Cannot read 'weights.bin': ${byteLength / 4} values where ${expected} belong`,
    );
  }
  const all = new Float32Array(weights.slice().buffer);
  let at = 0;
  return specs.map((spec) => ({ ...spec, values: all.subarray(at, at += sizeOf(spec)) }));
}

/** Kernels and biases by turns, as layers. */
function denseLayers(weights: readonly Weight[]): Omit<DenseLayer, "activation">[] {
  const layers: Omit<DenseLayer, "activation">[] = [];
  for (let i = 0; i < weights.length; i += 2) {
    const kernel = weights[i]!, bias = weights[i + 1];
    const name = kernel.name.replace(/\/kernel$/, ""), [inputs = 0, units = 0] = kernel.shape;
    if (kernel.shape.length !== 2 || bias?.name !== `${name}/bias` || bias.values.length !== units) {
      throw invalid(`the weights '${kernel.name}' and '${bias?.name}' are no dense layer`);
    }
    layers.push({ name, inputs, units, kernel: kernel.values, bias: bias.values });
  }
  return layers;
}

function networkOf(layers: readonly DenseLayer[]): Network {
  const [logit, logVarianceCorrection, quantileCentre, quantileSteps] = layers.slice(-4);
  const hidden = layers.slice(0, -4);
  const network = { hidden, logit, logVarianceCorrection, quantileCentre, quantileSteps } as Network;
  const names = layersOf(network).slice(-4).map((layer) => layer?.name).join(" ");
  if (names !== HEADS) throw invalid(`its heads are unknown: '${names}'`);
  let width = layers[0]!.inputs;
  for (const layer of layers) {
    if (layer.inputs !== width) throw invalid(`layer '${layer.name}' takes ${layer.inputs} inputs where ${width} come`);
    if (hidden.includes(layer)) width = layer.units;
  }
  return network;
}

function invalid(reason: string): DomainError {
  return new DomainError("model-invalid", `Cannot read 'model.json' as ${reason}`);
}
