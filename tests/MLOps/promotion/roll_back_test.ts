import { assertEquals, assertRejects } from "@std/assert";
import { DomainError } from "../../../src/core/mod.ts";
import { earlierHolders, promote, rollBack } from "../../../src/MLOps/promotion/mod.ts";
import { MemoryRegistry, MemoryTracker } from "../../fakes/memory_tracker.ts";
import { anyModel, finishedRun } from "./finished_run.ts";

/** A registry with a promotion for each of the aliases, each of a version of its own. */
async function promoted(...aliases: readonly string[]) {
  const tracker = new MemoryTracker(), registry = new MemoryRegistry(tracker);
  for (const [i, alias] of aliases.entries()) {
    const run = await finishedRun(tracker);
    const logged = await tracker.getLoggedModel(run.modelOutputs[0]!.modelId);
    const move = { atMs: i, kind: "promotion" } as const;
    const from = (await registry.getVersionByAlias("m", alias))?.version;
    await promote(registry, { name: "m", alias, run, logged, from, description: "", tags: [], move });
  }
  return {
    registry,
    deps: { tracker, registry, loadModel: anyModel, clock: { nowMs: () => 99 } },
    earlier: async (alias: string) => (await earlierHolders(registry, "m", alias)).earlier.map((one) => one.version),
  };
}

Deno.test("earlierHolders() goes back along the alias's own moves, newest first", async () => {
  const { earlier } = await promoted("production", "production", "production");
  assertEquals(await earlier("production"), ["2", "1"]);
  assertEquals(await earlier("staging"), []);
});

Deno.test("earlierHolders() never offers a version that held another alias only", async () => {
  const { registry, earlier } = await promoted("production", "production", "staging");
  // Version 2 names version 1 as the one that it followed, at production.
  await registry.setAlias("m", "staging", "2");
  assertEquals(await earlier("staging"), ["3"]);
  assertEquals(await earlier("production"), ["1"]);
});

Deno.test("earlierHolders() goes by the versions' tags where an alias has no history", async () => {
  const { registry, earlier } = await promoted("production", "production");
  await registry.deleteRegisteredModelTag("m", "alias.production.history");
  assertEquals(await earlier("production"), ["1"]);
});

Deno.test("rollBack() moves to any earlier holder, and back from a rollback there is no way", async () => {
  const { registry, deps, earlier } = await promoted("production", "production", "production");
  const { version, from } = await rollBack(deps, { name: "m", alias: "production", to: "1", why: "alerts" });
  assertEquals([version.version, from.version], ["1", "3"]);
  assertEquals((await registry.getVersionByAlias("m", "production"))?.version, "1");
  assertEquals(await earlier("production"), []);
});

Deno.test("rollBack() refuses a version that never held the alias, and moves nothing", async () => {
  const { registry, deps } = await promoted("production", "staging", "production");
  const error = await assertRejects(
    () => rollBack(deps, { name: "m", alias: "production", to: "2", why: "x" }),
    DomainError,
    "did not hold @production",
  );
  assertEquals([error.code, error.hint], ["usage", "Versions that did: 1"]);
  assertEquals((await registry.getVersionByAlias("m", "production"))?.version, "3");
});
