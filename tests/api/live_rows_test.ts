import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { LiveRows } from "../../src/api/data/live_rows.ts";
import { type CandleColumns, concatCandles, MINUTE_MS, sliceCandles } from "../../src/core/mod.ts";
import { featureEngines, flagshipFeatureSet } from "../../src/ml/features/mod.ts";
import { DuckDbFeatureStore, materializeFeatures } from "../../src/feature_store/mod.ts";
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import { BTC } from "../fakes/archive_files.ts";
import { sumEngine } from "../fakes/sum_engine.ts";
import { randomCandles } from "../ml/candles.ts";
import { startService } from "./service_fixture.ts";
import { harSpec, modelFiles } from "./model_fixture.ts";

const PURE = { permissions: "none" } as const;
const engine = flagshipFeatureSet();
const WALK = randomCandles(engine.lookbackMinutes + 4_000, { seed: 21, missing: (i) => i > 33_000 && i < 33_050 });

/** What the service holds when candle `end` is the next to come: a little more than the look-back. */
function windowAt(candles: CandleColumns, end: number): CandleColumns {
  return sliceCandles(candles, Math.max(0, end - engine.lookbackMinutes - 60), end);
}

function inBulk(of: Pick<typeof engine, "compute">, candles: CandleColumns): Float32Array {
  const fromMs = candles.openTimeMs[candles.length - 1]! + MINUTE_MS;
  return Float32Array.from(of.compute(candles, { fromMs }).columns, (column) => column[0]!);
}

for (const each of featureEngines()) {
  Deno.test(`LiveRows of '${each.name}' gives the bits of bulk, minute by minute, revised or late`, PURE, () => {
    const live = new LiveRows(each), tail = WALK.length - 8;
    const look = (candles: CandleColumns) => assertEquals(live.newest(candles), inBulk(each, candles));
    for (const end of [tail, tail, tail + 1, tail + 2, tail + 5]) look(windowAt(WALK, end));
    for (const back of [1, 3, 61, 2_000, 30_000]) { // the last two were revised before the last day
      const revised = { ...WALK, close: WALK.close.slice() };
      revised.close[tail + 5 - back]! *= 1.01;
      look(windowAt(revised, tail + 5));
      look(windowAt(WALK, tail + 5));
    }
    const hole = (from: number, to: number) =>
      concatCandles([sliceCandles(WALK, 500, from), sliceCandles(WALK, to, tail + 7)]);
    for (const candles of [hole(tail - 10, tail - 4), WALK, hole(tail, tail + 7), WALK]) look(candles);
  });
}

Deno.test("LiveRows is right after any looks at any candles", PURE, () => {
  const sums = sumEngine(200), all = randomCandles(3_000, { seed: 22 });
  const arbitraryLook = fc.record({
    start: fc.integer({ min: 0, max: 300 }),
    end: fc.integer({ min: 600, max: 3_000 }),
    hole: fc.option(fc.tuple(fc.nat(2_900), fc.integer({ min: 1, max: 40 })), { nil: undefined }),
    revised: fc.option(fc.nat(2_900), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(arbitraryLook, { minLength: 2, maxLength: 8 }), (looks) => {
      const live = new LiveRows(sums);
      for (const { start, end, hole, revised } of looks) {
        const changed = { ...all, close: all.close.slice() };
        if (revised !== undefined) changed.close[revised]! += 1;
        const parts = hole === undefined || hole[0] + hole[1] >= end || hole[0] <= start
          ? [sliceCandles(changed, start, end)]
          : [sliceCandles(changed, start, hole[0]), sliceCandles(changed, hole[0] + hole[1], end)];
        const candles = concatCandles(parts);
        assertEquals(live.newest(candles), inBulk(sums as typeof engine, candles));
      }
    }),
    { numRuns: 60, seed: 23 },
  );
});

Deno.test("a warm service, a cold one and the store agree on the flagship's newest row to the bit", async () => {
  const end = WALK.length - 30, model = { files: modelFiles(harSpec({ engine })) };
  const warm = await startService({ ...model, candles: sliceCandles(WALK, 0, end) });
  const rowOf = async ({ ask }: typeof warm) => {
    const body = await (await ask("/v1/forecast")).json();
    return [body.asOf, body.volatilityBps, body.quantilesBps];
  };
  for (let next = end; next < WALK.length; next += 10) {
    warm.feed.put(sliceCandles(WALK, 0, next));
    await warm.clock.advance(60_000);
    await rowOf(warm);
  }
  warm.feed.put(WALK);
  await warm.clock.advance(60_000);
  const cold = await startService({ ...model, candles: WALK });
  const answer = await rowOf(warm);
  assertEquals(answer, await rowOf(cold));

  await using store = await DuckDbFeatureStore.open(":memory:", { mode: "write", clock: SYSTEM_CLOCK });
  await store.writeCandles(BTC, [{ source: "daily", columns: WALK }]);
  await materializeFeatures(store, BTC, engine, { codeVersion: "0" });
  const decisionMs = WALK.openTimeMs[WALK.length - 1]! + MINUTE_MS;
  const stored = await store.loadFeatures(engine.name, {
    ...BTC,
    range: { startMs: decisionMs, endMs: decisionMs + 1 },
  });
  const row = Float32Array.from(stored.columns, (column) => column[0]!);
  assertEquals(new LiveRows(engine).newest(windowAt(WALK, WALK.length)), row);
  const predicted = await warm.post("/predict", {
    features: Array.from(row, (value) => Number.isNaN(value) ? null : value),
  });
  assert(predicted.ok, await predicted.clone().text());
  assertEquals((await predicted.json()).predictions[0].volatilityBps, answer[1]);
});
