import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DomainError } from "../../src/core/mod.ts";
import {
  INGEST_CONFIG_PATH,
  INGEST_CONFIG_SCHEMA,
  ingestConfigJsonSchema,
  loadIngestConfig,
  parseOrigins,
} from "../../src/config/ingest_config.ts";
import { parseConfig } from "../../src/config/load.ts";

Deno.test("config/schemas/bitcoin_ingest.schema.json is the schema that the program checks", async () => {
  const file = JSON.parse(await Deno.readTextFile("config/schemas/bitcoin_ingest.schema.json"));
  assertEquals(file, JSON.parse(JSON.stringify(ingestConfigJsonSchema())));
});

Deno.test("config/bitcoin_ingest.json holds every setting at its default", async () => {
  const { $schema, ...settings } = JSON.parse(await Deno.readTextFile(INGEST_CONFIG_PATH));
  assertEquals($schema, "./schemas/bitcoin_ingest.schema.json");
  assertEquals(settings, INGEST_CONFIG_SCHEMA.parse({}));
  assertEquals(await loadIngestConfig(), INGEST_CONFIG_SCHEMA.parse({}));
});

Deno.test("loadIngestConfig() names the key and the value that are wrong", async () => {
  const parse = (raw: unknown) => parseConfig("ingest.json", raw, INGEST_CONFIG_SCHEMA);
  const unknown = assertThrows(() => parse({ featureStore: { memorylimit: "1GB" } }), DomainError, "featureStore");
  assertEquals([unknown.code, unknown.hint], ["config-invalid", "Did you mean 'memoryLimit'?"]);
  for (
    const wrong of [
      { since: "last year" },
      { api: { origins: ["https://api.binance.com/api/v3"] } },
      { api: { origins: [] } },
      { api: { pageRows: 1001 } },
      { interval: "2m" },
      { featureStore: { threads: 0 } },
      { features: ["flagships"] },
      { features: ["base", "base"] },
      { checks: { closeTimeExceptions: [{ symbol: "BTC/USDT", openTime: "2023-02-30", closeTime: "2023-03-01" }] } },
    ]
  ) assertThrows(() => parse(wrong), DomainError, "current value is");
  await assertRejects(() => loadIngestConfig("config/none.json"), DomainError, "does not exist");
});

Deno.test("parseOrigins() takes origins separated by commas and refuses paths", () => {
  assertEquals(parseOrigins("X", undefined), undefined);
  assertEquals(parseOrigins("X", " , "), undefined);
  assertEquals(parseOrigins("X", "http://127.0.0.1:9/, https://a.b"), ["http://127.0.0.1:9", "https://a.b"]);
  for (const wrong of ["a.b", "ftp://a.b", "https://a.b/path", "https://a.b?x=1"]) {
    assertEquals(assertThrows(() => parseOrigins("X", wrong), DomainError, wrong).code, "config-invalid");
  }
});
