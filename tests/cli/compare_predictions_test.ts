import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { DAY_MS, DomainError, MINUTE_MS, QUANTILE_LEVELS, seededRandom } from "../../src/core/mod.ts";
import { comparePredictions, mergeForecasts, type TimedForecasts } from "../../src/cli/compare_predictions.ts";
import type { PredictionFile } from "../../src/ml/evaluation/read_prediction_files.ts";
import { logLoss, meanPinball, qlike } from "../../src/ml/evaluation/losses.ts";
import type { TestRows } from "../../src/ml/evaluation/test_rows.ts";

const START = Date.UTC(2023, 2, 1);
const OPTIONS = { blockDays: 1, resamples: 400 };
const LEVELS = QUANTILE_LEVELS.length;

/** Outcomes of `days` days, one row in 30 minutes, from `firstDay` on; the same for every caller. */
function rowsOf(firstDay: number, days: number, horizonMinutes = 15): TestRows {
  const length = days * 48;
  const at = (row: number) => START + firstDay * DAY_MS + row * 30 * MINUTE_MS;
  const random = (row: number) => seededRandom(1 + (at(row) - START) / MINUTE_MS);
  return {
    length,
    horizonMinutes,
    decisionTimeMs: Float64Array.from({ length }, (_, row) => at(row)),
    returnBps: Float32Array.from(
      { length },
      (_, row) => (at(row) / MINUTE_MS) % 1500 === 0 ? 0 : random(row).normal() * 10,
    ),
    realizedVarianceBps2: Float32Array.from({ length }, (_, row) => 100 * Math.exp(random(row).uniform())),
  };
}

/** Forecasts that are off by a factor. */
function forecastsOf(rows: TestRows, factor: number) {
  return {
    probabilityUp: Float32Array.from(
      { length: rows.length },
      (_, i) => Math.min(0.9, Math.max(0.1, 0.5 + (rows.returnBps[i]! > 0 ? 0.1 : -0.1) / factor)),
    ),
    volatilityBps: Float32Array.from(
      { length: rows.length },
      (_, i) => Math.sqrt(rows.realizedVarianceBps2[i]!) * factor,
    ),
    quantilesBps: Float32Array.from({ length: rows.length * LEVELS }, (_, i) => (i % LEVELS - 4) * 4 * factor),
  };
}

function fileOf(test: TestRows, factor: number): PredictionFile {
  return {
    folds: [{ index: 0, train: { startMs: START - 60 * DAY_MS, endMs: START - DAY_MS } }],
    foldOf: new Int32Array(test.length),
    test,
    forecasts: forecastsOf(test, factor),
  };
}

function timed(test: TestRows, factor: number): TimedForecasts {
  const { horizonMinutes, decisionTimeMs } = test;
  return { horizonMinutes, decisionTimeMs, forecasts: forecastsOf(test, factor) };
}

Deno.test("mergeForecasts() of two spans says what one of both says", { permissions: "none" }, () => {
  const all = timed(rowsOf(0, 6), 1.3);
  assertEquals(mergeForecasts(timed(rowsOf(0, 4), 1.3), timed(rowsOf(4, 2), 1.3)), all);
  assertEquals(mergeForecasts(all, timed(rowsOf(6, 0), 1.3)), all);
});

Deno.test("comparePredictions() finds no difference between a run and itself", { permissions: "none" }, () => {
  const rows = rowsOf(0, 10);
  const found = comparePredictions(fileOf(rows, 1.2), timed(rows, 1.2), OPTIONS);
  assertEquals([found.commonDays, found.rows], [10, 480]);
  for (const gain of Object.values(found.gains)) assertEquals(gain, { mean: 0, low: 0, high: 0 });
});

Deno.test(
  "comparePredictions() takes the common rows alone and scores them as written out",
  { permissions: "none" },
  () => {
    const ours = rowsOf(0, 40), theirs = rowsOf(8, 40);
    const found = comparePredictions(fileOf(ours, 1.1), timed(theirs, 1.5), OPTIONS);
    assertEquals([found.commonDays, found.rows], [32, 32 * 48]);
    const a = forecastsOf(ours, 1.1), b = forecastsOf(ours, 1.5);
    let volatility = 0, direction = 0, directions = 0, quantiles = 0, theirPinball = 0;
    for (let row = 8 * 48; row < ours.length; row++) {
      const variance = ours.realizedVarianceBps2[row]!, move = ours.returnBps[row]!;
      volatility += qlike(variance, b.volatilityBps[row]! ** 2, 0.15) -
        qlike(variance, a.volatilityBps[row]! ** 2, 0.15);
      quantiles += meanPinball(move, b.quantilesBps, row * LEVELS) - meanPinball(move, a.quantilesBps, row * LEVELS);
      theirPinball += meanPinball(move, b.quantilesBps, row * LEVELS);
      if (move === 0) continue;
      direction += logLoss(b.probabilityUp[row]!, move > 0) - logLoss(a.probabilityUp[row]!, move > 0);
      directions++;
    }
    assertAlmostEquals(found.gains.qlike.mean, volatility / found.rows, 1e-9);
    assertAlmostEquals(found.gains.pinball.mean, quantiles / found.rows, 1e-9);
    assertAlmostEquals(found.gains.logLoss.mean, direction / directions, 1e-9);
    assertAlmostEquals(found.incumbentPinball, theirPinball / found.rows, 1e-9);
    const { mean, low, high } = found.gains.qlike;
    assert(low > 0 && low < mean && mean < high, `${low} ${mean} ${high}`);
    const reversed = comparePredictions(fileOf(theirs, 1.5), timed(ours, 1.1), OPTIONS);
    assertAlmostEquals(reversed.gains.qlike.mean, -mean, 1e-9);
  },
);

Deno.test("comparePredictions() knows runs without a common row", { permissions: "none" }, () => {
  const found = comparePredictions(fileOf(rowsOf(0, 5), 1), timed(rowsOf(50, 5), 1), OPTIONS);
  assertEquals([found.commonDays, found.rows], [0, 0]);
});

Deno.test("comparePredictions() refuses other horizons", { permissions: "none" }, () => {
  const rows = rowsOf(0, 2);
  const error = assertThrows(
    () => comparePredictions(fileOf(rows, 1), timed(rowsOf(0, 2, 60), 1), OPTIONS),
    DomainError,
    "other horizons",
  );
  assertEquals(error.code, "input-invalid");
});
