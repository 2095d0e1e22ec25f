import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { meanLoss } from "../../../src/ml/evaluation/daily_losses.ts";
import { rowLosses } from "../../../src/ml/evaluation/scores.ts";
import { testRowsOf } from "../../../src/ml/evaluation/test_rows.ts";
import { ablateFold } from "../../../src/ml/experiment/fold_ablation.ts";
import { flagshipFeatureSet } from "../../../src/ml/features/mod.ts";
import { SpecForecastModel } from "../../../src/ml/models/spec_forecast_model.ts";
import { onPlainLines, plainModel, randomNetworkModel, sampleDataset } from "../models/sample_models.ts";

const sample = sampleDataset({ engine: flagshipFeatureSet() }), { dataset } = sample;
const rows = sample.split.test.subarray(0, 700), columns = dataset.features.columns;
const ablate = (model: SpecForecastModel) => ablateFold(model, dataset, rows, model.predictColumns(columns, rows));

Deno.test("ablateFold() scores every seventh row with and without each part", { permissions: "none" }, () => {
  const model = onPlainLines(randomNetworkModel(sample), sample), { rows: count, whole, without } = ablate(model);
  const picked = rows.filter((_, i) => i % 7 === 0), test = testRowsOf(dataset, picked);
  const qlikeOf = (own: SpecForecastModel) =>
    rowLosses(test, own.predictColumns(columns, picked)).qlike!.reduce((sum, loss) => sum + loss, 0) / picked.length;
  assertEquals(count, 100);
  assertAlmostEquals(meanLoss(whole.daily, "qlike"), qlikeOf(model), 1e-12);
  assertEquals(Object.keys(without), ["correction", "direction_learner", "logistic_line", "calibration"]);

  const { spec, parts } = model, { volatility } = spec.heads;
  assert(volatility.kind === "har-network");
  const line = { ...spec, heads: { ...spec.heads, volatility: { ...volatility, shrink: 0, level: 0 } } };
  const corrected = meanLoss(without.correction!.daily, "qlike");
  assertAlmostEquals(corrected, qlikeOf(new SpecForecastModel(line, parts)), 1e-12);
  assertNotEquals(corrected, meanLoss(whole.daily, "qlike"));
  assertEquals(without.direction_learner!.daily.sums.qlike, whole.daily.sums.qlike, "σ is untouched");
});

Deno.test("ablateFold() of a plain line has the line alone", { permissions: "none" }, () => {
  const { whole, without } = ablate(plainModel("har", sample));
  assertEquals(without, {});
  assertEquals(whole.daily.counts.qlike.reduce((sum, count) => sum + count, 0), 100);
});
