import { createHash } from "node:crypto";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DAY_MS, DomainError } from "../../src/core/mod.ts";
import { DuckDbSession } from "../../src/feature_store/duckdb_session.ts";
import { type ExportOptions, exportParquet } from "../../src/feature_store/mod.ts";
import { BTC } from "../fakes/archive_files.ts";
import { walkCandles } from "../fakes/candles.ts";
import { MemoryFeatureStore } from "../fakes/memory_feature_store.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";

const LIMITS = { memoryLimit: "256MB", threads: 2 };
const OPTIONS: ExportOptions = { limits: LIMITS, program: "test 1" };
const START = Date.UTC(2024, 0, 30), END = Date.UTC(2024, 2, 2);
const QUERY = { ...BTC, range: { startMs: START, endMs: END } };
const BELOW = "exchange=binance/symbol=BTCUSDT/interval=1m";
const HOLE = { startMs: START + 100 * 60_000, endMs: START + 140 * 60_000 };

async function filledStore(): Promise<MemoryFeatureStore> {
  const store = new MemoryFeatureStore();
  const candles = walkCandles({ startMs: START - DAY_MS, endMs: END + DAY_MS }, [HOLE]);
  candles.quoteVolume[1440 + 7] = NaN;
  await store.writeCandles(BTC, [{ source: "daily", columns: candles }]);
  return store;
}

interface Manifest {
  readonly rows: number;
  readonly datasetDigest: string;
  readonly type: string;
  readonly files: readonly {
    readonly path: string;
    readonly rows: number;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

/** The manifest, after every file that it lists has been held against it. */
async function provenManifest(folder: string): Promise<Manifest> {
  const manifest = JSON.parse(await Deno.readTextFile(`${folder}/${BELOW}/_manifest.json`)) as Manifest;
  for (const { path, bytes, sha256 } of manifest.files) {
    const content = await Deno.readFile(`${folder}/${BELOW}/${path}`);
    assertEquals([content.length, createHash("sha256").update(content).digest("hex")], [bytes, sha256]);
  }
  return manifest;
}

const filesBelow = async (folder: string): Promise<string[]> => {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) found.push(...await filesBelow(`${folder}/${name}`));
    else found.push(`${folder}/${name}`);
  }
  return found.sort();
};

Deno.test("exportParquet() writes a file a month that another reader finds the same candles in", async () => {
  await using tmp = await tmpDir();
  const store = await filledStore();
  const candles = await store.loadCandles(QUERY);
  for (const type of ["double", "decimal"] as const) {
    const out = `${tmp.path}/${type}`;
    const result = await exportParquet(store, QUERY, out, { ...OPTIONS, type });
    assertEquals(result.manifest, `${out}/${BELOW}/_manifest.json`);
    assertEquals([result.files, result.written, result.removed, result.rows], [3, 3, 0, candles.length]);
    const manifest = await provenManifest(out);
    assertEquals([manifest.rows, manifest.datasetDigest, manifest.type], [
      ...[candles.length, await store.datasetDigest(QUERY), type],
    ]);
    assertEquals(manifest.files.map(({ path, rows }) => [path, rows]), [
      ["month=2024-01/candles.parquet", 2 * 1440 - 40],
      ["month=2024-02/candles.parquet", 29 * 1440],
      ["month=2024-03/candles.parquet", 1440],
    ]);
    using session = await DuckDbSession.openForFolder(await Deno.realPath(out), LIMITS);
    const from = `read_parquet('${out}/**/*.parquet', hive_partitioning = true)`;
    const [row] = await session.rows(
      `SELECT count(*) AS n, sum(volume::DECIMAL(38,8))::VARCHAR AS total, count(quote_volume) AS known,
              min(epoch_ms(open_time)) AS first, any_value(symbol) AS symbol, any_value(typeof(close)) AS type
       FROM ${from}`,
    );
    const total = candles.volume.reduce((sum, value) => sum + BigInt(Math.round(value * 1e8)), 0n);
    assertEquals(
      [Number(row!["n"]), row!["total"], Number(row!["known"]), Number(row!["first"]), row!["symbol"], row!["type"]],
      [
        ...[candles.length, `${total / 100_000_000n}.${String(total % 100_000_000n).padStart(8, "0")}`],
        ...[candles.length - 1, START, "BTCUSDT", type === "decimal" ? "DECIMAL(38,8)" : "DOUBLE"],
      ],
    );
  }
});

Deno.test("exportParquet() again writes nothing; what changed is written, what is out of range is removed", async () => {
  await using tmp = await tmpDir();
  const store = await filledStore(), out = `${tmp.path}/out`;
  await exportParquet(store, QUERY, out, OPTIONS);
  const before = await filesBelow(out);
  const stat = async () => (await Deno.stat(`${out}/${BELOW}/_manifest.json`)).ino;
  const inode = await stat();
  const again = await exportParquet(store, QUERY, out, OPTIONS);
  assertEquals([again.written, again.removed, await stat()], [0, 0, inode]);

  const revised = walkCandles({ startMs: Date.UTC(2024, 1, 10), endMs: Date.UTC(2024, 1, 10) + 60_000 });
  revised.tradeCount[0]!++;
  await store.writeCandles(BTC, [{ source: "daily", columns: revised }], { wins: () => true });
  await Deno.writeTextFile(`${out}/${BELOW}/month=2024-02/notes.txt`, "mine");
  const changed = await exportParquet(store, QUERY, out, OPTIONS);
  assertEquals([changed.written, changed.removed], [1, 0]);
  assertEquals((await provenManifest(out)).datasetDigest, await store.datasetDigest(QUERY));

  const shorter = { ...QUERY, range: { startMs: START, endMs: Date.UTC(2024, 1, 1) } };
  const cut = await exportParquet(store, shorter, out, OPTIONS);
  assertEquals([cut.files, cut.written, cut.removed], [1, 0, 2]);
  await provenManifest(out);
  assertEquals((await filesBelow(out)).map((path) => path.slice(out.length + BELOW.length + 2)), [
    "_manifest.json",
    "month=2024-01/candles.parquet",
    "month=2024-02/notes.txt",
  ]);
  assertEquals(before.length, 4);
});

Deno.test("exportParquet() that is cut off leaves no manifest that lies, and is finished by doing it again", async () => {
  await using tmp = await tmpDir();
  const store = await filledStore(), out = `${tmp.path}/out`;
  await exportParquet(store, QUERY, out, OPTIONS);
  const scan = store.scan.bind(store);
  for (const stopAt of [0, 1, 2]) {
    const stop = new AbortController();
    let scans = 0;
    store.scan = (query) => {
      if (scans++ === stopAt) stop.abort(new DomainError("interrupted", "Stopped"));
      return scan(query);
    };
    const type = stopAt % 2 === 0 ? "decimal" : "double"; // every file differs
    const cut = exportParquet(store, QUERY, out, { ...OPTIONS, type, signal: stop.signal });
    if (stopAt < 2) await assertRejects(() => cut, DomainError);
    else await cut;
    const there = await Deno.stat(`${out}/${BELOW}/_manifest.json`).then(() => true, () => false);
    if (there) await provenManifest(out);
  }
  store.scan = scan;
  await Deno.writeTextFile(`${out}/${BELOW}/month=2024-02/candles.parquet.0.tmp`, "killed while writing");
  await exportParquet(store, QUERY, out, OPTIONS);
  await provenManifest(out);
  assertEquals((await filesBelow(out)).filter((path) => path.endsWith(".tmp")), []);
});

Deno.test("exportParquet() does not export over what is no export", async () => {
  await using tmp = await tmpDir();
  await Deno.mkdir(`${tmp.path}/${BELOW}`, { recursive: true });
  await Deno.writeTextFile(`${tmp.path}/${BELOW}/_manifest.json`, "{}");
  const error = await assertRejects(
    async () => await exportParquet(await filledStore(), QUERY, tmp.path, OPTIONS),
    DomainError,
    "is no manifest",
  );
  assertEquals(error.code, "input-invalid");
  assert((await Deno.readTextFile(`${tmp.path}/${BELOW}/_manifest.json`)) === "{}");
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
      () => exportParquet(new MemoryFeatureStore(), QUERY, "elsewhere", OPTIONS),
      DomainError,
    );
    assertEquals(error.code, "permission-denied");
  },
});
