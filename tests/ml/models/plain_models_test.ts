import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { DAY_MS, type FeatureMatrix, QUANTILE_LEVELS, seededRandom } from "../../../src/core/mod.ts";
import { MinuteGrid } from "../../../src/ml/features/mod.ts";
import type { Labels } from "../../../src/ml/labels/mod.ts";
import { EWMA_DECAY, ewmaVariance } from "../../../src/ml/models/ewma.ts";
import { fitHar, harLogVariance, harMinutes, regressHar } from "../../../src/ml/models/har.ts";
import { featureRanges } from "../../../src/ml/models/forecast_spec.ts";
import { referenceHistograms } from "../../../src/ml/models/reference_histograms.ts";
import { randomCandles } from "../candles.ts";
import { plainModel, sampleDataset } from "./sample_models.ts";

const allRows = (count: number) => Int32Array.from({ length: count }, (_, i) => i);

Deno.test("fitHar() recovers a planted line, and its level forecasts the mean, not the median", {
  permissions: "none",
}, () => {
  const random = seededRandom(2), count = 40_000;
  const names = [...new Set(["rv_60", ...harMinutes(15).map((minutes) => `rv_${minutes}`)])];
  const columns = names.map(() => Float32Array.from({ length: count }, () => Math.exp(2 + random.normal())));
  const truth = new Map([["rv_15", 0.4], ["rv_60", 0.3], ["rv_240", 0.1], ["rv_1440", 0.1], ["rv_10080", 0.05]]);
  const noise = 0.8;
  const line = (row: number) => {
    let sum = 1;
    names.forEach((name, j) => sum += truth.get(name)! * Math.log(columns[j]![row]!));
    return sum;
  };
  const variance = Float32Array.from({ length: count }, (_, row) => Math.exp(line(row) + noise * random.normal()));
  const features: FeatureMatrix = { length: count, decisionTimeMs: new Float64Array(count), names, columns };
  const labels = { length: count, horizonMinutes: 15, realizedVarianceBps2: variance } as unknown as Labels;
  const rows = allRows(count), fitted = fitHar(features, labels, rows);
  fitted.features.forEach((name, j) => assertAlmostEquals(fitted.coefficients[j]!, truth.get(name)!, 0.02, name));
  assertAlmostEquals(fitted.intercept, 1 + noise ** 2 / 2, 0.05);
  const forecast = harLogVariance(fitted, features, rows);
  const ratio = variance.reduce((sum, value, i) => sum + value / Math.exp(forecast[i]!), 0) / count;
  assertAlmostEquals(ratio, 1, 0.01);
});

Deno.test("regressHar() has standard errors by UTC days: the same row again in its day tells nothing new", {
  permissions: "none",
}, () => {
  const random = seededRandom(4), days = 300, copies = 4;
  const names = [...new Set(["rv_60", ...harMinutes(15).map((minutes) => `rv_${minutes}`)])];
  const values = Array.from({ length: days }, () => [...names, "target"].map(() => Math.exp(random.normal())));
  const regression = (each: number) => {
    const length = days * each, dayOf = (row: number) => Math.floor(row / each);
    const features: FeatureMatrix = {
      ...{ length, names },
      decisionTimeMs: Float64Array.from({ length }, (_, row) => dayOf(row) * DAY_MS + (row % each) * 60_000),
      columns: names.map((_, j) => Float32Array.from({ length }, (_, row) => values[dayOf(row)]![j]!)),
    };
    const realizedVarianceBps2 = Float32Array.from({ length }, (_, row) => values[dayOf(row)]!.at(-1)!);
    const labels = { length, horizonMinutes: 15, realizedVarianceBps2 } as unknown as Labels;
    return regressHar(features, labels, allRows(length));
  };
  const { line, fit, smearing } = regression(1), again = regression(copies).fit;
  assertAlmostEquals(line.intercept, fit.intercept + Math.log(smearing), 1e-12);
  assertEquals(line.coefficients, [...fit.coefficients]);
  // What the correction for few rows, (N − 1)/(N − K), leaves of the difference.
  const correction = (rows: number) => (rows - 1) / (rows - names.length - 1);
  const ratio = Math.sqrt(correction(days * copies) / correction(days));
  const errors = [fit, again].map(({ standardErrors: { intercept, coefficients } }) => [intercept, ...coefficients]);
  errors[0]!.forEach((error, j) => assertAlmostEquals(errors[1]![j]! / error, ratio, 1e-9));
});

Deno.test("harMinutes() is that of the protocol", { permissions: "none" }, () => {
  assertEquals([1, 5, 15, 60, 1440].map(harMinutes), [
    [1, 60, 240, 1440, 10080],
    [5, 60, 240, 1440, 10080],
    [15, 60, 240, 1440, 10080],
    [60, 240, 1440, 10080],
    [240, 1440, 7200, 10080, 31680],
  ]);
});

Deno.test("ewmaVariance() updates every k minutes on each phase and skips windows with a hole", {
  permissions: "none",
}, () => {
  const k = 5;
  const candles = randomCandles(300, { missing: (i) => i === 150 });
  const grid = new MinuteGrid(candles);
  const times = candles.openTimeMs.map((ms) => ms + 60_000);
  const actual = ewmaVariance(grid, times, { horizonMinutes: k });
  const minuteOf = (row: number) => candles.openTimeMs[row]! / 60_000;
  const byMinute = new Map([...candles.openTimeMs].map((ms, row) => [ms / 60_000, candles.close[row]!]));
  const rv = (last: number) => {
    let sum = 0;
    for (let minute = last - k + 1; minute <= last; minute++) {
      const a = byMinute.get(minute - 1), b = byMinute.get(minute);
      if (a === undefined || b === undefined) return undefined;
      sum += (1e4 * Math.log(b / a)) ** 2;
    }
    return sum;
  };
  for (const row of [4, 5, 9, 60, 148, 149, 152, 156, 290]) {
    let state: number | undefined;
    for (let minute = minuteOf(0) + (minuteOf(row) - minuteOf(0)) % k; minute <= minuteOf(row); minute += k) {
      const value = rv(minute);
      if (value === undefined) continue;
      state = state === undefined ? value : EWMA_DECAY * state + (1 - EWMA_DECAY) * value;
    }
    if (state === undefined) assert(Number.isNaN(actual[row]!), `row ${row}`);
    else assertAlmostEquals(actual[row]!, state, 1e-9 * state, `row ${row}`);
  }
});

Deno.test("fitPlainModel() of climatology gives training shares, mean variance and empirical quantiles", {
  permissions: "none",
}, () => {
  const sample = sampleDataset();
  const model = plainModel("climatology", sample);
  const { returnBps, realizedVarianceBps2 } = sample.dataset.labels, rows = sample.split.trainingSpan;
  const { probabilityUp, volatilityBps, quantilesBps } = model.predictColumns(
    sample.dataset.features.columns,
    rows.subarray(0, 1),
  );
  const up = rows.filter((row) => returnBps[row]! > 0).length, down = rows.filter((row) => returnBps[row]! < 0).length;
  assertAlmostEquals(probabilityUp[0]!, (up + 0.5) / (up + down + 1), 1e-6);
  const meanVariance = rows.reduce((sum, row) => sum + realizedVarianceBps2[row]!, 0) / rows.length;
  assertAlmostEquals(volatilityBps[0]! ** 2, meanVariance, 1e-4 * meanVariance);
  QUANTILE_LEVELS.forEach((level, j) => {
    const below = rows.filter((row) => returnBps[row]! <= quantilesBps[j]!).length / rows.length;
    assertAlmostEquals(below, level, 2e-3, `level ${level}`);
  });
});

Deno.test("referenceHistograms() has about equal counts, and counts what is missing", { permissions: "none" }, () => {
  const { dataset, split } = sampleDataset();
  for (const { feature, edges, counts, missing } of referenceHistograms(dataset.features, split.trainingSpan)) {
    assertEquals(counts.length, edges.length + 1, feature);
    assertEquals(counts.reduce((sum, value) => sum + value, 0) + missing, split.trainingSpan.length, feature);
    assert(edges.every((edge, i) => i === 0 || edge > edges[i - 1]!), feature);
    if (feature !== "return_15") continue;
    counts.forEach((value) => assertAlmostEquals(value, split.trainingSpan.length / 20, 2, feature));
  }
});

Deno.test("referenceHistograms() keeps the range of all training rows, a missing value and other rows apart", {
  permissions: "none",
}, () => {
  const length = 250_000, column = Float32Array.from({ length }, (_, i) => Math.sin(i));
  // Neither of the two is among the rows that the bins are made of, every third.
  [column[10_000], column[20_000], column[30_000]] = [9, -7, NaN];
  column[length - 1] = 99;
  const features = {
    length,
    decisionTimeMs: new Float64Array(length),
    names: ["one", "none"],
    columns: [column, new Float32Array(length).fill(NaN)],
  };
  const rows = Int32Array.from({ length: length - 1 }, (_, i) => i);
  const [one, none] = referenceHistograms(features, rows);
  assertEquals([one!.min, one!.max], [-7, 9]);
  assertEquals(["min" in none!, "max" in none!], [false, false]);
  const spec = { featureNames: ["none", "one", "unknown"], referenceHistograms: [one!, none!] };
  assertEquals(featureRanges(spec), {
    min: Float32Array.of(NaN, -7, NaN),
    max: Float32Array.of(NaN, 9, NaN),
  });
  assertEquals(featureRanges({ ...spec, referenceHistograms: [] }).min, new Float32Array(3).fill(NaN));
});
