import { assertEquals, assertThrows } from "@std/assert";
import { DomainError } from "../../src/core/mod.ts";
import { parseConfig } from "../../src/config/load.ts";
import {
  loadMonitorConfig,
  MONITOR_CONFIG_PATH,
  MONITOR_CONFIG_SCHEMA,
  monitorConfigJsonSchema,
} from "../../src/config/monitor_config.ts";

Deno.test("config/schemas/monitor.schema.json is the schema that the program checks", async () => {
  assertEquals(
    JSON.parse(await Deno.readTextFile("config/schemas/monitor.schema.json")),
    monitorConfigJsonSchema(),
  );
});

Deno.test("config/monitor.json holds every setting at its default", async () => {
  const { $schema, ...settings } = JSON.parse(await Deno.readTextFile(MONITOR_CONFIG_PATH));
  assertEquals($schema, "./schemas/monitor.schema.json");
  assertEquals(settings, MONITOR_CONFIG_SCHEMA.parse({}));
  assertEquals(await loadMonitorConfig(), MONITOR_CONFIG_SCHEMA.parse({}));
});

Deno.test("settings of monitor that make no sense are refused by name", { permissions: "none" }, () => {
  const cases: readonly [settings: unknown, named: string][] = [
    [{ everyMinutes: 0 }, "everyMinutes"],
    [{ alerts: { webhook: { url: "ftp://example.org" } } }, "url"],
    [{ alerts: { webhook: { url: "not an address" } } }, "url"],
    [{ alerts: { webhook: { attempts: 50 } } }, "attempts"],
    [{ alerts: { fiel: "x" } }, "fiel"],
  ];
  for (const [settings, named] of cases) {
    const error = assertThrows(() => parseConfig("f.json", settings, MONITOR_CONFIG_SCHEMA), DomainError, named);
    assertEquals(error.code, "config-invalid");
  }
});
