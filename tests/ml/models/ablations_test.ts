import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { flagshipFeatureSet } from "../../../src/ml/features/mod.ts";
import { ablations } from "../../../src/ml/models/ablations.ts";
import type { HeadsSpec } from "../../../src/ml/models/forecast_spec.ts";
import { SpecForecastModel } from "../../../src/ml/models/spec_forecast_model.ts";
import {
  linearModel,
  onPlainLines,
  plainModel,
  randomNetworkModel,
  sampleDataset,
  sampleRows,
  treesModel,
} from "./sample_models.ts";

const flagship = sampleDataset({ engine: flagshipFeatureSet() }), ROWS = 40;
const rows = sampleRows(flagship, ROWS);
const network = onPlainLines(randomNetworkModel(flagship), flagship);
const forecastOf = (model: SpecForecastModel | undefined) => model!.predict(rows, ROWS);

/** The model with heads of its own making in the place of those that it has. */
function withHeads({ spec, parts }: SpecForecastModel, heads: Partial<HeadsSpec>): SpecForecastModel {
  return new SpecForecastModel({ ...spec, heads: { ...spec.heads, ...heads } }, parts);
}

Deno.test("ablations() without the correction forecasts HAR-X to the bit, and the same direction", {
  permissions: "none",
}, () => {
  for (const model of [network, onPlainLines(treesModel(flagship, 5), flagship)]) {
    const { volatility } = model.spec.heads;
    assert(volatility.kind === "har-network" || volatility.kind === "har-trees");
    const { features, fallback, intercept, coefficients, hourLevels, weekdayLevels } = volatility;
    const line = {
      features,
      fallback,
      intercept,
      coefficients,
      hourLevels: hourLevels!,
      weekdayLevels: weekdayLevels!,
    };
    const levelled = withHeads(model, { volatility: { ...volatility, level: 0.4 } });
    const off = forecastOf(ablations(levelled).get("correction"));
    assertEquals(off, forecastOf(withHeads(model, { volatility: { kind: "har", ...line } })));
    assertNotEquals(off.volatilityBps, forecastOf(model).volatilityBps);
    assertEquals(off.probabilityUp, forecastOf(model).probabilityUp);
  }
});

Deno.test("ablations() without what learns direction is the logistic line, without that the cells", {
  permissions: "none",
}, () => {
  const { direction } = network.spec.heads, variants = ablations(network), whole = forecastOf(network);
  assert(direction.kind === "sign-network");
  const { feature, logits } = direction, cells = { feature, logits }, line = direction.line!;
  const expected = {
    direction_learner: withHeads(network, { direction: { kind: "line", ...cells, line } }),
    logistic_line: withHeads(network, { direction: { kind: "sign", ...cells } }),
  };
  const directions = [whole.probabilityUp];
  for (const part of ["direction_learner", "logistic_line"] as const) {
    const off = forecastOf(variants.get(part));
    assertEquals(off, forecastOf(expected[part]));
    for (const other of directions) assertNotEquals(off.probabilityUp, other);
    directions.push(off.probabilityUp);
    assertEquals(off.volatilityBps, whole.volatilityBps);
  }
});

Deno.test("ablations() without calibration leaves σ, and gives back what was fitted", { permissions: "none" }, () => {
  const off = ablations(network).get("calibration")!, { slope, intercept } = network.spec.calibration.logit;
  const raw = forecastOf(off), whole = forecastOf(network);
  assertEquals(raw.volatilityBps, whole.volatilityBps);
  raw.probabilityUp.forEach((p, i) => {
    const logit = Math.log(p / (1 - p)), calibrated = 1 / (1 + Math.exp(-(intercept + slope * logit)));
    assert(Math.abs(calibrated - whole.probabilityUp[i]!) < 1e-6);
  });
});

Deno.test("ablations() has variants of what the model has, and of nothing else", { permissions: "none" }, () => {
  const base = sampleDataset();
  const partsOf = (model: SpecForecastModel) => [...ablations(model).keys()];
  assertEquals(partsOf(network), ["correction", "direction_learner", "logistic_line", "calibration"]);
  assertEquals(partsOf(onPlainLines(linearModel(flagship), flagship)), ["correction", "logistic_line", "calibration"]);
  assertEquals(partsOf(randomNetworkModel(base)), ["correction", "direction_learner", "calibration"]);
  assertEquals(partsOf(plainModel("har", base)), []);
  assertEquals(partsOf(plainModel("contrarian", base)), []);
});
