import { assert, assertEquals } from "@std/assert";
import * as ort from "onnxruntime-node";
import { encodeForecastOnnx } from "../../../src/ml/models/onnx/forecast_graph.ts";
import { linearModel, plainModel, randomNetworkModel, sampleDataset, sampleRows, treesModel } from "./sample_models.ts";

const sample = sampleDataset();
const ROWS = 300;
const ENSEMBLE = randomNetworkModel(sample, { members: 3 });
const LEARNT = [randomNetworkModel(sample), ENSEMBLE, treesModel(sample), linearModel(sample)];
const PLAIN = (["har", "contrarian", "climatology"] as const).map((family) => plainModel(family, sample));

for (const model of [...LEARNT, ...PLAIN]) {
  const family = `${model.spec.family}${model.parts.networks === ENSEMBLE.parts.networks ? " ensemble" : ""}`;
  Deno.test(`encodeForecastOnnx() of ${family} agrees with our forward pass in onnxruntime`, async () => {
    const rows = sampleRows(sample, ROWS), width = model.spec.featureNames.length;
    const move = model.spec.featureNames.indexOf("return_15");
    [0, NaN].forEach((value, i) => rows[i * width + move] = value); // the cell of no move
    const ours = model.predict(rows, ROWS);
    const session = await ort.InferenceSession.create(encodeForecastOnnx(model));
    assertEquals([...session.inputNames], ["features"]);
    const outputs = await session.run({ features: new ort.Tensor("float32", rows, [ROWS, width]) });
    for (const [name, columns] of [["probabilityUp", 1], ["volatilityBps", 1], ["quantilesBps", 9]] as const) {
      const theirs = outputs[name]!;
      assertEquals([...theirs.dims], [ROWS, columns]);
      const values = theirs.data as Float32Array;
      values.forEach((value, i) => {
        const mine = ours[name][i]!;
        const difference = Math.abs(value - mine) / Math.max(1, Math.abs(mine));
        assert(difference <= 1e-5, `${name} ${i}: onnxruntime ${value}, ours ${mine}`);
      });
    }
    await session.release();
  });
}
