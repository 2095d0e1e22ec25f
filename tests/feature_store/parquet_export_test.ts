import { assertEquals, assertRejects } from "@std/assert";
import { DAY_MS, DomainError } from "../../src/core/mod.ts";
import { DuckDbSession } from "../../src/feature_store/duckdb_session.ts";
import { exportParquet } from "../../src/feature_store/mod.ts";
import { BTC } from "../fakes/archive_files.ts";
import { walkCandles } from "../fakes/candles.ts";
import { MemoryFeatureStore } from "../fakes/memory_feature_store.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";

const LIMITS = { memoryLimit: "256MB", threads: 1 };
const START = Date.UTC(2024, 0, 10);
const QUERY = { ...BTC, range: { startMs: START, endMs: START + 2 * DAY_MS } };

Deno.test("exportParquet() writes the range so that another reader finds the same candles", async () => {
  await using tmp = await tmpDir();
  await using store = new MemoryFeatureStore();
  const candles = walkCandles({ ...QUERY.range, endMs: START + 5 * DAY_MS });
  candles.quoteVolume[7] = NaN;
  await store.writeCandles(BTC, [{ source: "daily", columns: candles }]);
  const path = await exportParquet(store, QUERY, `${tmp.path}/out`, { limits: LIMITS });
  assertEquals(path, `${tmp.path}/out/binance-BTCUSDT-1m-2024-01-10-2024-01-11.parquet`);
  assertEquals([...Deno.readDirSync(`${tmp.path}/out`)].length, 1);
  using session = await DuckDbSession.openForFolder(`${tmp.path}/out`, LIMITS);
  const [row] = await session.rows(
    `SELECT count(*) AS n, sum(close)::DECIMAL(18,4)::VARCHAR AS total, count(quote_volume) AS known,
            min(epoch_ms(open_time)) AS first FROM '${path}'`,
  );
  const total = candles.close.subarray(0, 2880).reduce((sum, close) => sum + close, 0).toFixed(4);
  assertEquals(
    [Number(row!["n"]), row!["total"], Number(row!["known"]), Number(row!["first"])],
    [2880, total, 2879, START],
  );
});

Deno.test("DuckDbSession.openForFolder() can't leave its folder", async (t) => {
  await using tmp = await tmpDir();
  await Deno.mkdir(`${tmp.path}/in`);
  await Deno.symlink(tmp.path, `${tmp.path}/in/up`);
  using session = await DuckDbSession.openForFolder(`${tmp.path}/in`, LIMITS);
  await session.run(`COPY (SELECT 1 AS a) TO '${tmp.path}/in/a.parquet' (FORMAT parquet)`);
  for (const target of ["/b.parquet", "/in/../b.parquet", "/in/up/b.parquet", "/inside/b.parquet"]) {
    await t.step(target, async () => {
      await assertRejects(() => session.run(`COPY (SELECT 1 AS a) TO '${tmp.path}${target}' (FORMAT parquet)`), Error);
    });
  }
  await assertRejects(() => session.run("SET allowed_directories = ['/']"), Error);
});

Deno.test({
  name: "exportParquet() asks Deno's permissions for the folder",
  permissions: { read: "inherit", write: ["reports"], ffi: "inherit" },
  async fn() {
    const error = await assertRejects(
      () => exportParquet(new MemoryFeatureStore(), QUERY, "elsewhere", { limits: LIMITS }),
      DomainError,
    );
    assertEquals(error.code, "permission-denied");
  },
});
