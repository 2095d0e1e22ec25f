import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { z } from "zod";
import { loadConfig, parseConfig } from "../../src/config/load.ts";
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
