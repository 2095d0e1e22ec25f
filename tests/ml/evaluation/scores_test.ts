import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MINUTE_MS } from "../../../src/core/mod.ts";
import { areaUnderCurve, blockPairs, weightedArea } from "../../../src/ml/evaluation/auc.ts";
import { qlike, varianceFloor } from "../../../src/ml/evaluation/losses.ts";
import { rowLosses, scoreForecasts } from "../../../src/ml/evaluation/scores.ts";
import fixture from "./sklearn_scores.json" with { type: "json" };

const LENGTH = fixture.returnBps.length;
const test = {
  length: LENGTH,
  horizonMinutes: fixture.horizonMinutes,
  decisionTimeMs: Float64Array.from({ length: LENGTH }, (_, i) => Date.UTC(2023, 0, 1) + i * MINUTE_MS),
  returnBps: Float32Array.from(fixture.returnBps),
  realizedVarianceBps2: Float32Array.from(fixture.realizedVarianceBps2),
};
const volatilityBps = Float32Array.from(fixture.volatilityBps);
const forecasts = {
  probabilityUp: Float32Array.from(fixture.probabilityUp),
  volatilityBps,
  quantilesBps: Float32Array.from(
    { length: LENGTH * 9 },
    (_, i) => volatilityBps[Math.floor(i / 9)]! * fixture.standardized[i % 9]!,
  ),
};

Deno.test("scoreForecasts() agrees with scikit-learn's figures", { permissions: "none" }, () => {
  const losses = rowLosses(test, forecasts);
  const scores = scoreForecasts(test, forecasts, losses);
  for (const name of ["log_loss", "brier", "auc", "accuracy", "pinball", "coverage_90", "width_90"] as const) {
    assertAlmostEquals(scores[name]!, fixture.expected[name], 1e-6, name);
  }
  const mean = losses.qlike!.reduce((sum, loss) => sum + loss, 0) / LENGTH;
  assertAlmostEquals(mean, fixture.expected.qlike_all, 1e-6);
});

Deno.test(
  "scoreForecasts() takes QLIKE's level from the rows on the horizon's grid alone",
  { permissions: "none" },
  () => {
    const losses = rowLosses(test, forecasts);
    const onGrid = [...losses.qlike!].filter((_, row) => row % 15 === 0); // the rows begin at midnight
    const level = onGrid.reduce((sum, loss) => sum + loss, 0) / onGrid.length;
    assertAlmostEquals(scoreForecasts(test, forecasts, losses)["qlike"]!, level, 1e-12);
  },
);

Deno.test("scoreForecasts() leaves ties out of direction and absent outputs out of the scores", {
  permissions: "none",
}, () => {
  const returnBps = test.returnBps.slice();
  returnBps.fill(0, 0, 100);
  const tied = { ...test, returnBps };
  const scores = scoreForecasts(tied, forecasts, rowLosses(tied, forecasts));
  const rest = {
    ...test,
    length: LENGTH - 100,
    decisionTimeMs: test.decisionTimeMs.slice(100),
    returnBps: test.returnBps.slice(100),
    realizedVarianceBps2: test.realizedVarianceBps2.slice(100),
  };
  const restForecasts = { probabilityUp: forecasts.probabilityUp.slice(100) };
  const expected = scoreForecasts(rest, restForecasts, rowLosses(rest, restForecasts));
  assertEquals(Object.keys(expected), ["log_loss", "brier", "auc", "accuracy"]);
  for (const [name, value] of Object.entries(expected)) assertAlmostEquals(scores[name]!, value, 1e-12, name);
});

Deno.test("qlike() is 0 for a perfect forecast, floors the variance, and punishes too little more than too much", {
  permissions: "none",
}, () => {
  const floor = varianceFloor(15);
  assertAlmostEquals(floor, 0.15, 1e-12);
  assertEquals(qlike(100, 100, floor), 0);
  assertAlmostEquals(qlike(0, 100, floor), 0.0015 - Math.log(0.0015) - 1, 1e-12);
  assertEquals(qlike(100, 50, floor) > qlike(100, 200, floor), true);
});

Deno.test("areaUnderCurve() counts pairs, ties for half", { permissions: "none" }, () => {
  const scored = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(0, 1, -1)), {
    minLength: 2,
    maxLength: 60,
  });
  fc.assert(fc.property(scored, (rows) => {
    const ups = rows.filter(([, y]) => y === 1), downs = rows.filter(([, y]) => y === 0);
    let wins = 0;
    for (const [up] of ups) for (const [down] of downs) wins += up > down ? 1 : up === down ? 0.5 : 0;
    const expected = ups.length * downs.length === 0 ? NaN : wins / (ups.length * downs.length);
    const actual = areaUnderCurve({ scores: rows.map(([s]) => s), outcomes: rows.map(([, y]) => y) });
    if (Number.isNaN(expected)) assertEquals(actual, NaN);
    else assertAlmostEquals(actual, expected, 1e-12);
  }));
});

Deno.test("weightedArea() of repeated blocks is the area of the repeated rows", { permissions: "none" }, () => {
  const scores = [1, 5, 2, 2, 7, 3, 4, 6], outcomes = [0, 1, 1, 0, 1, 0, 0, 1], block = [0, 0, 0, 1, 1, 2, 2, 2];
  const weights = [2, 0, 3];
  const repeated = block.flatMap((b, row) => Array.from({ length: weights[b]! }, () => row));
  const pairs = blockPairs({ scores, outcomes }, { blocks: 3, blockOf: (row) => block[row]! });
  assertAlmostEquals(
    weightedArea(pairs, weights),
    areaUnderCurve({ scores: repeated.map((row) => scores[row]!), outcomes: repeated.map((row) => outcomes[row]!) }),
    1e-12,
  );
});
