import { assertEquals, assertRejects } from "@std/assert";
import { allocateFeatures, DAY_MS, DomainError, MINUTE_MS, seededRandom, sliceCandles } from "../../src/core/mod.ts";
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import { DuckDbFeatureStore, materializeFeatures } from "../../src/feature_store/mod.ts";
import { flagshipFeatureSet } from "../../src/ml/features/mod.ts";
import { BTC } from "../fakes/archive_files.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { randomCandles } from "../ml/candles.ts";
import { assertSameRows } from "../ml/features/same_rows.ts";

Deno.test("materializeFeatures() of the set 'flagship' keeps the bits over forty days, a hole and a tail", async () => {
  const startMs = Date.UTC(2023, 4, 1), engine = flagshipFeatureSet();
  const candles = randomCandles(40 * 1440, { startMs, missing: (i) => i > 30_000 && i < 30_090 });
  const all = engine.compute(candles), known = candles.length - 7;
  await using store = await DuckDbFeatureStore.open(":memory:", { mode: "write", clock: SYSTEM_CLOCK });
  const update = async (start: number, end: number) => {
    await store.writeCandles(BTC, [{ source: "daily", columns: sliceCandles(candles, start, end) }]);
    return (await materializeFeatures(store, BTC, engine, { codeVersion: "0", chunkDays: 25 })).rows;
  };
  assertEquals([await update(0, known), await update(known, candles.length)], [known, 7]);
  const load = (fromMs: number, toMs: number) =>
    store.loadFeatures(engine.name, { ...BTC, range: { startMs: fromMs, endMs: toMs } });
  assertSameRows(all, await load(0, startMs + 50 * DAY_MS), 0, all.length);
  // A range that begins and ends between the parts that are read at once.
  const from = 1_000, to = 54_321;
  assertSameRows(all, await load(all.decisionTimeMs[from]!, all.decisionTimeMs[to]!), from, to);
  assertEquals((await load(startMs - DAY_MS, startMs)).length, 0);
  assertEquals((await load(startMs, startMs + MINUTE_MS)).length, 0, "the first decision follows the first candle");
});

Deno.test("loadFeatures() refuses what DuckDB cuts short for want of memory, rather than give rows of zeros", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/store.duckdb`, names = Array.from({ length: 200 }, (_, j) => `f_${j}`);
  const open = (mode: "read" | "write", limits: { memoryLimit?: string; threads?: number } = {}) =>
    DuckDbFeatureStore.open(path, { mode, clock: SYSTEM_CLOCK, ...limits });
  const matrix = allocateFeatures(250_000, names), random = seededRandom(4);
  for (let i = 0; i < matrix.length; i++) matrix.decisionTimeMs[i] = i * MINUTE_MS;
  for (const column of matrix.columns) for (let i = 0; i < column.length; i++) column[i] = random.uniform();
  {
    await using store = await open("write");
    await store.writeFeatures(BTC, { name: "wide", digest: "1", definition: "{}", codeVersion: "0" }, matrix);
  }
  const query = { ...BTC, range: { startMs: 0, endMs: 1e12 } };
  {
    await using store = await open("read", { memoryLimit: "16MB", threads: 1 });
    const error = await assertRejects(() => store.loadFeatures("wide", query), DomainError);
    assertEquals(error.code, "config-invalid");
  }
  await using store = await open("read", { memoryLimit: "128MB", threads: 1 });
  assertEquals((await store.loadFeatures("wide", query)).columns, matrix.columns);
});
