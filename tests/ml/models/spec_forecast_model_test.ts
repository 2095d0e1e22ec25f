import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { NO_CALIBRATION } from "../../../src/ml/models/forecast_spec.ts";
import { SpecForecastModel } from "../../../src/ml/models/spec_forecast_model.ts";
import { flagshipFeatureSet } from "../../../src/ml/features/mod.ts";
import { Scaler } from "../../../src/ml/models/scaler.ts";
import { lineLogVariance } from "../../../src/ml/models/variance_line.ts";
import {
  linearModel,
  onPlainLines,
  plainModel,
  randomNetworkModel,
  sampleDataset,
  sampleRows,
  treesModel,
} from "./sample_models.ts";

const sample = sampleDataset();

const flagship = sampleDataset({ engine: flagshipFeatureSet() });

for (const model of [randomNetworkModel(sample), treesModel(sample, 30), linearModel(sample)]) {
  checkForward(model, sample, model.spec.family);
}
for (const model of [randomNetworkModel(flagship), treesModel(flagship, 30), linearModel(flagship)]) {
  checkForward(onPlainLines(model, flagship), flagship, `${model.spec.family} on the flagship's lines`);
}

function checkForward(model: SpecForecastModel, sample: ReturnType<typeof sampleDataset>, family: string): void {
  const width = model.spec.featureNames.length;

  Deno.test(`predict() of ${family} of columns and of rows is the same`, { permissions: "none" }, () => {
    // More than a block of the trees.
    const picked = sample.split.test.slice(0, 700);
    const rows = new Float32Array(picked.length * width);
    picked.forEach((row, i) =>
      sample.dataset.features.columns.forEach((column, j) => rows[i * width + j] = column[row]!)
    );
    assertEquals(model.predict(rows, picked.length), model.predictColumns(sample.dataset.features.columns, picked));
  });

  Deno.test(
    `predict() of ${family} gives finite, ordered forecasts for any finite row`,
    { permissions: "none" },
    () => {
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
}

Deno.test("trees and lines without a share are the plain lines, bit for bit", { permissions: "none" }, () => {
  const rows = sampleRows(sample, 40), har = plainModel("har", sample), contrarian = plainModel("contrarian", sample);
  for (const { spec, parts } of [treesModel(sample, 5), linearModel(sample)]) {
    const { direction, volatility } = spec.heads;
    assert("shrink" in direction && "shrink" in volatility);
    const { heads: { direction: cells } } = contrarian.spec, { heads: { volatility: line } } = har.spec;
    const shrunk = new SpecForecastModel({
      ...spec,
      calibration: NO_CALIBRATION,
      heads: {
        ...spec.heads,
        direction: { ...direction, ...cells, kind: direction.kind, shrink: 0 } as typeof direction,
        volatility: { ...volatility, ...line, kind: volatility.kind, shrink: 0 } as typeof volatility,
      },
    }, parts).predict(rows, 40);
    assertEquals(shrunk.probabilityUp, contrarian.predict(rows, 40).probabilityUp);
    assertEquals(shrunk.volatilityBps, har.predict(rows, 40).volatilityBps);
  }
});

Deno.test("a correction of trees or of a line stays within its bound", { permissions: "none" }, () => {
  const rows = sampleRows(sample, 200);
  for (const { spec, parts } of [treesModel(sample), linearModel(sample)]) {
    const { volatility } = spec.heads;
    assert(volatility.kind === "har-trees" || volatility.kind === "har-linear");
    const sigma = (shrink: number, bound: number) =>
      new SpecForecastModel({ ...spec, heads: { ...spec.heads, volatility: { ...volatility, shrink, bound } } }, parts)
        .predict(rows, 200).volatilityBps;
    const plain = sigma(0, 0.1), corrected = sigma(1, 0.1);
    const corrections = Array.from(plain, (value, i) => 2 * Math.log(corrected[i]! / value));
    assertAlmostEquals(Math.max(...corrections), 0.1, 1e-6);
    assertAlmostEquals(Math.min(...corrections), -0.1, 1e-6);
  }
});

Deno.test("SpecForecastModel.predict() of several networks forecasts from the means of their outputs", {
  permissions: "none",
}, () => {
  const model = randomNetworkModel(sample, { members: 3 }), networks = model.parts.networks!;
  const alone = networks.map((network) => new SpecForecastModel(model.spec, { networks: [network] }));
  const rows = sampleRows(sample, 20), together = model.predict(rows, 20);
  const each = alone.map((member) => member.predict(rows, 20));
  const logit = (p: number) => Math.log(p / (1 - p));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  for (let i = 0; i < 20; i++) {
    const logits = each.map(({ probabilityUp }) => logit(probabilityUp[i]!));
    assertAlmostEquals(logit(together.probabilityUp[i]!), mean(logits), 1e-4);
    const logs = each.map(({ volatilityBps }) => Math.log(volatilityBps[i]!));
    assertAlmostEquals(Math.log(together.volatilityBps[i]!), mean(logs), 1e-5);
    assert(Math.max(...logits) - Math.min(...logits) > 0.01, "the members differ");
  }
});

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

Deno.test(
  "SpecForecastModel.predict() reads hour and weekday of HAR-X from the features",
  { permissions: "none" },
  () => {
    const { spec } = onPlainLines(linearModel(flagship), flagship), { volatility } = spec.heads;
    assert(volatility.kind === "har-linear");
    const plain = new SpecForecastModel({
      ...spec,
      heads: { ...spec.heads, volatility: { ...volatility, shrink: 0, level: 0 } },
    });
    const { features } = flagship.dataset, rows = flagship.split.test;
    const { volatilityBps } = plain.predictColumns(features.columns, rows);
    // By the times of the rows, which a served row does not have.
    const byTime = lineLogVariance(volatility, features, rows);
    rows.forEach((_, i) => assertAlmostEquals(volatilityBps[i]!, Math.exp(byTime[i]! / 2), 1e-6 * volatilityBps[i]!));
    const levels = new Set(Array.from(rows, (row) => features.columns[spec.featureNames.indexOf("hour_of_day")]![row]));
    assertEquals(levels.size, 24);
  },
);

Deno.test(
  "SpecForecastModel.predict() goes from the cells to the logistic line by the share",
  { permissions: "none" },
  () => {
    const { spec } = onPlainLines(linearModel(flagship), flagship),
      { direction } = spec.heads,
      rows = sampleRows(flagship, 9);
    assert(direction.kind === "line");
    const logits = (share: number) => {
      const line = { ...direction.line, share }, heads = { ...spec.heads, direction: { ...direction, line } };
      const { probabilityUp } = new SpecForecastModel({ ...spec, heads, calibration: NO_CALIBRATION }).predict(rows, 9);
      return Array.from(probabilityUp, (p) => Math.log(p / (1 - p)));
    };
    const cells = logits(0), line = logits(1), between = logits(0.3), width = spec.featureNames.length;
    const scaler = new Scaler(spec.scaler!, spec.nullable), inputs = new Float64Array(scaler.width);
    for (let i = 0; i < 9; i++) {
      const move = rows[i * width + spec.featureNames.indexOf("return_15")]!;
      assertAlmostEquals(cells[i]!, move > 0 ? direction.logits.up : direction.logits.down, 1e-6);
      scaler.write((feature) => rows[i * width + feature]!, inputs, 0);
      const sum = direction.line.weights.reduce((total, weight, j) => total + weight * inputs[j]!, 0.02);
      assertAlmostEquals(line[i]!, sum, 1e-5);
      assertAlmostEquals(between[i]!, 0.7 * cells[i]! + 0.3 * line[i]!, 1e-5);
    }
  },
);

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
  const onLines = onPlainLines(treesModel(flagship, 5), flagship);
  assertThrows(() => new SpecForecastModel({ ...onLines.spec, scaler: null }, onLines.parts), RangeError, "to a line");
  const broken = { ...heads, volatility: { ...heads.volatility, features: ["rv_7"], coefficients: [1] } };
  assertThrows(() => new SpecForecastModel({ ...model.spec, scaler: null, heads: broken }), RangeError, "'rv_7'");
});
