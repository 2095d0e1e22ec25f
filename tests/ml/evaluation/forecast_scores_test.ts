import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DAY_MS, MINUTE_MS, seededRandom } from "../../../src/core/mod.ts";
import { areaUnderCurve } from "../../../src/ml/evaluation/auc.ts";
import {
  calibrationLine,
  expectedCalibrationError,
  reliabilityBins,
} from "../../../src/ml/evaluation/calibration_scores.ts";
import {
  BIN_SHARES,
  quantileHistogram,
  squaredLogCorrelation,
} from "../../../src/ml/evaluation/distribution_scores.ts";
import { groupAreas, meanArea } from "../../../src/ml/evaluation/group_areas.ts";
import { outcomesOf, type TestRows } from "../../../src/ml/evaluation/test_rows.ts";
import fixture from "./forecast_scores.json" with { type: "json" };

const pure = { permissions: "none" } as const;
const { expected } = fixture, LENGTH = fixture.returnBps.length;
const test: TestRows = {
  length: LENGTH,
  horizonMinutes: fixture.stepMinutes,
  decisionTimeMs: Float64Array.from(fixture.returnBps, (_, i) => i * fixture.stepMinutes * MINUTE_MS),
  returnBps: Float32Array.from(fixture.returnBps),
  realizedVarianceBps2: Float32Array.from(fixture.realizedVarianceBps2),
};
const probabilityUp = Float32Array.from(fixture.probabilityUp);
const volatilityBps = Float32Array.from(fixture.volatilityBps);
const standardized = Float32Array.from(fixture.standardized);
const quantilesBps = Float32Array.from(
  { length: 9 * LENGTH },
  (_, i) => volatilityBps[Math.floor(i / 9)]! * standardized[i % 9]!,
);

Deno.test("expectedCalibrationError() is that of scikit-learn's calibration_curve by quantiles", pure, () => {
  const bins = reliabilityBins(probabilityUp, outcomesOf(test));
  assertEquals(bins.map(({ rows }) => rows), Array(20).fill(LENGTH / 20));
  assertAlmostEquals(expectedCalibrationError(bins), expected.ece, 1e-9);
});

const forecasts = fc.array(fc.tuple(fc.integer({ min: 1, max: 31 }), fc.constantFrom(0, 1, -1)), {
  minLength: 1,
  maxLength: 200,
});

Deno.test("reliabilityBins() does not depend on the order of rows, and loses none", pure, () => {
  fc.assert(fc.property(forecasts, fc.integer(), (rows, seed) => {
    const random = seededRandom(seed);
    const binsOf = (own: typeof rows) =>
      reliabilityBins(Float32Array.from(own, ([p]) => p / 32), Int8Array.from(own, ([, y]) => y));
    const bins = binsOf(rows), shuffled = rows.map((row) => [random.uniform(), row] as const);
    assertEquals(binsOf(shuffled.sort(([a], [b]) => a - b).map(([, row]) => row)), bins);
    const counted = bins.reduce((sum, { rows: own }) => sum + own, 0);
    assertEquals(counted, rows.filter(([, y]) => y >= 0).length);
    if (counted === 0) return;
    const error = expectedCalibrationError(bins);
    assert(error >= 0 && error <= 1);
  }));
});

Deno.test("expectedCalibrationError() is the same for down as for up", pure, () => {
  const outcomes = outcomesOf(test), bins = reliabilityBins(probabilityUp, outcomes);
  const down = reliabilityBins(probabilityUp.map((p) => 1 - p), outcomes.map((up) => 1 - up));
  assertAlmostEquals(expectedCalibrationError(down), expectedCalibrationError(bins), 1e-6);
});

Deno.test("expectedCalibrationError() of forecasts that hold is small, and grows by what they are off", pure, () => {
  const random = seededRandom(8), count = 200_000;
  const p = Float32Array.from({ length: count }, () => 0.3 + 0.4 * random.uniform());
  const outcomes = Int8Array.from(p, (value) => random.uniform() < value ? 1 : 0);
  const ece = (shift: number) => expectedCalibrationError(reliabilityBins(p.map((value) => value + shift), outcomes));
  assert(ece(0) < 0.008, `${ece(0)}`);
  assertAlmostEquals(ece(0.1), 0.1, 0.008);
});

Deno.test("calibrationLine() is statsmodels' logistic line, its errors those of days", pure, () => {
  const line = calibrationLine(test, probabilityUp)!;
  for (
    const [own, other] of [
      [line.slope, expected.slope],
      [line.intercept, expected.intercept],
      [line.standardErrors.slope, expected.slopeError],
      [line.standardErrors.intercept, expected.interceptError],
    ] as const
  ) assertAlmostEquals(own, other, 1e-8 * Math.abs(other));
});

Deno.test("calibrationLine() halves where logits double, and has none of a constant or of one outcome", pure, () => {
  const bolder = probabilityUp.map((p) => 1 / (1 + ((1 - p) / p) ** 2));
  const line = calibrationLine(test, probabilityUp)!, halved = calibrationLine(test, bolder)!;
  assertAlmostEquals(halved.slope, line.slope / 2, 1e-4);
  assertAlmostEquals(halved.intercept, line.intercept, 1e-4);
  assertEquals(calibrationLine(test, new Float32Array(LENGTH).fill(0.51)), undefined);
  const risen = { ...test, returnBps: test.returnBps.map(Math.abs) };
  assertEquals(calibrationLine(risen, probabilityUp), undefined);
  const knowing = test.returnBps.map((move) => move > 0 ? 0.9 : 0.1);
  assertEquals(calibrationLine(test, knowing), undefined);
});

Deno.test("calibrationLine() leaves ties of the price out", pure, () => {
  const tied = { ...test, returnBps: test.returnBps.map((move, row) => row < 96 ? 0 : move) };
  const rest = {
    ...test,
    length: LENGTH - 96,
    decisionTimeMs: test.decisionTimeMs.subarray(96),
    returnBps: test.returnBps.subarray(96),
  };
  assertEquals(calibrationLine(tied, probabilityUp), calibrationLine(rest, probabilityUp.subarray(96)));
});

const folds = {
  names: ["0", "1", "2"],
  groupOf: Int32Array.from(probabilityUp, (_, row) => fixture.starts.findLastIndex((start) => row >= start)),
};

Deno.test("groupAreas() is scikit-learn's area in each fold, and meanArea() their mean", pure, () => {
  const areas = groupAreas(probabilityUp, outcomesOf(test), folds);
  areas.forEach((area, fold) => assertAlmostEquals(area, expected.foldAuc[fold]!, 1e-9));
  assertAlmostEquals(meanArea(areas), areas.reduce((sum, area) => sum + area) / 3, 1e-12);
});

Deno.test("groupAreas() does not see a fold's level, and skips a fold of one outcome", pure, () => {
  const outcomes = outcomesOf(test).fill(0, 450), before = groupAreas(probabilityUp, outcomes, folds);
  const raised = probabilityUp.map((p, row) => row >= 400 ? p / 4 + 0.75 : p);
  groupAreas(raised, outcomes, folds).forEach((area, fold) => assertAlmostEquals(area, before[fold]!, 1e-3));
  const pooled = (scores: Float32Array) => areaUnderCurve({ scores, outcomes });
  assert(pooled(raised) < pooled(probabilityUp) - 0.1, "the pooled area sees a level that outcomes do not follow");
  outcomes.fill(1, 400);
  const partial = groupAreas(probabilityUp, outcomes, folds);
  assert(Number.isNaN(partial[2]!));
  assertAlmostEquals(meanArea(partial), (before[0]! + before[1]!) / 2, 1e-12);
});

Deno.test("squaredLogCorrelation() is numpy's, whatever the units of either", pure, () => {
  assertAlmostEquals(squaredLogCorrelation(test, volatilityBps), expected.squaredLogCorrelation, 1e-9);
  const doubled = squaredLogCorrelation(test, volatilityBps.map((sigma) => 2 * sigma));
  assertAlmostEquals(doubled, expected.squaredLogCorrelation, 1e-9);
  assert(Number.isNaN(squaredLogCorrelation(test, new Float32Array(LENGTH).fill(8))));
});

Deno.test("quantileHistogram() is numpy's, and even where the quantiles are those of the returns", pure, () => {
  quantileHistogram(test, quantilesBps).forEach((share, bin) =>
    assertAlmostEquals(share, expected.histogram[bin]!, 1e-12)
  );
  const random = seededRandom(3), count = 100_000, normal = [-2.326348, -1.644854, -1.281552, -0.67449, 0];
  const levels = [...normal, ...normal.slice(0, 4).reverse().map((z) => -z)];
  const rows = { ...test, length: count, returnBps: Float32Array.from({ length: count }, () => random.normal()) };
  const quantiles = Float32Array.from({ length: 9 * count }, (_, i) => levels[i % 9]!);
  quantileHistogram(rows, quantiles).forEach((share, bin) => assertAlmostEquals(share, BIN_SHARES[bin]!, 0.004));
  assertAlmostEquals(BIN_SHARES.reduce((sum, share) => sum + share), 1, 1e-12);
});

Deno.test("quantileHistogram() counts a return that equals a quantile below it", pure, () => {
  const rows = { ...test, length: 1, decisionTimeMs: new Float64Array([DAY_MS]), returnBps: new Float32Array([0]) };
  const quantiles = Float32Array.of(-4, -3, -2, -1, 0, 1, 2, 3, 4);
  assertEquals([...quantileHistogram(rows, quantiles)], [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
});
