/** Our client against the real `mlflow server`. */
import { RestRegistry } from "../../src/MLOps/rest/rest_registry.ts";
import { RestTracker } from "../../src/MLOps/rest/rest_tracker.ts";
import { testModelRegistry } from "../contracts/model_registry_contract.ts";
import { testRunSearch } from "../contracts/run_search_contract.ts";
import { testTracker } from "../contracts/tracker_contract.ts";
import { HAS_MLFLOW, type MlflowServer, startMlflowServer } from "./python.ts";

if (HAS_MLFLOW) {
  let folder: string, server: MlflowServer;
  Deno.test.beforeAll(async () => {
    folder = await Deno.makeTempDir({ prefix: "mlflow-rest-" });
    server = await startMlflowServer(folder, { args: ["--backend-store-uri", `sqlite:///${folder}/real.db`] });
  });
  Deno.test.afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  });
  const tracker = () => Promise.resolve(new RestTracker(server.url, { attempts: 1 }));
  testTracker("RestTracker → mlflow server", tracker);
  testRunSearch("RestTracker → mlflow server", tracker);
  testModelRegistry("RestRegistry → mlflow server", () =>
    Promise.resolve({
      tracker: new RestTracker(server.url, { attempts: 1 }),
      registry: new RestRegistry(server.url, { attempts: 1 }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }));
}
