import { assertEquals, assertRejects } from "@std/assert";
import { DAY_MS, MINUTE_MS, type TimeRange } from "../../src/core/mod.ts";
import { decisionTimesOf, givenFeatures } from "../../src/ml/dataset.ts";
import { defaultFeatureEngine } from "../../src/ml/features/mod.ts";
import { gatherFeatures } from "../../src/ml/gather_features.ts";
import { randomCandles } from "./candles.ts";

const CANDLES = randomCandles(70 * 1440, { seed: 3, missing: (minute) => minute > 50_000 && minute < 50_090 });
const ENGINE = defaultFeatureEngine(), START_MS = CANDLES.openTimeMs[2000]!;
const ALL = ENGINE.compute(CANDLES, { fromMs: START_MS });

/** A source that keeps what it was asked for. */
function listening() {
  const asked: TimeRange[] = [], given = givenFeatures(ALL);
  const load = (range: TimeRange) => {
    asked.push(range);
    return given.load(range);
  };
  return { asked, source: { load } };
}

Deno.test("gatherFeatures() gives the rows that are asked for, whatever window they lie in", async () => {
  const { asked, source } = listening(), picked = [...ALL.decisionTimeMs.keys()].filter((row) => row % 977 === 5);
  const times = Float64Array.from(picked, (row) => ALL.decisionTimeMs[row]!);
  const gathered = await gatherFeatures(source, ENGINE.names, times);
  assertEquals(gathered.decisionTimeMs, times);
  gathered.columns.forEach((column, j) => {
    assertEquals(column, Float32Array.from(picked, (row) => ALL.columns[j]![row]!), ENGINE.names[j]);
  });
  assertEquals(asked.length, 3);
  for (const { startMs, endMs } of asked) assertEquals(endMs - startMs, 30 * DAY_MS);
});

Deno.test("gatherFeatures() refuses a time that has no row, rather than give its neighbour's", async () => {
  const { source } = listening(), times = Float64Array.of(ALL.decisionTimeMs[7]!, ALL.decisionTimeMs[8]! + 1);
  await assertRejects(() => gatherFeatures(source, ENGINE.names, times), RangeError, "there are none of");
});

Deno.test("decisionTimesOf() gives the times of a range that features have rows for", () => {
  const last = ALL.decisionTimeMs.at(-1)!;
  assertEquals(decisionTimesOf(CANDLES, { startMs: START_MS, endMs: last + 1 }), ALL.decisionTimeMs);
  const inner = decisionTimesOf(CANDLES, { startMs: START_MS + 10 * MINUTE_MS, endMs: START_MS + 12 * MINUTE_MS });
  assertEquals(inner, ALL.decisionTimeMs.slice(10, 12));
});
