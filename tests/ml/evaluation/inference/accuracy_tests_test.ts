import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DAY_MS, MINUTE_MS, seededRandom } from "../../../../src/core/mod.ts";
import {
  clarkWest,
  clarkWestAt,
  dieboldMariano,
  minimumDetectableEffect,
} from "../../../../src/ml/evaluation/inference/accuracy_tests.ts";
import { dailySeries } from "../../../../src/ml/evaluation/inference/daily_series.ts";
import { hacMean, neweyWestLags } from "../../../../src/ml/evaluation/inference/hac_mean.ts";
import fixture from "./inference.json" with { type: "json" };
import { assertNear } from "./near.ts";

const pure = { permissions: "none" } as const;
const differences = Float64Array.from(fixture.differences);

/** Values of which each keeps this part of the last. */
function autoregression(count: number, decay: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  let last = 0;
  return Float64Array.from({ length: count }, () => last = decay * last + random.normal());
}

Deno.test("hacMean() has statsmodels' HAC error for any number of lags", pure, () => {
  for (const { lags, mean, standardError, statistic } of fixture.hac) {
    const own = hacMean(differences, lags);
    assertNear(own.mean, mean, 1e-12);
    assertNear(own.standardError, standardError, 1e-12, `${lags} lags`);
    assertNear(own.statistic, statistic, 1e-12);
  }
  assertEquals([1, 20, 100, 550].map(neweyWestLags), [0, 2, 4, 5]);
});

Deno.test("dieboldMariano() is the corrected statistic over statsmodels' error", pure, () => {
  const { lags, statistic, pValue } = dieboldMariano(differences);
  assertEquals(lags, fixture.dieboldMariano.lags);
  assertNear(statistic, fixture.dieboldMariano.statistic, 1e-12);
  assertNear(pValue, fixture.dieboldMariano.pValue, 1e-10);
});

Deno.test("dieboldMariano() turns with the order of the forecasts and has no unit", pure, () => {
  const series = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 12, maxLength: 80 });
  fc.assert(fc.property(series, fc.double({ min: 0.1, max: 100, noNaN: true }), (values, unit) => {
    const own = dieboldMariano(Float64Array.from(values));
    if (Number.isNaN(own.statistic) || Math.abs(own.statistic) > 1e6) return;
    const turned = dieboldMariano(Float64Array.from(values, (value) => -unit * value));
    assertAlmostEquals(turned.statistic, -own.statistic, 1e-6 * (1 + Math.abs(own.statistic)));
    assertAlmostEquals(turned.pValue, own.pValue, 1e-6);
  }));
});

Deno.test("dieboldMariano() finds a difference that is not there about one time in twenty", pure, () => {
  const count = 1000;
  const found = (effect: number) => {
    let rejected = 0;
    for (let seed = 0; seed < count; seed++) {
      const values = autoregression(550, 0.3, seed).map((value) => value + effect);
      if (dieboldMariano(values).pValue < 0.05) rejected++;
    }
    return rejected / count;
  };
  const size = found(0);
  assert(size > 0.03 && size < 0.08, `${size}`);
  // The error of an autoregression's mean: 1 / ((1 − .3) √550).
  const power = found(minimumDetectableEffect(1 / (0.7 * Math.sqrt(550))));
  assertAlmostEquals(power, 0.8, 0.05);
});

Deno.test("clarkWest() is that of statsmodels' error on the adjusted differences", pure, () => {
  const adjusted = Float64Array.from(fixture.nested.target, (_, row) => clarkWestAt(fixture.nested, row));
  const { mean, statistic, pValue } = clarkWest(adjusted), expected = fixture.clarkWest;
  assertNear(mean, expected.mean, 1e-12);
  assertNear(statistic, expected.statistic, 1e-12);
  assertNear(pValue, expected.pValue, 1e-9);
});

Deno.test(
  "clarkWest() of a larger model with nothing to say rejects rarely where Diebold-Mariano punishes it",
  pure,
  () => {
    const count = 400, days = 300;
    let accepted = 0, preferred = 0;
    for (let seed = 0; seed < count; seed++) {
      const random = seededRandom(seed);
      const column = (scale: number) => Float64Array.from({ length: days }, () => scale * random.normal());
      // The larger model estimates a coefficient that is 0: noise of its own.
      const target = column(1), smaller = new Float64Array(days), larger = column(0.2);
      const adjusted = target.map((_, row) => clarkWestAt({ target, smaller, larger }, row));
      if (clarkWest(adjusted).pValue < 0.05) accepted++;
      preferred += Number(dieboldMariano(target.map((y, row) => y ** 2 - (y - larger[row]!) ** 2)).mean < 0);
    }
    assert(accepted / count > 0.02 && accepted / count < 0.09, `${accepted / count}`);
    assert(preferred / count > 0.9, `${preferred / count}`);
  },
);

Deno.test("dailySeries() has the mean of all rows, and no day without one", pure, () => {
  const days = [0, 0, 0, 1, 3, 3], times = days.map((day, i) => Date.UTC(2023, 0, 1) + day * DAY_MS + i * MINUTE_MS);
  const losses = [1, 2, 3, 10, NaN, 4];
  const series = dailySeries(times, (row) => losses[row]!);
  // Five rows on three days: a day's sum in units of 5/3 rows.
  assertEquals([...series], [6, 10, 4].map((sum) => sum / (5 / 3)));
  assertAlmostEquals(series.reduce((sum, value) => sum + value) / 3, 20 / 5, 1e-12);
});
