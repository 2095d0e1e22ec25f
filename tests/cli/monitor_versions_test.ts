import { assertEquals } from "@std/assert";
import { DAY_MS, MINUTE_MS } from "../../src/core/mod.ts";
import { untilNextLook } from "../../src/cli/monitor.ts";
import { registeredVersions } from "../../src/cli/monitor_versions.ts";
import { withAliasMove } from "../../src/MLOps/promotion/mod.ts";
import { harSpec, memoryStores, modelFiles, registerModel } from "../api/model_fixture.ts";

Deno.test("holdings() are the moves of an alias's history, or its holder where another program moved it", async () => {
  const stores = memoryStores(), { registry } = stores, name = "bitcoin-model";
  for (let i = 0; i < 3; i++) await registerModel(stores, modelFiles(harSpec()));
  const spansOf = async () =>
    (await registeredVersions(registry).holdings(name)).map((
      { version, fromMs, untilMs },
    ) => [version, fromMs, untilMs]);
  assertEquals(await spansOf(), [["3", -Infinity, Infinity]]);
  const move = async (to: string, atMs: number) => {
    const { version: from } = (await registry.getVersionByAlias(name, "production"))!;
    await registry.moveAlias(name, "production", {
      ...{ from, to, tag: (model) => withAliasMove(model, "production", { to, from, atMs, kind: "promotion" }) },
    });
  };
  await move("1", 1000);
  await move("2", 2000);
  assertEquals(await spansOf(), [["1", 1000, 2000], ["2", 2000, Infinity]]);
  await registry.setAlias(name, "production", "3");
  assertEquals(await spansOf(), [["1", 1000, 2000], ["3", 2000, Infinity]]);
  assertEquals(await registeredVersions(registry).holdings("unknown"), []);
  assertEquals(await registeredVersions(undefined).holdings(name), []);
});

Deno.test("of a version that is gone or damaged nothing is known", async () => {
  const stores = memoryStores(), name = "bitcoin-model";
  await registerModel(stores, modelFiles(harSpec()));
  const known = await registeredVersions(stores.registry).version(name, "1");
  // Trained on the first day of 1970: the last label of fifteen minutes ends fourteen minutes after it.
  assertEquals([known?.learntUntilMs, known?.featureNames], [DAY_MS + 14 * MINUTE_MS, harSpec().featureNames]);
  assertEquals(await registeredVersions(stores.registry).version(name, "7"), undefined);
  const damaged = modelFiles(harSpec());
  damaged.set("forecast.json", new TextEncoder().encode("{"));
  await registerModel(stores, damaged);
  assertEquals(await registeredVersions(stores.registry).version(name, "2"), undefined);
  assertEquals(await registeredVersions(stores.registry).modelOf(name, "2"), undefined);
});

Deno.test("untilNextLook() is some minutes, or less where the UTC day closes before", { permissions: "none" }, () => {
  const midnight = Date.UTC(2024, 0, 2), waits = (atMs: number, every = 15) => untilNextLook(atMs, every) / MINUTE_MS;
  assertEquals(waits(midnight - 60 * MINUTE_MS), 15);
  assertEquals(waits(midnight - 5 * MINUTE_MS), 7);
  assertEquals(waits(midnight), 2);
  assertEquals(waits(midnight + 2 * MINUTE_MS), 15);
  assertEquals(waits(midnight + 2 * MINUTE_MS, 1440), 1440);
  assertEquals(waits(midnight + 60 * MINUTE_MS, 1440), 1382);
});
