import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { SYSTEM_CLOCK } from "../../src/cli/system_clock.ts";
import { DAY_MS, DomainError } from "../../src/core/mod.ts";
import { DuckDbFeatureStore, lockPath, readHolder } from "../../src/feature_store/mod.ts";
import { BTC } from "../fakes/archive_files.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { FIRST_DAY } from "./store_process.ts";

const READ = { mode: "read", clock: SYSTEM_CLOCK, waitMs: 100 } as const;

/** Lines of a child's stdout. */
class Child implements AsyncDisposable {
  readonly process: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #buffer = "";

  constructor(args: readonly string[], flags: readonly string[] = ["--allow-all"]) {
    this.process = new Deno.Command("deno", {
      args: ["run", "-q", "--no-prompt", ...flags, "tests/feature_store/store_process.ts", ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reader = this.process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async line(): Promise<string> {
    while (!this.#buffer.includes("\n")) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`The child ended after '${this.#buffer}'`);
      this.#buffer += value;
    }
    const [line, ...rest] = this.#buffer.split("\n");
    this.#buffer = rest.join("\n");
    return line!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.process.kill("SIGKILL");
    } catch { /* ended by itself */ }
    await this.#reader.cancel();
    await this.process.stdin.close().catch(() => undefined);
    await this.process.status;
  }
}

Deno.test("a held store is busy, and says by whom and since when", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/store.duckdb`;
  await using child = new Child(["hold", path]);
  assertEquals(await child.line(), "held");
  for (const mode of ["read", "write"] as const) {
    const error = await assertRejects(() => DuckDbFeatureStore.open(path, { ...READ, mode }), DomainError);
    assertEquals([error.code, error.traits.exit], ["store-busy", 8]);
    assertMatch(error.message, new RegExp(`'test-hold' \\(pid ${child.process.pid}\\) since \\d{4}-.*Z$`));
  }
});

Deno.test("a killed holder leaves no lock", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/store.duckdb`;
  {
    await using child = new Child(["hold", path]);
    await child.line();
  }
  await using _store = await DuckDbFeatureStore.open(path, { ...READ, mode: "write" });
  assertEquals(readHolder(lockPath(path))?.pid, Deno.pid);
});

Deno.test("readers share the store between processes, and keep a writer out", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/store.duckdb`;
  await (await DuckDbFeatureStore.open(path, { ...READ, mode: "write" }))[Symbol.asyncDispose]();
  {
    await using _reader = await DuckDbFeatureStore.open(path, READ);
    await using child = new Child(["open", path]);
    assertEquals(await child.line(), "store-busy");
  }
  await using child = new Child(["open", path]);
  assertEquals(await child.line(), "opened");
});

Deno.test("a writer lets a waiting reader in between its transactions, and goes on", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/store.duckdb`;
  await using child = new Child(["write", path, "400"]);
  await child.line();
  await child.line();
  const query = { ...BTC, range: { startMs: FIRST_DAY, endMs: FIRST_DAY + 400 * DAY_MS } };
  const counts: number[] = [];
  for (let i = 0; i < 3; i++) {
    await using reader = await DuckDbFeatureStore.open(path, { ...READ, waitMs: 20_000 });
    counts.push(await reader.countCandles(query));
    await reader[Symbol.asyncDispose]();
    await new Promise((resolve) => setTimeout(resolve, 150)); // time for the writer to come back
  }
  // Whole transactions, and more of them each time: the writer was at work in between.
  assert(counts.every((count) => count > 0 && count % 1440 === 0), String(counts));
  assert(counts[0]! < counts[2]! && counts[2]! < 400 * 1440, String(counts));
});

Deno.test("a writer that waits for something else lets readers in, and no second writer in their wake", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/store.duckdb`;
  await using child = new Child(["hold", path]);
  assertEquals(await child.line(), "held");
  const since = readHolder(lockPath(path))!.startedAt;
  for (let time = 0; time < 3; time++) {
    const [reader, second] = await Promise.allSettled([
      DuckDbFeatureStore.open(path, { ...READ, waitMs: 5_000 }),
      (async () => {
        await using other = new Child(["open", path]);
        return await other.line();
      })(),
    ]);
    assertEquals(reader.status, "fulfilled");
    assertEquals(second, { status: "fulfilled", value: "store-busy" });
    if (reader.status === "fulfilled") await reader.value[Symbol.asyncDispose]();
    for (let i = 0; i < 100 && readHolder(lockPath(path)) === undefined; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assertEquals(readHolder(lockPath(path))?.startedAt, since);
  }
});

Deno.test("a writer killed in the middle leaves whole transactions behind", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/store.duckdb`;
  const query = { ...BTC, range: { startMs: FIRST_DAY, endMs: FIRST_DAY + 400 * DAY_MS } };
  let said = 0;
  {
    await using child = new Child(["write", path, "400"]);
    await child.line();
    for (; said < 7; said++) await child.line();
  }
  await using reader = await DuckDbFeatureStore.open(path, READ);
  const count = await reader.countCandles(query);
  assert(count >= said * 1440 && count % 1440 === 0, String(count));
  assertEquals((await reader.dayDigests(query)).length, count / 1440);
});

Deno.test("the store's path is held to Deno's permissions, links followed", async () => {
  await using tmp = await tmpDir();
  await Deno.mkdir(`${tmp.path}/inside`);
  await Deno.mkdir(`${tmp.path}/outside`);
  await Deno.symlink(`${tmp.path}/outside`, `${tmp.path}/inside/link`);
  const flags = ["--allow-read", `--allow-write=${tmp.path}/inside`, "--allow-ffi"];
  const tries = { "inside/store.duckdb": "opened", "outside/store.duckdb": "permission-denied" };
  for (const [path, expected] of Object.entries({ ...tries, "inside/link/store.duckdb": "permission-denied" })) {
    await using child = new Child(["open", `${tmp.path}/${path}`], flags);
    assertEquals(await child.line(), expected, path);
  }
  assertEquals([...Deno.readDirSync(`${tmp.path}/outside`)], []);
});
