import { assert, assertEquals, assertRejects } from "@std/assert";
import { DAY_MS, DomainError, MINUTE_MS } from "../../src/core/mod.ts";
import { DuckDbSession } from "../../src/feature_store/duckdb_session.ts";
import { DuckDbFeatureStore } from "../../src/feature_store/mod.ts";
import { migrate } from "../../src/feature_store/tables/migrations.ts";
import { requireTables, TABLE_COLUMNS } from "../../src/feature_store/tables/table_columns.ts";
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import { testFeatureStore } from "../contracts/feature_store_contract.ts";
import { BTC } from "../fakes/archive_files.ts";
import { walkCandles } from "../fakes/candles.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";

const WRITE = { mode: "write", clock: SYSTEM_CLOCK } as const;
const READ = { mode: "read", clock: SYSTEM_CLOCK } as const;
const START = Date.UTC(2024, 0, 10);

testFeatureStore("DuckDbFeatureStore", () => DuckDbFeatureStore.open(":memory:", WRITE));

Deno.test("DuckDbFeatureStore keeps what was written when it is opened again, for readers too", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/deep/er/store.duckdb`;
  const range = { startMs: START, endMs: START + 2 * DAY_MS };
  let digest: string;
  {
    await using store = await DuckDbFeatureStore.open(path, WRITE);
    await store.writeCandles(BTC, [{ source: "daily", columns: walkCandles(range) }]);
    digest = await store.datasetDigest({ ...BTC, range });
  }
  await using one = await DuckDbFeatureStore.open(path, READ);
  await using two = await DuckDbFeatureStore.open(path, READ);
  assertEquals(await one.countCandles({ ...BTC, range }), 2880);
  assertEquals(await two.datasetDigest({ ...BTC, range }), digest);
});

Deno.test("DuckDbFeatureStore.open() for reading shares a writer's instance within a process", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/store.duckdb`;
  const range = { startMs: START, endMs: START + 10 * MINUTE_MS };
  await using writer = await DuckDbFeatureStore.open(path, WRITE);
  await using reader = await DuckDbFeatureStore.open(path, READ);
  await writer.writeCandles(BTC, [{ source: "daily", columns: walkCandles(range) }]);
  assertEquals(await reader.countCandles({ ...BTC, range }), 10);
});

Deno.test("DuckDbFeatureStore.open() refuses to write beside this process's own readers", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/store.duckdb`;
  await (await DuckDbFeatureStore.open(path, WRITE))[Symbol.asyncDispose]();
  await using _reader = await DuckDbFeatureStore.open(path, READ);
  const error = await assertRejects(() => DuckDbFeatureStore.open(path, WRITE), DomainError);
  assertEquals(error.code, "store-busy");
});

Deno.test("DuckDbFeatureStore.open() for reading makes no file", async () => {
  await using tmp = await tmpDir();
  const error = await assertRejects(() => DuckDbFeatureStore.open(`${tmp.path}/none.duckdb`, READ), DomainError);
  assertEquals([error.code, error.hint], ["not-found", "Fill it first: task ingest"]);
  assertEquals([...Deno.readDirSync(tmp.path)], []);
});

Deno.test("DuckDbFeatureStore.open() refuses a folder", async () => {
  await using tmp = await tmpDir();
  const error = await assertRejects(() => DuckDbFeatureStore.open(tmp.path, WRITE), DomainError, "is a folder");
  assertEquals(error.code, "input-invalid");
});

Deno.test("DuckDbFeatureStore.open() names a damaged file and what to do", async (t) => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/store.duckdb`;
  const range = { startMs: START, endMs: START + 20 * DAY_MS };
  {
    await using store = await DuckDbFeatureStore.open(path, WRITE);
    await store.writeCandles(BTC, [{ source: "daily", columns: walkCandles(range) }]);
  }
  const whole = await Deno.readFile(path);
  const read = async () => {
    await using store = await DuckDbFeatureStore.open(path, READ);
    return await store.loadCandles({ ...BTC, range });
  };
  assertEquals((await read()).length, 20 * 1440);
  const damages: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
    "cut to nothing but a few bytes": whole.slice(0, 100),
    "cut in half": whole.slice(0, whole.length >> 1),
    "cut after its header": whole.slice(0, 12_288),
    "no database": new TextEncoder().encode("open_time,open,high,low,close\n".repeat(2000)),
    "a flipped byte in every block": whole.map((byte, i) => i > 12_288 && i % 65_536 === 777 ? byte ^ 0xff : byte),
  };
  for (const [damage, bytes] of Object.entries(damages)) {
    await t.step(damage, async () => {
      await Deno.writeFile(path, bytes);
      const error = await assertRejects(read, DomainError);
      assertEquals(error.code, "store-damaged");
      assert(error.hint?.includes("run ingest again"));
      assert(error.message.includes(path));
    });
  }
  await t.step("and is not locked by the failed opening", async () => {
    await Deno.writeFile(path, whole);
    assertEquals((await read()).length, 20 * 1440);
  });
});

Deno.test("TABLE_COLUMNS are those that the migrations leave, of all tables", async () => {
  using session = await DuckDbSession.open(":memory:", "write", { memoryLimit: "256MB", threads: 1 });
  await migrate(session, START);
  await requireTables(session);
  const tables = (await session.rows("SELECT table_name FROM duckdb_tables()")).map((row) => row["table_name"]);
  assertEquals(tables.filter((name) => name !== "schema_migrations").sort(), Object.keys(TABLE_COLUMNS).sort());
});

Deno.test("DuckDbFeatureStore.open() names a table that other hands have changed, for readers and writers", async (t) => {
  const range = { startMs: START, endMs: START + DAY_MS }, set = { name: "one", digest: "1", definition: "{}" };
  const features = { names: ["a", "b"], length: 1, decisionTimeMs: Float64Array.of(START) };
  const columns = [Float32Array.of(1), Float32Array.of(2)];
  const statements: Readonly<Record<string, string>> = {
    "DROP TABLE candles": "table 'candles' is gone",
    "DROP TABLE day_digests": "table 'day_digests' is gone",
    "ALTER TABLE candles DROP COLUMN volume":
      "column 9 of table 'candles' should be 'volume DOUBLE', and it is 'close_time TIMESTAMP'",
    "ALTER TABLE candles DROP COLUMN source": "column 15 of table 'candles' should be 'source VARCHAR', and it ends",
    "ALTER TABLE candles ADD COLUMN mine INTEGER": "column 16 of table 'candles' should end, and it is 'mine INTEGER'",
    "ALTER TABLE candles ALTER COLUMN volume TYPE FLOAT": "should be 'volume DOUBLE', and it is 'volume FLOAT'",
    "ALTER TABLE archive_files DROP COLUMN verdict": "should be 'verdict VARCHAR'",
    "ALTER TABLE gaps DROP COLUMN cause": "should be 'cause VARCHAR'",
    "ALTER TABLE ingest_runs DROP COLUMN settings": "should be 'settings JSON'",
    "ALTER TABLE features_one ALTER COLUMN a TYPE DOUBLE": "should be 'a FLOAT', and it is 'a DOUBLE'",
  };
  for (const [statement, part] of Object.entries(statements)) {
    await t.step(statement, async () => {
      await using tmp = await tmpDir();
      const path = `${tmp.path}/store.duckdb`;
      {
        await using store = await DuckDbFeatureStore.open(path, WRITE);
        await store.writeCandles(BTC, [{ source: "daily", columns: walkCandles(range) }]);
        await store.writeFeatures(BTC, { ...set, codeVersion: "0" }, { ...features, columns });
      }
      {
        using session = await DuckDbSession.open(path, "write", { memoryLimit: "256MB", threads: 1 });
        await session.run(statement);
      }
      for (const options of [READ, WRITE]) {
        const error = await assertRejects(() => DuckDbFeatureStore.open(path, options), DomainError, part);
        assertEquals(error.code, "store-damaged");
        assert(error.hint?.includes("run ingest again"));
      }
    });
  }
  await t.step("a table of one's own beside them is none of ours", async () => {
    await using tmp = await tmpDir();
    const path = `${tmp.path}/store.duckdb`;
    await (await DuckDbFeatureStore.open(path, WRITE))[Symbol.asyncDispose]();
    {
      using session = await DuckDbSession.open(path, "write", { memoryLimit: "256MB", threads: 1 });
      await session.run("CREATE TABLE mine (a INTEGER)");
    }
    await (await DuckDbFeatureStore.open(path, READ))[Symbol.asyncDispose]();
  });
});

Deno.test("writeFeatures() does not append to a table that a column was taken of", async () => {
  const set = { name: "one", digest: "1", definition: "{}", codeVersion: "0" };
  await using tmp = await tmpDir();
  const path = `${tmp.path}/store.duckdb`;
  const write = async (names: readonly string[], ms: number) => {
    await using store = await DuckDbFeatureStore.open(path, WRITE);
    const columns = names.map(() => Float32Array.of(1));
    await store.writeFeatures(BTC, set, { names, length: 1, decisionTimeMs: Float64Array.of(ms), columns });
  };
  await write(["a", "b"], START);
  {
    using session = await DuckDbSession.open(path, "write", { memoryLimit: "256MB", threads: 1 });
    await session.run("ALTER TABLE features_one DROP COLUMN a");
  }
  const error = await assertRejects(() => write(["a", "b"], START + MINUTE_MS), DomainError, "'features_one'");
  assertEquals(error.code, "store-damaged");
});

Deno.test("DuckDbFeatureStore.open() refuses a store of a newer program", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/store.duckdb`;
  await (await DuckDbFeatureStore.open(path, WRITE))[Symbol.asyncDispose]();
  {
    using session = await DuckDbSession.open(path, "write", { memoryLimit: "256MB", threads: 1 });
    await session.run("INSERT INTO schema_migrations VALUES (99, now()::TIMESTAMP)");
  }
  for (const mode of ["read", "write"] as const) {
    const error = await assertRejects(() => DuckDbFeatureStore.open(path, { ...WRITE, mode }), DomainError, "newer");
    assertEquals(error.code, "input-invalid");
  }
});

Deno.test("DuckDbFeatureStore.open() brings a store of the first version up to date and keeps its revisions", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/store.duckdb`;
  await (await DuckDbFeatureStore.open(path, WRITE))[Symbol.asyncDispose]();
  {
    using session = await DuckDbSession.open(path, "write", { memoryLimit: "256MB", threads: 1 });
    await session.run("DROP TABLE candle_revisions");
    await session.run(
      `CREATE TABLE candle_revisions (exchange VARCHAR NOT NULL, symbol VARCHAR NOT NULL, "interval" VARCHAR NOT NULL,
         open_time TIMESTAMP NOT NULL, column_name VARCHAR NOT NULL, old_value DOUBLE, new_value DOUBLE,
         old_source VARCHAR NOT NULL, new_source VARCHAR NOT NULL, seen_at TIMESTAMP NOT NULL)`,
    );
    await session.run(
      `INSERT INTO candle_revisions VALUES ('binance', 'BTC/USDT', '1m', TIMESTAMP '2024-01-10', 'volume', 1, 2, 'rest',
         'daily', TIMESTAMP '2024-01-11')`,
    );
    await session.run("DELETE FROM schema_migrations WHERE version > 1");
  }
  const stale = await assertRejects(() => DuckDbFeatureStore.open(path, { ...WRITE, mode: "read" }), DomainError);
  assertEquals([stale.code, stale.hint], ["input-invalid", "Bring it up to date with: task ingest"]);
  await (await DuckDbFeatureStore.open(path, WRITE))[Symbol.asyncDispose]();
  await using store = await DuckDbFeatureStore.open(path, { ...WRITE, mode: "read" });
  const range = { startMs: Date.UTC(2024, 0, 1), endMs: Date.UTC(2024, 1, 1) };
  assertEquals(await store.revisions({ ...BTC, range }), [{
    openTimeMs: Date.UTC(2024, 0, 10),
    column: "volume",
    oldValue: 1,
    newValue: 2,
    oldSource: "rest",
    newSource: "daily",
    applied: true,
    seenAtMs: Date.UTC(2024, 0, 11),
  }]);
});

Deno.test("DuckDbSession can't leave its file", async (t) => {
  await using tmp = await tmpDir();
  await Deno.writeTextFile(`${tmp.path}/secret.csv`, "a\n1\n");
  using session = await DuckDbSession.open(`${tmp.path}/store.duckdb`, "write", { memoryLimit: "256MB", threads: 1 });
  for (
    const sql of [
      `SELECT * FROM read_csv('${tmp.path}/secret.csv')`,
      `SELECT * FROM read_text('/etc/passwd')`,
      `COPY (SELECT 1) TO '${tmp.path}/out.csv'`,
      `ATTACH '${tmp.path}/other.duckdb'`,
      "SET enable_external_access = true",
      "SET memory_limit = '10GB'",
      "INSTALL httpfs",
      "LOAD httpfs",
    ]
  ) {
    await t.step(sql.replaceAll(tmp.path, "…"), async () => {
      await assertRejects(() => session.run(sql), Error);
    });
  }
  assertEquals([...Deno.readDirSync(tmp.path)].map(({ name }) => name).sort(), ["secret.csv", "store.duckdb"]);
});

Deno.test("DuckDbFeatureStore rolls a failed write back as a whole", async () => {
  await using store = await DuckDbFeatureStore.open(":memory:", WRITE);
  const good = walkCandles({ startMs: START, endMs: START + 10 * MINUTE_MS });
  const bad = walkCandles({ startMs: START + DAY_MS, endMs: START + DAY_MS + 10 * MINUTE_MS });
  bad.openTimeMs[5] = bad.openTimeMs[4]!;
  await assertRejects(
    () => store.writeCandles(BTC, [{ source: "daily", columns: good }, { source: "daily", columns: bad }]),
    RangeError,
    "must ascend",
  );
  assertEquals(await store.span(BTC), undefined);
  assertEquals(await store.writeCandles(BTC, [{ source: "daily", columns: good }]), { added: 10, revised: 0, kept: 0 });
});

Deno.test("DuckDbSession.guard() names a full disk and damage, and leaves other errors as they are", async () => {
  using session = await DuckDbSession.open(":memory:", "write", { memoryLimit: "256MB", threads: 1 });
  const named = async (message: string) => {
    const thrown = new Error(message);
    const error = await assertRejects(() => session.guard(() => Promise.reject(thrown)), Error);
    return error === thrown ? "as it is" : (error as DomainError).code;
  };
  const full = 'FATAL Error: Failed to create checkpoint: Could not write file "x": No space left on device';
  assertEquals(await named(full), "disk-full");
  assertEquals(await named("IO Error: Could not read enough bytes from file"), "store-damaged");
  assertEquals(await named("Catalog Error: Table with name candles does not exist!"), "store-damaged");
  assertEquals(await named('Catalog Error: Table with name "candles" already exists!'), "store-damaged");
  assertEquals(await named('Binder Error: Referenced column "volume" not found in FROM clause!'), "store-damaged");
  assertEquals(await named("Binder Error: no such column"), "as it is");
});
