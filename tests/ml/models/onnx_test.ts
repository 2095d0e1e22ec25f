import { assert, assertEquals } from "@std/assert";
import * as ort from "onnxruntime-node";
import { encodeForecastOnnx } from "../../../src/ml/models/onnx/forecast_graph.ts";
import { SEQUENCE_FAMILIES } from "../../../src/ml/models/sequence_shapes.ts";
import type { SpecForecastModel } from "../../../src/ml/models/spec_forecast_model.ts";
import { flagshipFeatureSet } from "../../../src/ml/features/mod.ts";
import {
  linearModel,
  onPlainLines,
  plainModel,
  randomNetworkModel,
  sampleDataset,
  sampleRows,
  treesModel,
} from "./sample_models.ts";

const sample = sampleDataset(), flagship = sampleDataset({ engine: flagshipFeatureSet() });
const ROWS = 300;
const MODELS: Readonly<Record<string, () => SpecForecastModel>> = {
  mlp: () => randomNetworkModel(sample),
  "an ensemble": () => randomNetworkModel(sample, { members: 3 }),
  ...Object.fromEntries(SEQUENCE_FAMILIES.map((family) => [family, () => randomNetworkModel(sample, { family })])),
  "an ensemble of tcn": () => randomNetworkModel(sample, { members: 2, family: "tcn" }),
  gbdt: () => treesModel(sample),
  linear: () => linearModel(sample),
  "an ensemble on the flagship's lines": () => onPlainLines(randomNetworkModel(flagship, { members: 2 }), flagship),
  "gbdt on the flagship's lines": () => onPlainLines(treesModel(flagship, 50), flagship),
  "linear on the flagship's lines": () => onPlainLines(linearModel(flagship), flagship),
  ...Object.fromEntries(
    (["har", "contrarian", "climatology"] as const).map((family) => [family, () => plainModel(family, sample)]),
  ),
};

for (const [what, build] of Object.entries(MODELS)) {
  Deno.test(`encodeForecastOnnx() of ${what} agrees with our forward pass in onnxruntime`, async () => {
    const model = build(), { info: { featureSetDigest } } = model;
    const source = featureSetDigest === flagship.dataset.featureSetDigest ? flagship : sample;
    const rows = sampleRows(source, ROWS, model), width = model.spec.featureNames.length;
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
