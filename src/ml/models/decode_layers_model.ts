import { z } from "zod";
import { DomainError, seededRandom } from "../../core/mod.ts";
import type { LayersModelFiles } from "./layers_json.ts";
import { type Activation, type DenseLayer, layersOf, type Network } from "./network.ts";
import { type SequenceTrunk, startTrunk, trunkTensors, trunkUnits, withTrunkTensors } from "./sequence_trunk.ts";

const HEADS = "logit logVarianceCorrection quantileCentre quantileSteps";
const ACTIVATIONS: readonly unknown[] = ["linear", "relu", "tanh", "softplus"] satisfies Activation[];
const size = z.int().positive().max(1024);
const window = z.strictObject({ start: z.int().nonnegative(), steps: size, channels: size });
const convolution = z.strictObject({
  units: size,
  kernelSize: size,
  dilation: size,
  stride: size,
  residual: z.boolean(),
});
const TRUNK = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("convolutions"), window, layers: z.array(convolution).min(1).max(64) }),
  z.strictObject({ kind: z.literal("gru"), window, units: size }),
]);
/** What is read of `model.json`. */
const DOCUMENT = z.object({
  modelTopology: z.object({
    model_config: z.object({
      config: z.object({
        layers: z.array(z.object({ name: z.string(), config: z.record(z.string(), z.unknown()) })),
      }),
    }),
  }),
  weightsManifest: z.tuple([
    z.object({ weights: z.array(z.object({ name: z.string(), shape: z.array(z.int().positive()) })) }),
  ]),
  userDefinedMetadata: z.object({ sequence: z.unknown() }).partial().default({}),
});
const MEMBER = /^member(\d+)_/;

/**
 * Reads the networks that `encodeLayersModel` wrote, in their order.
 *
 * @throws {DomainError} `model-invalid` where the files are no such networks.
 */
export function decodeLayersModel(files: LayersModelFiles): Network[] {
  const { modelTopology, weightsManifest: [{ weights: specs }], userDefinedMetadata: { sequence } } = readDocument(
    files,
  );
  const { layers } = modelTopology.model_config.config;
  const trunk = sequence === undefined ? undefined : readTrunk(sequence);
  const activations = new Map(layers.map(({ name, config }) => [name, config["activation"]]));
  const members = new Map<string, Weight[]>();
  for (const weight of weightsOf(files, specs)) {
    const prefix = MEMBER.exec(weight.name)?.[0] ?? "";
    members.set(prefix, [...members.get(prefix) ?? [], { ...weight, name: weight.name.slice(prefix.length) }]);
  }
  if (members.size === 0) throw invalid("it has no layer with weights");
  return [...members].map(([prefix, weights]) => networkOf(weights, trunk, (name) => activations.get(prefix + name)));
}

function readDocument({ topology }: LayersModelFiles): z.output<typeof DOCUMENT> {
  let raw: unknown;
  try {
    raw = JSON.parse(topology);
  } catch (error) {
    throw invalid(`it is no JSON: ${(error as Error).message}`);
  }
  const parsed = DOCUMENT.safeParse(raw);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw invalid(`it is no layers model at '${path.join(".")}': ${message}`);
}

interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The values of each weight of the manifest. */
function weightsOf({ weights }: LayersModelFiles, specs: readonly Omit<Weight, "values">[]): Weight[] {
  const sizeOf = ({ shape }: Omit<Weight, "values">) => shape.reduce((product, size) => product * size, 1);
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

/** The trunk that the metadata describe, its numbers still to come. */
function readTrunk(description: unknown): SequenceTrunk {
  const parsed = TRUNK.safeParse(description);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw invalid(`its trunk is wrong at '${["sequence", ...issue.path].join(".")}': ${issue.message}`);
  }
  try {
    return startTrunk(seededRandom(1), parsed.data, parsed.data.window);
  } catch (error) {
    throw invalid(`its trunk does not fit: ${(error as Error).message}`);
  }
}

/** The trunk with its weights, which are the first. */
function trunkOf(trunk: SequenceTrunk, weights: readonly Weight[]): SequenceTrunk {
  trunkTensors(trunk).forEach(({ name, shape }, i) => {
    const own = weights[i];
    if (own?.name === name && `${own.shape}` === `${shape}`) return;
    throw invalid(`the weights '${own?.name}' of [${own?.shape}] are not '${name}' of [${shape}]`);
  });
  return withTrunkTensors(trunk, weights.map(({ values }) => values));
}

/** Kernels and biases by turns, as layers. */
function denseLayers(weights: readonly Weight[], activationOf: (name: string) => unknown): DenseLayer[] {
  const layers: DenseLayer[] = [];
  for (let i = 0; i < weights.length; i += 2) {
    const kernel = weights[i]!, bias = weights[i + 1];
    const name = kernel.name.replace(/\/kernel$/, ""), [inputs = 0, units = 0] = kernel.shape;
    if (kernel.shape.length !== 2 || bias?.name !== `${name}/bias` || bias.values.length !== units) {
      throw invalid(`the weights '${kernel.name}' and '${bias?.name}' are no dense layer`);
    }
    const activation = activationOf(name);
    if (!ACTIVATIONS.includes(activation)) throw invalid(`the activation of layer '${name}' is '${activation}'`);
    layers.push({
      name,
      inputs,
      units,
      activation: activation as Activation,
      kernel: kernel.values,
      bias: bias.values,
    });
  }
  return layers;
}

function networkOf(
  weights: readonly Weight[],
  trunk: SequenceTrunk | undefined,
  activationOf: (name: string) => unknown,
): Network {
  const ofTrunk = trunk === undefined ? 0 : trunkTensors(trunk).length;
  const sequence = trunk && trunkOf(trunk, weights.slice(0, ofTrunk));
  const layers = denseLayers(weights.slice(ofTrunk), activationOf), hidden = layers.slice(0, -4);
  const [logit, logVarianceCorrection, quantileCentre, quantileSteps] = layers.slice(-4);
  const heads = { logit, logVarianceCorrection, quantileCentre, quantileSteps } as Omit<Network, "hidden" | "sequence">;
  const network = { ...(sequence === undefined ? {} : { sequence }), hidden, ...heads };
  const names = layersOf(network).slice(-4).map((layer) => layer?.name).join(" ");
  if (names !== HEADS) throw invalid(`its heads are unknown: '${names}'`);
  const beside = sequence === undefined ? 0 : layers[0]!.inputs - trunkUnits(sequence);
  if (beside < (sequence?.window.start ?? 0)) throw invalid(`its window lies outside of the inputs`);
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
