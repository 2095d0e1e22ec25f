/** The REST client against our own server, over our own SQLite: the whole way round. */
import { createTrackingApp } from "../../../src/MLOps/server/mod.ts";
import { SqliteRegistry, SqliteTracker } from "../../../src/MLOps/mod.ts";
import { RestRegistry } from "../../../src/MLOps/rest/rest_registry.ts";
import { RestTracker } from "../../../src/MLOps/rest/rest_tracker.ts";
import { testModelRegistry } from "../../contracts/model_registry_contract.ts";
import { testRunSearch } from "../../contracts/run_search_contract.ts";
import { testTracker } from "../../contracts/tracker_contract.ts";

const folder = await Deno.makeTempDir({ prefix: "own-server-" });
const storeUri = `sqlite:///${folder}/mlflow.db`;
const options = { artifactRoot: `${folder}/artifacts`, newExperimentLocation: "mlflow-artifacts:" };
let url = "";
let stop: () => Promise<void>;

Deno.test.beforeAll(async () => {
  const tracker = await SqliteTracker.open(storeUri, options), registry = await SqliteRegistry.open(storeUri, options);
  const artifacts = { destination: `${folder}/artifacts`, served: [], storeFolder: folder };
  const app = createTrackingApp({ tracker, registry, artifacts });
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
  url = `http://127.0.0.1:${server.addr.port}`;
  stop = async () => {
    await server.shutdown();
    await registry[Symbol.asyncDispose]();
    await tracker[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  };
});
Deno.test.afterAll(() => stop());

const tracker = () => Promise.resolve(new RestTracker(url, { attempts: 1 }));
testTracker("RestTracker → our server", tracker);
testRunSearch("RestTracker → our server", tracker);
testModelRegistry("RestRegistry → our server", () =>
  Promise.resolve({
    tracker: new RestTracker(url, { attempts: 1 }),
    registry: new RestRegistry(url, { attempts: 1 }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }));
