import { assertEquals } from "@std/assert";
import {
  DAY_MS,
  type FeatureMatrix,
  type FeatureStore,
  MINUTE_MS,
  type TimeRange,
  totalMs,
} from "../../src/core/mod.ts";
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import { DuckDbFeatureStore, materializeFeatures, staleFeatures } from "../../src/feature_store/mod.ts";
import { BTC, within } from "../fakes/archive_files.ts";
import { walkCandles } from "../fakes/candles.ts";
import { MemoryFeatureStore } from "../fakes/memory_feature_store.ts";
import { sumEngine } from "../fakes/sum_engine.ts";

const START = Date.UTC(2024, 0, 10);
const WHOLE = { startMs: START, endMs: START + 6 * DAY_MS };
const HOLE = { startMs: START + 3 * DAY_MS + 600 * MINUTE_MS, endMs: START + 3 * DAY_MS + 680 * MINUTE_MS };
const OPTIONS = { codeVersion: "0.1.0", chunkDays: 2 };
const LOOKBACK = 200;

async function stored(store: FeatureStore): Promise<unknown> {
  return plain(await store.loadFeatures("sums", { ...BTC, range: { startMs: 0, endMs: WHOLE.endMs + DAY_MS } }));
}

function plain({ decisionTimeMs, columns }: FeatureMatrix): unknown {
  return [[...decisionTimeMs], ...columns.map((column) => [...column])];
}

function testMaterialize(name: string, open: () => Promise<FeatureStore>): void {
  Deno.test(`materializeFeatures() on ${name} keeps the rows those of one computation over all candles`, async (t) => {
    await using store = await open();
    const engine = sumEngine(LOOKBACK);
    const candles = walkCandles(WHOLE, [HOLE]);
    const write = (range: TimeRange, columns = candles) =>
      store.writeCandles(BTC, [{ source: "daily", columns: within(columns, range) }], { wins: () => true });
    const update = () => materializeFeatures(store, BTC, engine, OPTIONS);
    const behind = async () => totalMs([...await staleFeatures(store, BTC, engine)]) / MINUTE_MS;
    const expected = async () => plain(engine.compute(await store.loadCandles({ ...BTC, range: WHOLE })));

    await t.step("an empty store", async () => assertEquals(await update(), { rows: 0, computed: [] }));
    await t.step("the first candles", async () => {
      await write({ startMs: START, endMs: START + 2 * DAY_MS + 500 * MINUTE_MS });
      assertEquals(await behind(), 2 * 1440 + 500);
      assertEquals((await update()).rows, 2 * 1440 + 500);
      assertEquals(await behind(), 0);
      assertEquals(await stored(store), await expected());
    });
    await t.step("nothing new", async () => assertEquals(await update(), { rows: 0, computed: [] }));
    await t.step("a tail costs the tail", async () => {
      await write({ startMs: START, endMs: START + 2 * DAY_MS + 510 * MINUTE_MS });
      const { rows, computed } = await update();
      assertEquals([rows, totalMs(computed) / MINUTE_MS], [10, 10]);
      assertEquals(await stored(store), await expected());
    });
    await t.step("more days, a hole among them", async () => {
      await write({ startMs: START, endMs: START + 5 * DAY_MS });
      await update();
      assertEquals(await stored(store), await expected());
    });
    await t.step("a revised candle costs its day and those that look back on it", async () => {
      const revised = walkCandles(WHOLE, [HOLE]);
      const at = revised.openTimeMs.indexOf(START + DAY_MS + 1430 * MINUTE_MS);
      revised.close[at] = revised.high[at]!;
      await write({ startMs: START + DAY_MS, endMs: START + 2 * DAY_MS }, revised);
      assertEquals(await behind(), 1440 + LOOKBACK);
      const { computed } = await update();
      assertEquals(totalMs(computed) / MINUTE_MS, 1440 + LOOKBACK);
      assertEquals(await behind(), 0);
      assertEquals(await stored(store), await expected());
    });
    await t.step("candles that came late", async () => {
      await write(HOLE, walkCandles(WHOLE));
      await update();
      assertEquals(await stored(store), await expected());
      await write(WHOLE, walkCandles(WHOLE));
      await update();
      assertEquals(await stored(store), await expected());
    });
    await t.step("another digest begins anew", async () => {
      const other = sumEngine(3, "e".repeat(64));
      assertEquals((await materializeFeatures(store, BTC, other, OPTIONS)).rows, 6 * 1440);
      assertEquals(await stored(store), plain(other.compute(await store.loadCandles({ ...BTC, range: WHOLE }))));
    });
  });
}

testMaterialize("MemoryFeatureStore", () => Promise.resolve(new MemoryFeatureStore()));
testMaterialize(
  "DuckDbFeatureStore",
  () => DuckDbFeatureStore.open(":memory:", { mode: "write", clock: SYSTEM_CLOCK }),
);
