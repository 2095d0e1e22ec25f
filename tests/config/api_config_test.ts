import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DomainError } from "../../src/core/mod.ts";
import {
  API_CONFIG_PATH,
  API_CONFIG_SCHEMA,
  apiConfigJsonSchema,
  defaultApiConfig,
  loadApiConfig,
} from "../../src/config/api_config.ts";
import { parseConfig } from "../../src/config/load.ts";

Deno.test("config/schemas/api.schema.json is the schema that the program checks", async () => {
  assertEquals(JSON.parse(await Deno.readTextFile("config/schemas/api.schema.json")), apiConfigJsonSchema());
});

Deno.test("config/api.json holds every setting at its default", async () => {
  const { $schema, ...settings } = JSON.parse(await Deno.readTextFile(API_CONFIG_PATH));
  assertEquals($schema, "./schemas/api.schema.json");
  assertEquals(settings, defaultApiConfig());
  assertEquals(await loadApiConfig(), defaultApiConfig());
});

Deno.test("a wrong setting of the service is named with its value, an unknown one with its neighbour", async () => {
  const parse = (raw: unknown) => parseConfig("api.json", raw, API_CONFIG_SCHEMA);
  assertThrows(() => parse({ port: 70_000 }), DomainError, "Invalid value at 'port' in 'api.json'");
  const error = assertThrows(() => parse({ data: { staleAfterSecond: 1 } }), DomainError, "data.staleAfterSecond");
  assertEquals([error.code, error.hint], ["config-invalid", "Did you mean 'staleAfterSeconds'?"]);
  assertEquals(parse({ limits: { maxRows: 5 } }).limits.maxBodyBytes, 8_388_608);
  await assertRejects(() => loadApiConfig("config/none.json"), DomainError, "does not exist");
});
