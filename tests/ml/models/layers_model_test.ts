import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import { DomainError } from "../../../src/core/mod.ts";
import { decodeLayersModel, encodeLayersModel } from "../../../src/ml/models/layers_model.ts";
import { NetworkForward, tensorsOf } from "../../../src/ml/models/network.ts";
import { randomNetworkModel, sampleDataset } from "./sample_models.ts";

const network = randomNetworkModel(sampleDataset()).parts.networks![0]!;

Deno.test("encodeLayersModel() loads with tf.loadLayersModel and gives our numbers", async () => {
  const { topology, weights } = encodeLayersModel(network);
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
  const forward = new NetworkForward(network), width = forward.inputs, count = 20;
  const inputs = Float32Array.from({ length: count * width }, (_, i) => Math.sin(i * 1.7) * 2);
  const [logit, correction, increments] = (model.predict(tf.tensor2d(inputs, [count, width])) as tf.Tensor[]).map((t) =>
    t.dataSync()
  );
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

Deno.test("decodeLayersModel() gives the same network back", { permissions: "none" }, () => {
  const decoded = decodeLayersModel(encodeLayersModel(network));
  assertEquals(tensorsOf(decoded), tensorsOf(network));
  assertEquals(
    [...decoded.hidden, decoded.logit, decoded.quantileSteps].map(({ name, activation }) => `${name} ${activation}`),
    ["hidden_1 relu", "hidden_2 relu", "logit linear", "quantileSteps softplus"],
  );
});

Deno.test("decodeLayersModel() refuses what is no such network", { permissions: "none" }, () => {
  const files = encodeLayersModel(network);
  const refuse = (changed: Partial<typeof files>, part: string) => {
    const error = assertThrows(() => decodeLayersModel({ ...files, ...changed }), DomainError, part);
    assertEquals(error.code, "model-invalid");
  };
  refuse({ topology: "{}" }, "no layers model");
  refuse({ topology: "no json" }, "no layers model");
  refuse({ weights: files.weights.slice(0, -4) }, "weights.bin");
  refuse({ topology: files.topology.replaceAll("quantileCentre", "centre") }, "heads are unknown");
});
