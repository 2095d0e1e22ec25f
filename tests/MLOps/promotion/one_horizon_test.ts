import { assertEquals, assertRejects } from "@std/assert";
import { DomainError, type ModelVersion, registeredModelHorizon } from "../../../src/core/mod.ts";
import { registerRun } from "../../../src/MLOps/promotion/mod.ts";
import { MemoryRegistry, MemoryTracker } from "../../fakes/memory_tracker.ts";
import { evaluationOf, LIMITS, NO_INCUMBENTS } from "./evidence.ts";
import { anyModel, finishedRun } from "./finished_run.ts";

/** Registers a run of a model that looks so far ahead, by a gate that it would pass. */
function scene() {
  const tracker = new MemoryTracker(), registry = new MemoryRegistry(tracker);
  const register = async (horizonMinutes: number, name?: string) => {
    const run = await finishedRun(tracker, { params: { horizon_minutes: String(horizonMinutes) } });
    return await registerRun({
      ...{ tracker, registry, limits: LIMITS, clock: { nowMs: () => 1 } },
      async loadModel(files) {
        const model = await anyModel(files);
        return { ...model, info: { ...model.info, family: "mlp", horizonMinutes } };
      },
      proveRun: (own) =>
        Promise.resolve({ evaluation: evaluationOf(own), predictionsSha256: "s", incumbents: NO_INCUMBENTS }),
    }, { run, alias: "production", forceReason: "no force helps", ...(name === undefined ? {} : { name }) });
  };
  return { tracker, registry, register };
}

Deno.test("registeredModelHorizon() reads the project's names, and no others", { permissions: "none" }, () => {
  const names = ["bitcoin-model", "bitcoin-model-1440m", "bitcoin-model-60", "my-model", "bitcoin-model-x", ""];
  assertEquals(names.map(registeredModelHorizon), [15, 1440, undefined, undefined, undefined, undefined]);
});

Deno.test("registerRun() refuses a name that is for another horizon, and names the right one", async () => {
  const { register } = scene();
  for (
    const [name, horizonMinutes, right] of [
      ["bitcoin-model", 60, "bitcoin-model-60m"],
      ["bitcoin-model-60m", 15, "bitcoin-model"],
    ] as const
  ) {
    const error = await assertRejects(() => register(horizonMinutes, name), DomainError, `as '${name}'`);
    assertEquals([error.code, error.hint], ["usage", `Leave --name out, or write --name ${right}`]);
  }
  assertEquals((await register(60)).promoted?.version.name, "bitcoin-model-60m");
});

Deno.test("registerRun() refuses to follow a version of another horizon, whatever is forced", async () => {
  const { tracker, registry, register } = scene();
  assertEquals((await register(15, "own")).promoted?.version.version, "1");
  const refused = () => assertRejects(() => register(60, "own"), DomainError, "own@production, forecasts 15");
  assertEquals((await refused()).code, "gate-refused");
  await registry.deleteModelVersionTag("own", "1", "horizon_minutes"); // as MLflow registers: its run says it
  await refused();
  const { runId }: ModelVersion = await registry.getModelVersion("own", "1");
  await tracker.deleteRun(runId);
  assertEquals((await register(15, "own")).promoted?.version.version, "2");
});
