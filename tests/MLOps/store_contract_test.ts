import { type ModelRegistry, type Tracker } from "../../src/core/mod.ts";
import { SqliteRegistry, SqliteTracker } from "../../src/MLOps/mod.ts";
import { testModelRegistry } from "../contracts/model_registry_contract.ts";
import { testRunSearch } from "../contracts/run_search_contract.ts";
import { testTracker } from "../contracts/tracker_contract.ts";
import { MemoryRegistry, MemoryTracker } from "../fakes/memory_tracker.ts";

const folder = await Deno.makeTempDir({ prefix: "mlops-" });
const uri = `sqlite:///${folder}/mlflow.db`;
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

function stores(tracker: Tracker, registry: ModelRegistry) {
  return {
    tracker,
    registry,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await tracker[Symbol.asyncDispose]();
    },
  };
}

testTracker("MemoryTracker", () => Promise.resolve(new MemoryTracker()));
testRunSearch("MemoryTracker", () => Promise.resolve(new MemoryTracker()));
testModelRegistry("MemoryRegistry", () => {
  const tracker = new MemoryTracker();
  return Promise.resolve(stores(tracker, new MemoryRegistry(tracker)));
});

testTracker("SqliteTracker", () => SqliteTracker.open(uri));
testRunSearch("SqliteTracker", () => SqliteTracker.open(uri));
testModelRegistry(
  "SqliteRegistry",
  async () => stores(await SqliteTracker.open(uri), await SqliteRegistry.open(uri)),
);
