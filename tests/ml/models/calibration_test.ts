import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { QUANTILE_LEVELS, seededRandom } from "../../../src/core/mod.ts";
import {
  fitLogitCalibration,
  fitLogitShrink,
  fitQuantileMultipliers,
  fitShrink,
  likeliestShare,
} from "../../../src/ml/models/calibration.ts";

const random = seededRandom(9);
const COUNT = 60_000;
const logits = Float64Array.from({ length: COUNT }, () => 2 * random.normal());
const share = (logit: number) => 1 / (1 + Math.exp(-logit));

Deno.test("fitLogitCalibration() finds slope and intercept where there is data enough", { permissions: "none" }, () => {
  const many = Float64Array.from({ length: 20 * COUNT }, () => 2 * random.normal());
  const returnBps = Float64Array.from(many, (x) => random.uniform() < share(0.1 + 0.6 * x) ? 1 : -1);
  const { slope, intercept } = fitLogitCalibration(many, { returnBps, horizonMinutes: 1, learntLabels: 1e9 });
  assertAlmostEquals(slope, 0.6, 0.02);
  assertAlmostEquals(intercept, 0.1, 0.03);
});

Deno.test("fitLogitCalibration() does not learn a short tail's trend as a bias", { permissions: "none" }, () => {
  // A week in which 60 % of overlapping 15-minute returns rose.
  const short = logits.slice(0, 8_000);
  const returnBps = Float64Array.from(short, () => random.uniform() < 0.6 ? 1 : -1);
  const { intercept } = fitLogitCalibration(short, { returnBps, horizonMinutes: 15, learntLabels: 1e9 });
  // What it tells has a weight of 8000 / 15 / 4 = 133 beside the prior's 40,000: 1.3 thousandths of the tail's ln(.6 / .4).
  assert(intercept > 0 && intercept < 0.003, `${intercept}`);
  assert(fitLogitCalibration(short, { returnBps, horizonMinutes: 1, learntLabels: 1e9 }).intercept > 0.01);
});

Deno.test("fitLogitCalibration() never turns a direction round, and leaves ties out", { permissions: "none" }, () => {
  const returnBps = Float64Array.from(logits, (x) => random.uniform() < share(-x) ? 1 : -1);
  assertEquals(fitLogitCalibration(logits, { returnBps, horizonMinutes: 1, learntLabels: 1e9 }).slope, 0);
  const ties = new Float64Array(COUNT);
  const { slope, intercept } = fitLogitCalibration(logits, { returnBps: ties, horizonMinutes: 1, learntLabels: 4500 });
  assertAlmostEquals(slope, 0.75, 1e-12, "what is believed of so many labels, as the tail says nothing");
  assertEquals(intercept, 0);
  const alike = new Float64Array(COUNT).fill(0.3);
  const fitted = fitLogitCalibration(alike, { returnBps, horizonMinutes: 1, learntLabels: 1e9 });
  assert(Number.isFinite(fitted.slope) && Number.isFinite(fitted.intercept));
});

/** Rows of minutes, one after the other. */
const minutes = (count: number, horizonMinutes = 1) => ({
  decisionTimeMs: Float64Array.from({ length: count }, (_, i) => i * 60_000),
  horizonMinutes,
});

Deno.test("fitShrink() keeps a true correction and drops noise", { permissions: "none" }, () => {
  const harLogVariance = new Float64Array(COUNT).fill(3);
  const correction = Float64Array.from({ length: COUNT }, () => 0.5 * random.normal());
  const gamma = () => -Math.log(1 - random.uniform()); // mean 1
  const helped = Float64Array.from(correction, (value) => Math.exp(3 + 0.6 * value) * gamma());
  assertAlmostEquals(
    fitShrink({ ...minutes(COUNT), harLogVariance, correction, realizedVarianceBps2: helped }, 0.15),
    0.6,
    0.1001,
  );
  const unrelated = Float64Array.from(correction, () => Math.exp(3) * gamma());
  assertEquals(fitShrink({ ...minutes(COUNT), harLogVariance, correction, realizedVarianceBps2: unrelated }, 0.15), 0);
});

Deno.test(
  "fitLogitShrink() finds the share of a score where there is data enough, and the prior's where there is not",
  {
    permissions: "none",
  },
  () => {
    const logit = new Float64Array(COUNT), score = logits, all = { ...minutes(COUNT), logit, score };
    const movesBy = (true_: number) => Float64Array.from(score, (x) => random.uniform() < share(true_ * x) ? 1 : -1);
    for (const true_ of [0, 0.3, 0.6]) {
      assertAlmostEquals(fitLogitShrink({ ...all, returnBps: movesBy(true_) }), true_, 0.0501);
    }
    // Forty rows of which each tells a sixtieth: the prior speaks.
    const few = (returnBps: Float64Array) =>
      fitLogitShrink({ ...minutes(40, 60), logit: logit.slice(0, 40), score: score.slice(0, 40), returnBps });
    const agree = score.slice(0, 40).map(Math.sign);
    assertAlmostEquals(few(agree), 0.2, 0.1001, "15/(15 + 60)");
    const against = agree.map((sign) => -sign), spread = Float64Array.from({ length: 40 }, (_, i) => i * 86_400_000);
    assertEquals(few(against), 0, "in one day there is no error to be worse by");
    // In forty days there is: what is worse by less than that says little, what is worse each day says all.
    const overDays = (returnBps: Float64Array) =>
      fitLogitShrink({
        ...{ decisionTimeMs: spread, horizonMinutes: 60, logit: new Float64Array(40) },
        ...{ score: new Float64Array(40).fill(0.5), returnBps },
      });
    assertEquals(overDays(Float64Array.from(spread, (_, i) => i % 2 === 0 ? 1 : -1)), 0.2);
    assertEquals(overDays(new Float64Array(40).fill(-1)), 0);
  },
);

Deno.test("likeliestShare() is the mode of prior and likelihood, never above the largest share", {
  permissions: "none",
}, () => {
  // Two days of a row each.
  const tail = { decisionTimeMs: [0, 86_400_000], horizonMinutes: 2 };
  const at = (best: number, weight: number) => (s: number) => weight / 2 * (s - best) ** 2 / 2;
  const prior = { mean: 0.5, sd: 0.5, largest: 0.7, errors: 0, worth: 0 };
  // Precision 4 around .5, and 12 / 2 around .2: .32.
  assertEquals(likeliestShare(at(0.2, 12), tail, prior), 0.3);
  assertEquals(likeliestShare(at(3, 1000), tail, prior), 0.7);
  assertEquals(likeliestShare(at(3, 1000), tail, { ...prior, largest: 1 }), 1);
  assertEquals(likeliestShare(at(-0.1, 1), tail, prior), 0, "the prior alone keeps no share");
});

Deno.test("likeliestShare() asks for a gain of so many standard errors over the days", { permissions: "none" }, () => {
  // Gains of 1, 2 and 6 a day: 9 in all, with an error of √3 · 2.65 = 4.58.
  const gains = [1, 2, 6], tail = { decisionTimeMs: [0, 86_400_000, 2 * 86_400_000], horizonMinutes: 1 };
  const lossAt = (share: number, i: number) => share === 0 ? 10 : 10 - gains[i]!;
  const prior = { mean: 0.5, sd: 0.5, largest: 0.7, worth: 0 };
  assertEquals(likeliestShare(lossAt, tail, { ...prior, errors: 1.9 }), 0.5);
  assertEquals(likeliestShare(lossAt, tail, { ...prior, errors: 2 }), 0);
  assertEquals(likeliestShare(lossAt, tail, { ...prior, errors: 0, worth: 2.9 }), 0.5);
  assertEquals(likeliestShare(lossAt, tail, { ...prior, errors: 0, worth: 3 }), 0, "3 a row is what there is");
  // All in one day there is no spread to tell.
  assertEquals(likeliestShare(lossAt, { ...tail, decisionTimeMs: [0, 60_000, 120_000] }, { ...prior, errors: 9 }), 0.5);
});

Deno.test("fitQuantileMultipliers() brings coverage to the levels, and trusts few events little", {
  permissions: "none",
}, () => {
  const standard = [-2.326, -1.645, -1.282, -0.674, 0, 0.674, 1.282, 1.645, 2.326]; // of the normal
  const returnBps = Float64Array.from({ length: COUNT }, () => 1.4 * random.normal());
  const quantiles = Float32Array.from({ length: COUNT * 9 }, (_, i) => standard[i % 9]!);
  const multipliers = fitQuantileMultipliers(quantiles, { returnBps, horizonMinutes: 1 });
  assertEquals(multipliers[4], 1);
  QUANTILE_LEVELS.forEach((level, j) => {
    if (level === 0.5) return;
    assertAlmostEquals(multipliers[j]!, 1.4, 0.05, `level ${level}`);
    const below = returnBps.filter((move) => move <= multipliers[j]! * standard[j]!).length / COUNT;
    assertAlmostEquals(below, level, 0.01, `level ${level}`);
  });
  const few = fitQuantileMultipliers(quantiles.slice(0, 9 * 1500), {
    returnBps: returnBps.slice(0, 1500),
    horizonMinutes: 15,
  });
  assert(Math.abs(few[0]! - 1) < 0.05, `${few[0]}`);
  const wrongSide = quantiles.map((value, i) => i % 9 === 3 ? 0.1 : value);
  assertEquals(fitQuantileMultipliers(wrongSide, { returnBps, horizonMinutes: 1 })[3], 1);
});
