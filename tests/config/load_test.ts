import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { z } from "zod";
import { loadConfig, loadSettings, parseConfig } from "../../src/config/load.ts";
import { DomainError } from "../../src/core/mod.ts";

const SCHEMA = z.strictObject({
  symbols: z.array(z.string()).min(1),
  store: z.strictObject({ path: z.string(), threads: z.number().int().positive() }),
});
const GOOD = { symbols: ["BTC/USDT"], store: { path: "a.duckdb", threads: 2 } };

Deno.test("parseConfig() names an unknown key and the nearest known one, at any depth", { permissions: "none" }, () => {
  const top = assertThrows(
    () => parseConfig("c.json", { ...GOOD, simbols: [] }, SCHEMA),
    DomainError,
    "Unknown key 'simbols' in 'c.json'",
  );
  assertEquals([top.hint, top.traits.exit], ["Did you mean 'symbols'?", 3]);
  const deep = assertThrows(
    () => parseConfig("c.json", { ...GOOD, store: { ...GOOD.store, thread: 1 } }, SCHEMA),
    DomainError,
    "'store.thread'",
  );
  assertEquals(deep.hint, "Did you mean 'threads'?");
});

Deno.test("parseConfig() names the place and the value seen", { permissions: "none" }, () => {
  const error = assertThrows(
    () => parseConfig("c.json", { ...GOOD, store: { path: "a", threads: -1 } }, SCHEMA),
    DomainError,
    "'store.threads'",
  );
  assertEquals(error.message.endsWith("current value is -1"), true);
});

Deno.test("loadConfig() drops $schema and refuses what is no JSON or not there", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, JSON.stringify({ $schema: "./x.json", ...GOOD }));
    assertEquals(await loadConfig(path, SCHEMA), GOOD);
    await Deno.writeTextFile(path, "{");
    assertEquals((await assertRejects(() => loadConfig(path, SCHEMA), DomainError, "no JSON")).code, "config-invalid");
  } finally {
    await Deno.remove(path);
  }
  assertEquals(
    (await assertRejects(() => loadConfig(path, SCHEMA), DomainError, "does not exist")).code,
    "config-invalid",
  );
});

Deno.test("loadSettings() takes the defaults where there is no file, and refuses what is no file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const schema = z.strictObject({ threads: z.number().default(2) });
    const missing = async () => (await import(`file://${folder}/none.json`, { with: { type: "json" } })).default;
    const usual = { path: `${folder}/config.json`, schema, carried: missing };
    assertEquals(await loadSettings(undefined, usual), { threads: 2 });
    assertEquals(await loadSettings(undefined, { ...usual, carried: () => Promise.resolve({ threads: 5 }) }), {
      threads: 5,
    });
    await assertRejects(
      () => loadSettings(undefined, { ...usual, carried: () => Promise.reject(new Error("x")) }),
      Error,
      "x",
    );
    await Deno.writeTextFile(usual.path, `{"threads": 7}`);
    assertEquals(await loadSettings(undefined, usual), { threads: 7 });
    const named = await assertRejects(() => loadSettings(folder, usual), DomainError, "is a folder");
    assertEquals(named.code, "config-invalid");
    const place = { ...usual, path: folder };
    const taken = await assertRejects(() => loadSettings(undefined, place), DomainError, "is no file");
    assertEquals(taken.code, "config-invalid");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "loadConfig() says how to grant a file that may not be read, blanks and all",
  permissions: { read: false },
  async fn() {
    const error = await assertRejects(() => loadConfig("my settings.json", SCHEMA), DomainError);
    assertEquals([error.code, error.hint], [
      "permission-denied",
      "Put it into config/, or grant it: task NAME READ='my settings.json' -- --config 'my settings.json'",
    ]);
  },
});
