import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import { DomainError } from "../../../src/core/mod.ts";
import { decodeLayersModel } from "../../../src/ml/models/decode_layers_model.ts";
import { encodeLayersModel } from "../../../src/ml/models/layers_model.ts";
import { EnsembleForward } from "../../../src/ml/models/network_forward.ts";
import { randomNetworkModel, sampleDataset } from "./sample_models.ts";

const sample = sampleDataset();
const networksOf = (members: number) => randomNetworkModel(sample, { members }).parts.networks!;

for (const members of [1, 3]) {
  Deno.test(`encodeLayersModel() of ${members} loads with tf.loadLayersModel and gives our numbers`, async () => {
    const networks = networksOf(members);
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
    const outputs = model.predict(tf.tensor2d(inputs, [count, width])) as tf.Tensor[];
    const [logit, correction, increments] = outputs.map((t) => t.dataSync());
    const own = new Float64Array(9);
    for (let i = 0; i < count; i++) {
      const result = forward.run(Float64Array.from(inputs.subarray(i * width, (i + 1) * width)), own);
      assertAlmostEquals(result.logit, logit![i]!, 1e-5);
      assertAlmostEquals(result.correction, correction![i]!, 1e-5);
      own.forEach((value, j) => assertAlmostEquals(value, increments![i * 9 + j]!, 1e-5));
      assert(own.slice(1).every((step) => step >= 0));
    }
    model.dispose();
  });
}

Deno.test("decodeLayersModel() gives the same networks back", { permissions: "none" }, () => {
  for (const members of [1, 2, 11]) {
    const networks = networksOf(members), decoded = decodeLayersModel(encodeLayersModel(networks));
    assertEquals(decoded, networks);
  }
});

Deno.test("decodeLayersModel() refuses what is no such network", { permissions: "none" }, () => {
  const files = encodeLayersModel(networksOf(1));
  const refuse = (changed: Partial<typeof files>, part: string) => {
    const error = assertThrows(() => decodeLayersModel({ ...files, ...changed }), DomainError, part);
    assertEquals(error.code, "model-invalid");
  };
  refuse({ topology: "{}" }, "no layers model");
  refuse({ topology: "no json" }, "no layers model");
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
