import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { SpecForecastModel } from "../../../src/ml/models/spec_forecast_model.ts";
import { plainModel, randomNetworkModel, sampleDataset, sampleRows } from "./sample_models.ts";

const sample = sampleDataset();

Deno.test("SpecForecastModel.predict() of columns and of rows is the same", { permissions: "none" }, () => {
  const model = randomNetworkModel(sample);
  const width = model.spec.featureNames.length, picked = sample.split.test.slice(0, 50);
  const rows = new Float32Array(picked.length * width);
  picked.forEach((row, i) =>
    sample.dataset.features.columns.forEach((column, j) => rows[i * width + j] = column[row]!)
  );
  assertEquals(model.predict(rows, picked.length), model.predictColumns(sample.dataset.features.columns, picked));
});

Deno.test(
  "SpecForecastModel.predict() gives finite, ordered forecasts for any finite row",
  { permissions: "none" },
  () => {
    const model = randomNetworkModel(sample);
    const width = model.spec.featureNames.length;
    const value = fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constant(0), fc.constant(NaN));
    fc.assert(fc.property(fc.array(value, { minLength: width, maxLength: width }), (values) => {
      const row = Float32Array.from(values, (v, j) => Number.isNaN(v) && !model.spec.nullable[j] ? 1 : v);
      const { probabilityUp, volatilityBps, quantilesBps } = model.predict(row, 1);
      assert(probabilityUp[0]! >= 0 && probabilityUp[0]! <= 1);
      assert(Number.isFinite(volatilityBps[0]) && volatilityBps[0]! > 0);
      for (let level = 0; level < 9; level++) {
        assert(Number.isFinite(quantilesBps[level]));
        assert(level === 0 || quantilesBps[level]! >= quantilesBps[level - 1]!);
      }
    }));
  },
);

Deno.test("SpecForecastModel.predict() reads a missing scale as the next shorter one", { permissions: "none" }, () => {
  const model = plainModel("har", sample);
  const names = model.spec.featureNames;
  const row = sampleRows(sample, 1);
  const withValue = (name: string, value: number) => {
    const changed = row.slice();
    changed[names.indexOf(name)] = value;
    return model.predict(changed, 1).volatilityBps[0]!;
  };
  const shorter = row[names.indexOf("rv_240")]!;
  assertEquals(withValue("rv_1440", NaN), withValue("rv_1440", shorter));
  assert(withValue("rv_1440", shorter) !== withValue("rv_1440", shorter * 4));
});

Deno.test("SpecForecastModel.predict() of the contrarian knows three cells", { permissions: "none" }, () => {
  const model = plainModel("contrarian", sample);
  const direction = model.spec.heads.direction;
  assert(direction.kind === "sign");
  const at = model.spec.featureNames.indexOf(direction.feature);
  const probability = (move: number) => {
    const row = sampleRows(sample, 1);
    row[at] = move;
    return model.predict(row, 1).probabilityUp[0]!;
  };
  const share = (logit: number) => 1 / (1 + Math.exp(-logit));
  assertAlmostEquals(probability(3), share(direction.logits.up), 1e-7);
  assertAlmostEquals(probability(-3), share(direction.logits.down), 1e-7);
  assertAlmostEquals(probability(0), share(direction.logits.none), 1e-7);
  assertEquals(probability(NaN), probability(0));
});

Deno.test("SpecForecastModel refuses a wrong row length, a missing network, an unknown feature", {
  permissions: "none",
}, () => {
  const model = randomNetworkModel(sample);
  assertThrows(() => model.predict(new Float32Array(5), 1), RangeError, "27 features from 5 values");
  assertThrows(() => new SpecForecastModel(model.spec), RangeError, "without its network");
  const { heads } = plainModel("har", sample).spec;
  assert(heads.volatility.kind === "har");
  const broken = { ...heads, volatility: { ...heads.volatility, features: ["rv_7"], coefficients: [1] } };
  assertThrows(() => new SpecForecastModel({ ...model.spec, scaler: null, heads: broken }), RangeError, "'rv_7'");
});
