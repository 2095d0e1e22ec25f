/**
 * Two years of the flagship as a table, in a process of its own: `feature_table.ts make|write|read STORE` prints seconds, the
 * process's largest memory and the file's size in bytes as JSON.
 *
 * @module
 */
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import { INGEST_CONFIG_SCHEMA } from "../../src/config/ingest_config.ts";
import { DuckDbFeatureStore, LEAN_LIMITS, materializeFeatures } from "../../src/feature_store/mod.ts";
import { flagshipFeatureSet } from "../../src/ml/features/mod.ts";
import { BTC } from "../fakes/archive_files.ts";
import { randomCandles } from "../ml/candles.ts";
import { peakBytes } from "./peak_bytes.ts";

const MINUTES = 730 * 1440;
const [what, path] = Deno.args as ["make" | "write" | "read", string];
const engine = flagshipFeatureSet(), { memoryLimit, threads } = INGEST_CONFIG_SCHEMA.parse({}).featureStore;
const open = (mode: "write" | "read", limits: { readonly memoryLimit: string; readonly threads: number }) =>
  DuckDbFeatureStore.open(path, { mode, clock: SYSTEM_CLOCK, ...limits });

if (what === "make") {
  await using store = await open("write", { memoryLimit, threads });
  await store.writeCandles(BTC, [{ source: "daily", columns: randomCandles(MINUTES) }]);
}
const before = (await Deno.stat(path)).size, startedMs = performance.now();
if (what === "write") {
  await using store = await open("write", { memoryLimit, threads });
  await materializeFeatures(store, BTC, engine, { codeVersion: "bench" });
} else if (what === "read") {
  await using store = await open("read", LEAN_LIMITS);
  const query = { ...BTC, range: { startMs: 0, endMs: 1e14 } };
  const candles = await store.loadCandles(query, { shared: true });
  const { length } = await store.loadFeatures(engine.name, query);
  if (length !== MINUTES || candles.length !== MINUTES) throw new Error(`read ${length} rows`);
}
const seconds = (performance.now() - startedMs) / 1000;
// deno-lint-ignore no-console -- what the benchmark reads
console.log(JSON.stringify({ seconds, peakBytes: peakBytes(), addedBytes: (await Deno.stat(path)).size - before }));
