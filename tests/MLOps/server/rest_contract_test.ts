/** Our REST client against our server: the contracts hold through both. */
import { RestRegistry } from "../../../src/MLOps/rest/rest_registry.ts";
import { RestTracker } from "../../../src/MLOps/rest/rest_tracker.ts";
import { testModelRegistry } from "../../contracts/model_registry_contract.ts";
import { testRunSearch } from "../../contracts/run_search_contract.ts";
import { testTracker } from "../../contracts/tracker_contract.ts";
import { type TestApp, testApp } from "./test_app.ts";

let app: TestApp, server: Deno.HttpServer<Deno.NetAddr>;

Deno.test.beforeAll(async () => {
  app = await testApp("sqlite");
  server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => app.app.fetch(request));
});
Deno.test.afterAll(async () => {
  await server.shutdown();
  await app[Symbol.asyncDispose]();
});

const url = () => `http://127.0.0.1:${server.addr.port}`;
const tracker = () => new RestTracker(url(), { attempts: 1 });

testTracker("RestTracker → our server", () => Promise.resolve(tracker()));
testRunSearch("RestTracker → our server", () => Promise.resolve(tracker()));
testModelRegistry("RestRegistry → our server", () =>
  Promise.resolve({
    tracker: tracker(),
    registry: new RestRegistry(url(), { attempts: 1 }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }));
