import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { DAY_MS, MINUTE_MS } from "../../../src/core/mod.ts";
import { areaUnderCurve } from "../../../src/ml/evaluation/auc.ts";
import { BASELINES } from "../../../src/ml/evaluation/baselines.ts";
import { shortTestBlockDays } from "../../../src/ml/evaluation/block_bootstrap.ts";
import { evaluate } from "../../../src/ml/evaluation/evaluate.ts";
import { evaluationMetrics, foldMetrics } from "../../../src/ml/evaluation/evaluation_metrics.ts";
import { logLoss, qlike } from "../../../src/ml/evaluation/losses.ts";
import { outcomesOf } from "../../../src/ml/evaluation/test_rows.ts";
import { knowingForecasts, sampleFolds, START } from "./sample_folds.ts";

const pure = { permissions: "none" } as const;
const scored = sampleFolds({ days: 36, folds: 3, everyMinutes: 5 });
const { test, model, baselines } = scored;
const OPTIONS = { blockDays: 1, resamples: 200 };
const evaluation = evaluate(scored, OPTIONS);

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Row numbers that a test holds for. */
function rowsWhere(counts: (row: number) => boolean): number[] {
  return Array.from({ length: test.length }, (_, row) => row).filter(counts);
}

const qlikeAt = (sigma: Float32Array, row: number) => qlike(test.realizedVarianceBps2[row]!, sigma[row]! ** 2, 0.15);

Deno.test("evaluate() puts scores beside all six baselines and intervals around gains", pure, () => {
  const metrics = evaluationMetrics(evaluation);
  for (
    const name of ["qlike", "log_loss", "auc", "auc_fold_mean", "pinball", "coverage_90", "accuracy", "brier", "ece_20"]
  ) {
    assert(Number.isFinite(metrics[name]), name);
  }
  for (const name of ["log_variance_r2", "calibration_slope", "calibration_intercept", "sharpe_cost_10"]) {
    assert(Number.isFinite(metrics[name]), name);
  }
  assertEquals(Object.keys(evaluation.baselines), [...BASELINES]);
  assertEquals([metrics["test_days"], metrics["test_folds"], metrics["test_blocks"]], [36, 3, 36]);
  assert(metrics["qlike_gain_ewma_low"]! > 0 && metrics["qlike_gain_ewma_low"]! < metrics["qlike_gain_ewma"]!);
  assert(metrics["qlike_gain_ewma"]! < metrics["qlike_gain_ewma_high"]!);
  assertEquals("qlike_gain_contrarian" in metrics, false);
  assert(metrics["auc_low"]! < 0.5 && metrics["auc_high"]! > 0.5, "there is no direction in this data");
  const { contrarian } = baselines, outcomes = outcomesOf(test);
  const rightShare = (p: Float32Array) =>
    mean(rowsWhere((row) => outcomes[row]! >= 0).map((row) => (p[row]! > 0.5 ? 1 : 0) === outcomes[row] ? 1 : 0));
  assertAlmostEquals(
    metrics["accuracy_gain_contrarian"]!,
    rightShare(model.probabilityUp) - rightShare(contrarian.probabilityUp!),
    1e-12,
  );
  assert(metrics["accuracy_low"]! < metrics["accuracy"]! && metrics["accuracy"]! < metrics["accuracy_high"]!);
  assertEquals(evaluation.bestBaselines.qlike, "har_x");
  assertEquals(evaluation.bestBaselines.pinball, "har_x");
});

Deno.test("evaluate() scores each hour, month, year and fold by its own rows alone", pure, () => {
  const { hours, months, years, folds } = evaluation;
  const hourOf = (row: number) => Math.floor(test.decisionTimeMs[row]! % DAY_MS / 3_600_000);
  assertEquals(hours.map(({ name }) => name), Array.from({ length: 24 }, (_, i) => String(i).padStart(2, "0")));
  const seven = rowsWhere((row) => hourOf(row) === 7), { scores, gains, rows } = hours[7]!;
  assertEquals(rows, seven.length);
  assertAlmostEquals(scores["qlike"]!, mean(seven.map((row) => qlikeAt(model.volatilityBps, row))), 1e-9);
  const harX = baselines.har_x.volatilityBps!;
  const gain = gains.find(({ loss }) => loss === "qlike")!;
  assertAlmostEquals(gain.mean, mean(seven.map((row) => qlikeAt(harX, row) - qlikeAt(model.volatilityBps, row))), 1e-9);
  assert(gain.low < gain.mean && gain.mean < gain.high && gain.baseline === "har_x");
  const moved = seven.filter((row) => test.returnBps[row] !== 0);
  assertAlmostEquals(
    scores["log_loss"]!,
    mean(moved.map((row) => logLoss(model.probabilityUp[row]!, test.returnBps[row]! > 0))),
    1e-9,
  );
  const outcomes = outcomesOf(test);
  assertAlmostEquals(
    scores["auc"]!,
    areaUnderCurve({
      scores: moved.map((row) => model.probabilityUp[row]!),
      outcomes: moved.map((row) => outcomes[row]!),
    }),
    1e-12,
  );
  assertEquals(months.map(({ name, rows }) => [name, rows]), [["2023-06", 30 * 288], ["2023-07", 6 * 288]]);
  assertEquals(years.map(({ name, rows }) => [name, rows]), [["2023", 36 * 288]]);
  assertEquals(
    folds.map(({ index, name, rows }) => [index, name, rows]),
    [2, 3, 4].map((i) => [i, String(i), 12 * 288]),
  );
  assertEquals(folds[1]!.test, { startMs: START + 12 * DAY_MS, endMs: START + 24 * DAY_MS - 4 * MINUTE_MS });
  assertEquals(folds[1]!.train, scored.folds[1]!.train);
  assertAlmostEquals(
    evaluation.model["auc_fold_mean"]!,
    mean(folds.map((fold) => fold.scores["auc"]!)),
    1e-12,
  );
  const metric = foldMetrics(evaluation).find(({ key, step }) => key === "fold_qlike" && step === 3);
  assertEquals(metric?.value, folds[1]!.scores["qlike"]);
});

Deno.test("evaluate() finds the hour in which the model is worse than the best baseline", pure, () => {
  const volatilityBps = model.volatilityBps.slice();
  for (let row = 0; row < test.length; row++) {
    if (Math.floor(test.decisionTimeMs[row]! % DAY_MS / 3_600_000) === 5) volatilityBps[row]! *= 2;
  }
  const { weakSpots } = evaluate({ ...scored, model: { ...model, volatilityBps } }, OPTIONS);
  const found = weakSpots.found.filter(({ loss, kind }) => loss === "qlike" && kind === "hour");
  assertEquals(found.map(({ name, baseline }) => [name, baseline]), [["05", "har_x"]]);
  assert(found[0]!.mean < -0.1 && found[0]!.high < 0);
  assertEquals(weakSpots.looked, (24 + 1) * 4, "the six days of July tell nothing");
  assertAlmostEquals(weakSpots.expectedByChance, weakSpots.looked * 0.025, 1e-12);
  assertEquals(evaluation.weakSpots.found.filter(({ loss }) => loss === "qlike"), []);
});

Deno.test("evaluate() calls no group of fewer than 20 blocks of days worse, however bad it is", pure, () => {
  const worseFrom = (startMs: number) => ({
    ...scored,
    model: {
      ...model,
      volatilityBps: model.volatilityBps.map((sigma, row) => test.decisionTimeMs[row]! < startMs ? sigma : 2 * sigma),
    },
  });
  const july = Date.UTC(2023, 6, 1);
  const { months, weakSpots } = evaluate(worseFrom(july), OPTIONS);
  const gain = months[1]!.gains.find(({ loss }) => loss === "qlike")!;
  assertEquals(months.map(({ gains }) => gains[0]!.blocks), [30, 6]);
  assert(gain.high < 0, "its interval would say so");
  assertEquals(weakSpots.found.filter(({ kind, loss }) => kind === "month" && loss === "qlike"), []);
  const named = (startMs: number) =>
    evaluate(worseFrom(startMs), OPTIONS).weakSpots.found
      .flatMap(({ kind, loss, name }) => kind === "month" && loss === "qlike" ? [name] : []);
  assertEquals(named(0), ["2023-06"], "a month of 30 days can be told");
});

Deno.test("evaluate() takes single days of a short group, but not where labels reach over them", pure, () => {
  const blocksOf = (horizonMinutes: number) => {
    const { months, hours } = evaluate({ ...scored, test: { ...test, horizonMinutes } }, { ...OPTIONS, blockDays: 5 });
    return [months[0]!, hours[7]!].map(({ gains }) => gains[0]!.blocks);
  };
  assertEquals(blocksOf(15), [30, 36]);
  assertEquals(blocksOf(1440), [6, 8]);
});

Deno.test("evaluate() tells real differences from none by every test", pure, () => {
  const entry = (name: string) => evaluation.confidenceSet.find((own) => own.model === name)!;
  assertEquals(evaluation.confidenceSet.map((own) => own.model).sort(), [
    "climatology",
    "ewma",
    "har",
    "har_diurnal",
    "har_x",
    "model",
  ]);
  assert(entry("model").included && !entry("climatology").included && !entry("ewma").included);
  const test = (baseline: string, loss: string) =>
    evaluation.gains.find((gain) => gain.baseline === baseline && gain.loss === loss)!;
  assert(test("ewma", "qlike").dieboldMariano!.pValue < 1e-6);
  assert(test("contrarian", "log_loss").dieboldMariano!.pValue > 0.001);
  for (const { gain, minimumDetectableEffect } of evaluation.gains) {
    assertAlmostEquals(minimumDetectableEffect, 2.8 * gain.standardError, 1e-12);
  }
  assertEquals(evaluation.clarkWest.map(({ baseline }) => baseline), ["har", "har_diurnal", "har_x"]);
  assert(evaluation.clarkWest.every((own) => own.test.pValue < 0.01));
});

Deno.test("evaluate() needs the spread of the trials for a deflated Sharpe ratio", pure, () => {
  assertEquals([evaluation.money.deflatedSharpe, evaluation.money.trials], [null, null]);
  const few = evaluate(scored, { ...OPTIONS, tried: { count: 1, sharpes: [0.1] } });
  assertEquals(few.money.deflatedSharpe, null);
  const many = evaluate(scored, { ...OPTIONS, tried: { count: 40, sharpes: [0.1, -0.1] } }).money;
  assert(many.deflatedSharpe! > 0 && many.deflatedSharpe! < many.probabilisticSharpe);
  assertEquals(many.costCurve.map(({ costBps }) => costBps), Array.from({ length: 21 }, (_, i) => i));
});

Deno.test("an evaluation is plain JSON, but for figures that cannot be told", pure, () => {
  assertEquals(JSON.parse(JSON.stringify(evaluation)), evaluation);
  const constant = { ...model, probabilityUp: model.probabilityUp.map(() => 0.5) };
  const flat = evaluate({ ...scored, model: constant }, OPTIONS);
  assertEquals([flat.calibration.line, "calibration_slope" in flat.model], [null, false]);
  assertEquals(JSON.parse(JSON.stringify(flat)).money.breakEvenCostBps, null);
  assert(Object.values(evaluationMetrics(flat)).every(Number.isFinite));
});

Deno.test("evaluate() says of a broken forecast that its losses are not finite", pure, () => {
  const volatilityBps = model.volatilityBps.slice();
  volatilityBps[7] = NaN; // off the horizon's grid: QLIKE's level does not see it, the gains do
  const broken = evaluate({ ...scored, model: { ...model, volatilityBps } }, OPTIONS);
  assertEquals(broken.gains.filter(({ loss, gain }) => loss === "qlike" && Number.isFinite(gain.mean)), []);
  assertEquals(broken.confidenceSet, []);
  const probabilityUp = model.probabilityUp.slice();
  probabilityUp[7] = NaN;
  const blank = evaluate({ ...scored, model: { ...model, probabilityUp } }, OPTIONS);
  assertEquals([blank.model["log_loss"], Number.isFinite(blank.model["auc"])], [Infinity, true]);
});

Deno.test("shortTestBlockDays() takes single days where there are fewer than thirty blocks", pure, () => {
  assertEquals([30, 145, 146, 570].map((days) => shortTestBlockDays(days, 5)), [1, 1, 5, 5]);
  assertEquals(shortTestBlockDays(10, 1), 1);
});

Deno.test("an evaluation of a model that is a baseline gains nothing over it", pure, () => {
  const sigma = test.realizedVarianceBps2.map(Math.sqrt), same = knowingForecasts(sigma, 0.5, 3);
  const { gains } = evaluate({ ...scored, model: same, baselines: { ...baselines, har_x: same } }, OPTIONS);
  for (const { gain, dieboldMariano } of gains.filter(({ baseline }) => baseline === "har_x")) {
    assertEquals([gain.mean, gain.low, gain.high, dieboldMariano], [0, 0, 0, null]);
  }
});
