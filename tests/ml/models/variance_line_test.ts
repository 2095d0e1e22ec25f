import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { DAY_MS, type FeatureMatrix, MINUTE_MS } from "../../../src/core/mod.ts";
import { lineForecasts } from "../../../src/ml/experiment/variance_forecasts.ts";
import type { Labels } from "../../../src/ml/labels/mod.ts";
import {
  fitVarianceLine,
  harDesign,
  harDiurnalDesign,
  harXDesign,
  lineLogVariance,
  type VarianceLineDesign,
  withScales,
} from "../../../src/ml/models/variance_line.ts";
import fixture from "./har_x.json" with { type: "json" };
import { sampleDataset } from "./sample_models.ts";

const pure = { permissions: "none" } as const;
const features: FeatureMatrix = {
  length: fixture.minutes.length,
  decisionTimeMs: Float64Array.from(fixture.minutes, (minute) => minute * MINUTE_MS),
  names: Object.keys(fixture.rv).map((minutes) => `rv_${minutes}`),
  columns: Object.values(fixture.rv).map((values) => Float32Array.from(values, (value) => value ?? NaN)),
};
const rows = Int32Array.from(fixture.minutes, (_, row) => row);
const labelsOf = (horizonMinutes: number) =>
  ({
    length: features.length,
    horizonMinutes,
    realizedVarianceBps2: Float32Array.from(fixture.target),
  }) as unknown as Labels;

Deno.test("fitVarianceLine() is statsmodels' line with a dummy for each hour and weekday", pure, () => {
  const cases: readonly [number, VarianceLineDesign, readonly number[]][] = [
    [15, harDesign(15), fixture.logVariance[15].har],
    [15, harDiurnalDesign(15), fixture.logVariance[15].har_diurnal],
    [15, harXDesign(15), fixture.logVariance[15].har_x],
    [1, harXDesign(1), fixture.logVariance[1].har_x],
  ];
  for (const [horizon, design, expected] of cases) {
    const line = fitVarianceLine(features, labelsOf(horizon), rows, design);
    const found = lineLogVariance(JSON.parse(JSON.stringify(line)), features, rows);
    found.forEach((value, row) =>
      assertAlmostEquals(value, expected[row]!, 1e-7, `${design.scaleMinutes}, row ${row}`)
    );
  }
});

Deno.test("harXDesign() is that of the protocol", pure, () => {
  assertEquals([1, 5, 15, 60, 1440].map((horizon) => harXDesign(horizon).scaleMinutes), [
    [1, 5, 30, 60, 240, 1440, 10080],
    [5, 30, 60, 240, 1440, 10080],
    [5, 15, 30, 60, 240, 1440, 10080],
    [5, 30, 60, 240, 1440, 10080],
    [5, 30, 240, 1440, 7200, 10080, 31680],
  ]);
  assertEquals([1, 5].map((horizon) => harXDesign(horizon).estimator), ["gamma", "log-least-squares"]);
});

Deno.test("fitVarianceLine() forecasts the mean: the training ratios of variance to forecast average 1", pure, () => {
  for (const horizon of [1, 15]) {
    for (const design of [harDesign(horizon), harDiurnalDesign(horizon), harXDesign(horizon)]) {
      const line = fitVarianceLine(features, labelsOf(horizon), rows, design);
      const logVariance = lineLogVariance(line, features, rows);
      const ratio = fixture.target.reduce(
        (sum, value, row) => sum + Math.max(value, 0.01 * horizon) / Math.exp(logVariance[row]!),
        0,
      );
      assertAlmostEquals(ratio / rows.length, 1, 1e-9);
    }
  }
});

Deno.test("levels by the clock do not depend on where the first hour or day of the rows lies", pure, () => {
  const shifted = { ...features, decisionTimeMs: features.decisionTimeMs.map((ms) => ms + 7 * DAY_MS) };
  const design = harXDesign(15), labels = labelsOf(15);
  const line = fitVarianceLine(features, labels, rows, design);
  assertEquals(fitVarianceLine(shifted, labels, rows, design), line);
  assertEquals([line.hourLevels!.length, line.weekdayLevels!.length], [24, 7]);
  // 1970-01-05 was the first Monday: its first hour has no level of its own.
  const monday = { ...features, decisionTimeMs: features.decisionTimeMs.map(() => 4 * DAY_MS) };
  const { hourLevels: _hours, weekdayLevels: _days, ...bare } = line;
  assertEquals(lineLogVariance(line, monday, rows), lineLogVariance(bare, monday, rows));
});

Deno.test("withScales() computes what the features lack, and nothing else", pure, () => {
  const { dataset: { features, grid } } = sampleDataset();
  assertEquals(withScales(features, grid, [5, 60]), features);
  const wider = withScales(features, grid, [30, 60]);
  assertEquals(wider.names, [...features.names, "rv_30"]);
  const row = 5000, end = grid.indexAt(features.decisionTimeMs[row]!);
  let squares = 0;
  for (let i = end - 30; i < end; i++) squares += (1e4 * Math.log(grid.close[i]! / grid.close[i - 1]!)) ** 2;
  assertAlmostEquals(wider.columns.at(-1)![row]!, squares / 30, 1e-5 * squares);
});

Deno.test("lineForecasts() covers the training returns at its levels, and reads no test outcome", pure, () => {
  const { dataset, split } = sampleDataset();
  const design = harXDesign(15), forecasts = lineForecasts(dataset, split, design);
  assertEquals(forecasts.volatilityBps!.length, split.test.length);
  const onTraining = lineForecasts(dataset, { ...split, test: split.trainingSpan }, design);
  [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99].forEach((level, j) => {
    let below = 0;
    split.trainingSpan.forEach((row, i) => {
      if (dataset.labels.returnBps[row]! <= onTraining.volatilityBps[i]! * onTraining.standardizedQuantiles[j]!) {
        below++;
      }
    });
    assertAlmostEquals(below / split.trainingSpan.length, level, 1e-3, `level ${level}`);
  });
  const returnBps = dataset.labels.returnBps.slice(),
    realizedVarianceBps2 = dataset.labels.realizedVarianceBps2.slice();
  for (const row of split.test) returnBps[row] = realizedVarianceBps2[row] = NaN;
  const blind = { ...dataset, labels: { ...dataset.labels, returnBps, realizedVarianceBps2 } };
  assertEquals(lineForecasts(blind, split, design), forecasts);
});

Deno.test("fitVarianceLine() names the scale that the features lack", pure, () => {
  const error = assertThrows(() => fitVarianceLine(features, labelsOf(1440), rows, harXDesign(1440)), RangeError);
  assert(error.message.includes("'rv_7200'"));
});
