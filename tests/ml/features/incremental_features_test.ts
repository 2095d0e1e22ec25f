import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type CandleColumns, concatCandles, MINUTE_MS, sliceCandles } from "../../../src/core/mod.ts";
import {
  defaultFeatureEngine,
  FeatureSet,
  flagshipFeatureSet,
  type Indicator,
  windowFeatureEngine,
} from "../../../src/ml/features/mod.ts";
import { lagReturn, rangePosition, realizedVariance, takerImbalance } from "../../../src/ml/features/indicators.ts";
import { randomCandles } from "../candles.ts";
import { assertSameRows } from "./same_rows.ts";

const PURE = { permissions: "none" } as const;

const INDICATORS: readonly Indicator[] = [
  lagReturn(1),
  lagReturn(240),
  realizedVariance(15),
  realizedVariance(1440),
  takerImbalance(5),
  rangePosition(1440),
];
const small = new FeatureSet("small", INDICATORS);
const WITH_HOLES = randomCandles(20_000, {
  seed: 8,
  startMs: Date.UTC(2023, 2, 1, 0, 41),
  missing: (i) => (i > 7_000 && i < 7_080) || (i > 9_000 && i < 9_900) || i % 1_999 === 0,
});

Deno.test("IncrementalFeatures gives the bits of bulk, however the candles come", PURE, () => {
  const all = small.compute(WITH_HOLES);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3_000 }),
      fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4_000 })), { minLength: 1 }),
      fc.boolean(),
      (chunkMinutes, steps, lean) => {
        const features = small.incremental({ chunkMinutes, lean });
        for (let start = 0, k = 0; start < WITH_HOLES.length; k++) {
          const end = Math.min(WITH_HOLES.length, start + (k < steps.length ? steps[k]! : 5_000));
          assertSameRows(all, features.append(sliceCandles(WITH_HOLES, start, end)), start, end);
          start = end;
        }
      },
    ),
    { numRuns: 20, seed: 9 },
  );
});

for (const engine of [defaultFeatureEngine() as FeatureSet, windowFeatureEngine(), flagshipFeatureSet()]) {
  Deno.test(`IncrementalFeatures of '${engine.name}' gives its bits candle by candle, kept lean or not`, PURE, () => {
    const candles = randomCandles(34_000, { seed: 12, missing: (i) => i > 33_700 && i < 33_710 });
    const first = candles.length - 400;
    const all = engine.compute(candles);
    for (const lean of [false, true]) {
      const features = engine.incremental({ chunkMinutes: 200, lean });
      features.warm(sliceCandles(candles, 0, first));
      for (let i = first; i < candles.length; i++) {
        assertSameRows(all, features.append(sliceCandles(candles, i, i + 1)), i, i + 1);
      }
    }
  });
}

Deno.test("IncrementalFeatures takes the newest candles again, revised", PURE, () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_440 }),
      fc.integer({ min: 0, max: 90 }),
      fc.boolean(),
      (back, ahead, lean) => {
        const features = small.incremental({ chunkMinutes: 500, lean });
        const known = WITH_HOLES.length - 200 + ahead, from = known - back;
        features.append(sliceCandles(WITH_HOLES, 0, known));
        const revised = withCloses(WITH_HOLES, from, 1.001);
        const again = features.append(sliceCandles(revised, from, WITH_HOLES.length));
        assertSameRows(small.compute(revised), again, from, WITH_HOLES.length);
      },
    ),
    { numRuns: 20, seed: 10 },
  );
});

Deno.test("IncrementalFeatures refuses candles whose look-back it has forgotten", PURE, () => {
  const features = small.incremental({ chunkMinutes: 100 });
  features.append(WITH_HOLES);
  assertThrows(() => features.append(sliceCandles(WITH_HOLES, 10, 20)), RangeError, "look-back is forgotten");
});

Deno.test("IncrementalFeatures begins anew after a hole longer than all it keeps", PURE, () => {
  const later = randomCandles(3_000, { seed: 13, startMs: Date.UTC(2023, 8, 1, 0, 7) });
  const both = concatCandles([sliceCandles(WITH_HOLES, 0, 3_000), later]);
  const all = small.compute(both), alone = small.compute(later);
  assertEquals(all.length, 6_000);
  assertSameRows(all, alone, 3_000, 6_000);
  assertEquals(all.decisionTimeMs[3_000], later.openTimeMs[0]! + MINUTE_MS);
});

function withCloses(candles: CandleColumns, from: number, factor: number): CandleColumns {
  return { ...candles, close: candles.close.map((close, i) => i < from ? close : close * factor) };
}
