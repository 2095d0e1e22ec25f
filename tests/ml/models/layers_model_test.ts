import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import { DomainError } from "../../../src/core/mod.ts";
import { decodeLayersModel } from "../../../src/ml/models/decode_layers_model.ts";
import { encodeLayersModel } from "../../../src/ml/models/layers_model.ts";
import type { Network } from "../../../src/ml/models/network.ts";
import { EnsembleForward } from "../../../src/ml/models/network_forward.ts";
import { SEQUENCE_FAMILIES, type SequenceFamily } from "../../../src/ml/models/sequence_shapes.ts";
import type { WindowInputs } from "../../../src/ml/models/sequence_trunk.ts";
import type { NetworkFamily } from "../../../src/ml/training/fit_network.ts";
import { randomNetworkModel, sampleDataset } from "./sample_models.ts";
import { forwardRow } from "./forward_row.ts";

const sample = sampleDataset();
const FAMILIES = ["mlp", ...SEQUENCE_FAMILIES] as const;
const networksOf = (members: number, family: NetworkFamily = "mlp") =>
  randomNetworkModel(sample, { members, family }).parts.networks!;

for (const family of FAMILIES) {
  Deno.test(`encodeLayersModel() of ${family} loads with tf.loadLayersModel and gives our numbers`, async () => {
    for (const members of [1, 3]) await compareWithTfjs(networksOf(members, family));
  });
}

async function compareWithTfjs(networks: readonly Network[]): Promise<void> {
  const { topology, weights } = encodeLayersModel(networks);
  const document = JSON.parse(topology);
  await tf.setBackend("cpu");
  const model = await layers.loadLayersModel({
    load: () =>
      Promise.resolve({
        format: document.format,
        modelTopology: document.modelTopology,
        weightSpecs: document.weightsManifest[0].weights,
        weightData: weights.buffer,
      }),
  });
  assertEquals(model.outputNames, ["logit", "logVarianceCorrection", "quantileIncrements"]);
  const forward = new EnsembleForward(networks), width = forward.inputs, count = 20;
  const inputs = Float32Array.from({ length: count * width }, (_, i) => Math.sin(i * 1.7) * 2);
  const rows = tf.tensor2d(inputs, [count, width]), { sequence } = networks[0]!;
  const outputs = model.predict(sequence === undefined ? rows : windowAndRest(rows, sequence.window)) as tf.Tensor[];
  const [logit, correction, increments] = outputs.map((t) => t.dataSync());
  const own = new Float64Array(9);
  for (let i = 0; i < count; i++) {
    const result = forwardRow(forward, Float64Array.from(inputs.subarray(i * width, (i + 1) * width)), own);
    const close = (a: number, b: number) => assertAlmostEquals(a, b, 1e-5 * Math.max(1, Math.abs(b)));
    close(result.logit, logit![i]!);
    close(result.correction, correction![i]!);
    own.forEach((value, j) => close(value, increments![i * 9 + j]!));
    assert(own.slice(1).every((step) => step >= 0));
  }
  model.dispose();
}

/** The two inputs of a model with a trunk, as `userDefinedMetadata` of its `model.json` tells to cut a row. */
function windowAndRest(rows: tf.Tensor2D, { start, steps, channels }: WindowInputs): tf.Tensor[] {
  const width = steps * channels;
  const [before, window, after] = tf.split(rows, [start, width, rows.shape[1] - start - width], 1) as tf.Tensor2D[];
  return [tf.reshape(window!, [-1, steps, channels]), tf.concat2d([before!, after!], 1)];
}

Deno.test("decodeLayersModel() gives the same networks back", { permissions: "none" }, () => {
  for (const members of [1, 2, 11]) {
    const networks = networksOf(members), decoded = decodeLayersModel(encodeLayersModel(networks));
    assertEquals(decoded, networks);
  }
  for (const family of SEQUENCE_FAMILIES) {
    const networks = networksOf(2, family), files = encodeLayersModel(networks);
    assertEquals(decodeLayersModel(files), networks);
    assertEquals(JSON.parse(files.topology).userDefinedMetadata.sequence.window, { start: 27, steps: 60, channels: 4 });
  }
});

Deno.test("decodeLayersModel() refuses a trunk that does not fit, by what is wrong", { permissions: "none" }, () => {
  // deno-lint-ignore no-explicit-any
  const refuse = (family: SequenceFamily, change: (document: any, weights: any[]) => void, part: string) => {
    const files = encodeLayersModel(networksOf(1, family)), document = JSON.parse(files.topology);
    change(document, document.weightsManifest[0].weights);
    const error = assertThrows(
      () => decodeLayersModel({ ...files, topology: JSON.stringify(document) }),
      DomainError,
      part,
    );
    assertEquals(error.code, "model-invalid");
  };
  refuse("gru", (d) => delete d.userDefinedMetadata, "'gru/kernel' and 'gru/recurrent_kernel' are no dense layer");
  refuse("gru", (d) => d.userDefinedMetadata.sequence.units = 9, "'gru/kernel' of [4,27]");
  refuse("gru", (_, w) => w[1].shape.reverse(), "'gru/recurrent_kernel' of [24,8] are not");
  refuse("gru", (d) => d.userDefinedMetadata.sequence.window.start = 300, "window lies outside");
  refuse("gru", (d) => d.userDefinedMetadata.sequence.window.steps = -1, "'sequence.window.steps'");
  refuse("gru", (d) => d.userDefinedMetadata.sequence.kind = "lstm", "'sequence.kind'");
  refuse(
    "tcn",
    (d) => d.userDefinedMetadata.sequence.layers[4].dilation = 99,
    "'convolution_5' of 199 positions over 30",
  );
  refuse("tcn", (d) => d.userDefinedMetadata.sequence.layers[0].residual = true, "stride 1 and equal widths");
  refuse("tcn", (d) => d.userDefinedMetadata.sequence.layers.pop(), "'convolution_5/kernel' and 'convolution_5/bias'");
  refuse("tcn", (_, w) => w[0].name = "convolution_9/kernel", "'convolution_1/kernel' of [3,1,4,8]");
  refuse("pyramid", (d) => d.userDefinedMetadata.sequence.layers = [], "'sequence.layers'");
});

Deno.test("decodeLayersModel() refuses what is no such network", { permissions: "none" }, () => {
  const files = encodeLayersModel(networksOf(1));
  const refuse = (changed: Partial<typeof files>, part: string) => {
    const error = assertThrows(() => decodeLayersModel({ ...files, ...changed }), DomainError, part);
    assertEquals(error.code, "model-invalid");
  };
  refuse({ topology: "{}" }, "no layers model at 'modelTopology'");
  refuse({ topology: "no json" }, "no JSON");
  // deno-lint-ignore no-explicit-any -- a file may hold anything
  const broken = (spoil: (document: any) => void) => {
    const document = JSON.parse(files.topology);
    spoil(document);
    return JSON.stringify(document);
  };
  refuse(
    { topology: broken((one) => one.weightsManifest[0].weights[0].shape = null) },
    "weightsManifest.0.weights.0.shape",
  );
  refuse({ topology: broken((one) => one.weightsManifest[0].weights[0].name = 7) }, "weightsManifest.0.weights.0.name");
  refuse(
    { topology: broken((one) => one.modelTopology.model_config.config.layers[1].config = null) },
    "layers.1.config",
  );
  refuse({ weights: files.weights.slice(0, -4) }, "weights.bin");
  refuse({ topology: files.topology.replaceAll("quantileCentre", "centre") }, "heads are unknown");
  refuse({ topology: files.topology.replace('"relu"', '"step"') }, "activation of layer 'hidden_1' is 'step'");
  const document = JSON.parse(files.topology), [{ weights }] = document.weightsManifest;
  const kernel = weights.find(({ name }: { name: string }) => name === "hidden_2/kernel");
  kernel.shape.reverse();
  refuse({ topology: JSON.stringify(document) }, "'hidden_2/kernel' and 'hidden_2/bias' are no dense layer");
  kernel.shape = [12, 16];
  refuse({ topology: JSON.stringify(document) }, "weights.bin");
  kernel.shape = [24, 16];
  weights.splice(0, 2); // the first layer, with its values
  const rest = files.weights.slice(4 * networksOf(1)[0]!.hidden[0]!.units * (networksOf(1)[0]!.hidden[0]!.inputs + 1));
  document.weightsManifest[0].weights = weights;
  weights[0].shape = [16, 24];
  refuse({ topology: JSON.stringify(document), weights: rest }, "are no dense layer");
});
