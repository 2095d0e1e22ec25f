import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { DAY_MS, type TimeRange } from "../../src/core/mod.ts";
import { decisionTimesOf, givenFeatures } from "../../src/ml/dataset.ts";
import { defaultFeatureEngine } from "../../src/ml/features/mod.ts";
import { RollingFeatures } from "../../src/ml/rolling_features.ts";
import { randomCandles } from "./candles.ts";

const CANDLES = randomCandles(90 * 1440, { seed: 4, missing: (minute) => minute > 60_000 && minute < 60_090 });
const ENGINE = defaultFeatureEngine(), START_MS = CANDLES.openTimeMs[0]!;
const GIVEN = givenFeatures(ENGINE.compute(CANDLES));

/** A source over windows of at most 60 days that keeps what was asked of the one below. */
function rolling(mostRows = 60 * 1440) {
  const asked: TimeRange[] = [];
  const source = new RollingFeatures(
    {
      load(range) {
        asked.push(range);
        return GIVEN.load(range);
      },
    },
    ENGINE.names,
    mostRows,
  );
  return { asked, source };
}

const days = (from: number, to: number) => ({ startMs: START_MS + from * DAY_MS, endMs: START_MS + to * DAY_MS });

Deno.test("RollingFeatures gives what its source would, whatever windows follow each other", async () => {
  const window = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }))
    .map(([from, length]) => days(from, Math.min(from + length, 90)));
  await fc.assert(
    fc.asyncProperty(fc.array(window, { minLength: 1, maxLength: 5 }), async (windows) => {
      const { source } = rolling();
      for (const range of windows) assertEquals(await source.load(range), await GIVEN.load(range));
    }),
    { numRuns: 15 },
  );
});

Deno.test("RollingFeatures reads by the month what a window adds to the one before, into the same memory", async () => {
  const { asked, source } = rolling(), first = await source.load(days(0, 45));
  assertEquals(asked, [days(0, 30), days(30, 45)]);
  const second = await source.load(days(20, 60));
  assertEquals(asked.slice(2), [days(45, 60)]);
  assertEquals(second.columns[0]!.buffer === first.columns[0]!.buffer, true);
  await source.load(days(5, 30));
  assertEquals(asked.slice(3), [days(5, 30)]);
});

Deno.test("RollingFeatures refuses a window that is larger than it was made for", async () => {
  const range = days(0, 2), { source } = rolling(decisionTimesOf(CANDLES, range).length);
  await source.load(range);
  await assertRejects(() => source.load(days(0, 3)), RangeError, "there is room for 2879");
});
