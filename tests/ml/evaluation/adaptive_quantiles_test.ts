import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import fc from "fast-check";
import { MINUTE_MS, QUANTILE_LEVELS, seededRandom } from "../../../src/core/mod.ts";
import { adaptiveQuantiles } from "../../../src/ml/evaluation/adaptive_quantiles.ts";
import { normalQuantile } from "../../../src/ml/evaluation/inference/distributions.ts";
import { meanPinball } from "../../../src/ml/evaluation/losses.ts";
import type { TestRows } from "../../../src/ml/evaluation/test_rows.ts";

const pure = { permissions: "none" } as const;
const LEVELS = QUANTILE_LEVELS.length, START = Date.UTC(2023, 0, 1);

function rowsOf(returns: ArrayLike<number>, horizonMinutes: number, minuteOf = (row: number) => row): TestRows {
  return {
    length: returns.length,
    horizonMinutes,
    decisionTimeMs: Float64Array.from(returns, (_, row) => START + minuteOf(row) * MINUTE_MS),
    returnBps: Float32Array.from(returns),
    realizedVarianceBps2: new Float32Array(returns.length),
  };
}

/** Quantiles of centre + σ · normal. */
function normalQuantiles(count: number, sigmaOf: (row: number) => number, centre = 0): Float32Array {
  const z = QUANTILE_LEVELS.map(normalQuantile);
  return Float32Array.from(
    { length: count * LEVELS },
    (_, i) => centre + sigmaOf(Math.floor(i / LEVELS)) * z[i % LEVELS]!,
  );
}

/** Shares of returns below each quantile over rows from `first` on. */
function sharesBelow(test: TestRows, quantiles: Float32Array, first = 0): number[] {
  return QUANTILE_LEVELS.map((_, j) => {
    let below = 0;
    for (let row = first; row < test.length; row++) {
      if (test.returnBps[row]! <= quantiles[row * LEVELS + j]!) below++;
    }
    return below / (test.length - first);
  });
}

Deno.test("adaptiveQuantiles() reaches every level in the long run whatever the forecasts", pure, () => {
  const random = seededRandom(1), count = 120_000;
  const shocks = Float64Array.from({ length: count }, () => random.normal());
  const cases: [string, Float64Array, Float32Array][] = [
    ["three times too narrow", shocks.map((z) => 30 * z), normalQuantiles(count, () => 10)],
    ["three times too wide", shocks.map((z) => 10 * z), normalQuantiles(count, () => 30)],
    ["off centre", shocks.map((z) => 10 * z), normalQuantiles(count, () => 10, 8)],
    [
      "a volatility that turns fivefold",
      shocks.map((z, row) => (row % 20_000 < 10_000 ? 2 : 10) * z),
      normalQuantiles(count, () => 5),
    ],
    ["heavy tails", shocks.map((z) => 4 * z ** 3), normalQuantiles(count, () => 10)],
  ];
  for (const [name, returns, quantiles] of cases) {
    const test = rowsOf(returns, 1), before = sharesBelow(test, quantiles);
    const after = sharesBelow(test, adaptiveQuantiles(test, quantiles));
    QUANTILE_LEVELS.forEach((level, j) => {
      // What a level can move in all is bounded, and so is the mean error: (level moved) / (step · rows).
      const bound = 0.3 / (0.005 * 4 * level * (1 - level) * count) + 0.004;
      assertAlmostEquals(after[j]!, level, Math.min(bound, 0.02), `${name}, level ${level}`);
    });
    assert(before.some((share, j) => Math.abs(share - QUANTILE_LEVELS[j]!) > 0.02), `${name} needs no adaption`);
  }
});

Deno.test("adaptiveQuantiles() holds its levels for returns twenty times those that were forecast", pure, () => {
  const random = seededRandom(2), count = 100_000;
  const test = rowsOf(Float64Array.from({ length: count }, () => 20 * random.normal()), 1);
  const shares = sharesBelow(test, adaptiveQuantiles(test, normalQuantiles(count, () => 1)), count / 2);
  QUANTILE_LEVELS.forEach((level, j) => assertAlmostEquals(shares[j]!, level, 0.01, `level ${level}`));
});

Deno.test("adaptiveQuantiles() costs forecasts that hold next to nothing", pure, () => {
  for (const horizonMinutes of [1, 15]) {
    const random = seededRandom(3), count = 60_000;
    const sigma = Float64Array.from({ length: count }, (_, row) => 10 * Math.exp(Math.sin(row / 900)));
    const test = rowsOf(sigma.map((value) => value * random.normal()), horizonMinutes);
    const quantiles = normalQuantiles(count, (row) => sigma[row]!);
    const loss = (own: Float32Array) => {
      let sum = 0;
      for (let row = 0; row < count; row++) sum += meanPinball(test.returnBps[row]!, own, row * LEVELS);
      return sum / count;
    };
    const share = loss(adaptiveQuantiles(test, quantiles)) / loss(quantiles) - 1;
    assert(share < 0.004, `${share} at ${horizonMinutes}`);
  }
});

const cases = fc.record({
  horizonMinutes: fc.constantFrom(1, 5, 15),
  seed: fc.integer(),
  changed: fc.integer({ min: 0, max: 119 }),
});

Deno.test("adaptiveQuantiles() learns from a label once it has ended, not a minute before", pure, () => {
  fc.assert(fc.property(cases, ({ horizonMinutes, seed, changed }) => {
    const random = seededRandom(seed);
    let minute = 0;
    const minutes = Array.from({ length: 120 }, () => minute += random.uniform() < 0.9 ? 1 : 1 + random.integer(30));
    const returns = Float64Array.from(minutes, () => 10 * random.normal());
    const quantiles = normalQuantiles(120, () => 8), minuteOf = (row: number) => minutes[row]!;
    const turned = returns.map((value, row) => row === changed ? -1e6 * Math.sign(value) : value);
    const a = adaptiveQuantiles(rowsOf(returns, horizonMinutes, minuteOf), quantiles, { stepSize: 0.05 });
    const b = adaptiveQuantiles(rowsOf(turned, horizonMinutes, minuteOf), quantiles, { stepSize: 0.05 });
    // What was learnt may be forgotten later, so the first row that knows is the one to look at.
    const knowing = minutes.findIndex((own) => own >= minutes[changed]! + horizonMinutes);
    const unknowing = (knowing < 0 ? 120 : knowing) * LEVELS;
    assertEquals(a.subarray(0, unknowing), b.subarray(0, unknowing));
    if (knowing < 0) return;
    const learnt = (own: Float32Array) => [...own.subarray(unknowing, unknowing + LEVELS)];
    assertNotEquals(learnt(a), learnt(b));
  }));
});

Deno.test("adaptiveQuantiles() never cross, and begin as the forecasts", pure, () => {
  fc.assert(fc.property(fc.integer(), (seed) => {
    const random = seededRandom(seed), count = 300;
    const test = rowsOf(Float64Array.from({ length: count }, () => 20 * random.normal() ** 3), 1);
    const sigma = Float64Array.from({ length: count }, () => Math.exp(2 * random.normal()));
    const quantiles = normalQuantiles(count, (row) => sigma[row]!);
    const adaptive = adaptiveQuantiles(test, quantiles, { stepSize: 0.5 });
    for (let i = 0; i < adaptive.length; i++) {
      if (i < LEVELS) assertAlmostEquals(adaptive[i]!, quantiles[i]!, 1e-5 * Math.abs(quantiles[i]!) + 1e-9);
      if (i % LEVELS > 0) assert(adaptive[i]! >= adaptive[i - 1]!);
      assert(Number.isFinite(adaptive[i]!));
    }
  }));
});
