import { assert } from "@std/assert";
import fc from "fast-check";
import { type Answer, type TestApp, testApp } from "./test_app.ts";

/** A request that the server takes, route by route; `$RUN` and `$MODEL` stand for ids of what is there, `$NEW` for a new name. */
const REQUESTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "POST experiments/create": {
    name: "$NEW",
    artifact_location: "mlflow-artifacts:/$NEW",
    tags: [{ key: "a", value: "b" }],
  },
  "GET experiments/get": { experiment_id: "0" },
  "GET experiments/get-by-name": { experiment_name: "Default" },
  "POST experiments/search": {
    max_results: 5,
    filter: "name = 'Default'",
    order_by: ["name ASC"],
    view_type: "ALL",
    page_token: "",
  },
  "GET experiments/search": { max_results: 5, filter: "tags.a = 'b'", order_by: ["name"], page_token: "" },
  "POST experiments/update": { experiment_id: "0", new_name: "$NEW" },
  "POST experiments/delete": { experiment_id: "0" },
  "POST experiments/restore": { experiment_id: "0" },
  "POST experiments/set-experiment-tag": { experiment_id: "0", key: "a", value: "b" },
  "POST experiments/delete-experiment-tag": { experiment_id: "0", key: "a" },
  "POST experiments/search-datasets": { experiment_ids: ["0"] },
  "POST runs/create": {
    experiment_id: "0",
    run_name: "r",
    user_id: "u",
    start_time: 1,
    tags: [{ key: "a", value: "b" }],
  },
  "GET runs/get": { run_id: "$RUN" },
  "POST runs/update": { run_id: "$RUN", status: "FINISHED", end_time: 5, run_name: "n" },
  "POST runs/delete": { run_id: "$RUN" },
  "POST runs/restore": { run_id: "$RUN" },
  "POST runs/search": {
    experiment_ids: ["0"],
    filter: "metrics.a > 1",
    order_by: ["metrics.a DESC"],
    max_results: 5,
    run_view_type: "ALL",
    page_token: "",
  },
  "POST runs/log-metric": { run_id: "$RUN", key: "a", value: 1, timestamp: 1, step: 1, model_id: "$MODEL" },
  "POST runs/log-parameter": { run_id: "$RUN", key: "a", value: "1" },
  "POST runs/set-tag": { run_id: "$RUN", key: "a", value: "1" },
  "POST runs/delete-tag": { run_id: "$RUN", key: "a" },
  "POST runs/log-batch": {
    run_id: "$RUN",
    metrics: [{ key: "a", value: 1, timestamp: 1, step: 1 }],
    params: [{ key: "p", value: "1" }],
    tags: [{ key: "t", value: "1" }],
  },
  "POST runs/log-inputs": {
    run_id: "$RUN",
    datasets: [{ tags: [], dataset: { name: "n", digest: "d", source_type: "s", source: "{}" } }],
    models: [{ model_id: "$MODEL" }],
  },
  "POST runs/outputs": { run_id: "$RUN", models: [{ model_id: "$MODEL", step: 1 }] },
  "POST runs/log-model": { run_id: "$RUN", model_json: "{}" },
  "GET artifacts/list": { run_id: "$RUN", path: "a" },
  "POST upload-artifact": { run_id: "$RUN", path: "a/b.txt" },
  "GET metrics/get-history": { run_id: "$RUN", metric_key: "a", max_results: 5, page_token: "" },
  "GET metrics/get-history-bulk-interval": {
    run_ids: ["$RUN"],
    metric_key: "a",
    max_results: 5,
    start_step: 0,
    end_step: 5,
  },
  "GET metrics/get-history-bulk": { run_id: ["$RUN"], metric_key: "a", max_results: 5 },
  "POST logged-models": {
    experiment_id: "0",
    name: "lm",
    model_type: "t",
    source_run_id: "$RUN",
    params: [{ key: "a", value: "1" }],
    tags: [],
  },
  "GET logged-models/$MODEL": {},
  "PATCH logged-models/$MODEL": { model_id: "$MODEL", status: "LOGGED_MODEL_READY" },
  "DELETE logged-models/m-none": {},
  "POST logged-models/$MODEL/params": { params: [{ key: "b", value: "1" }] },
  "PATCH logged-models/$MODEL/tags": { tags: [{ key: "b", value: "1" }] },
  "DELETE logged-models/$MODEL/tags/a%2Fb": {},
  "POST logged-models/search": {
    experiment_ids: ["0"],
    filter: "metrics.a > 1",
    datasets: [{ dataset_name: "n", dataset_digest: "d" }],
    order_by: [{ field_name: "metrics.a", ascending: false }],
    max_results: 5,
    page_token: "",
  },
  "GET logged-models/$MODEL/artifacts/directories": { artifact_directory_path: "a" },
  "POST registered-models/create": { name: "$NEW", description: "d", tags: [{ key: "a", value: "b" }] },
  "GET registered-models/get": { name: "target" },
  "PATCH registered-models/update": { name: "target", description: "d" },
  "POST registered-models/rename": { name: "target", new_name: "target" },
  "DELETE registered-models/delete": { name: "none" },
  "GET registered-models/search": { filter: "name = 'target'", max_results: 5, order_by: ["name"], page_token: "" },
  "POST registered-models/get-latest-versions": { name: "target", stages: ["None"] },
  "POST registered-models/set-tag": { name: "target", key: "a", value: "b" },
  "DELETE registered-models/delete-tag": { name: "target", key: "a" },
  "POST registered-models/alias": { name: "target", alias: "a", version: "1" },
  "DELETE registered-models/alias": { name: "target", alias: "a" },
  "GET registered-models/alias": { name: "target", alias: "latest" },
  "POST model-versions/create": {
    name: "target",
    source: "models:/$MODEL",
    run_id: "$RUN",
    model_id: "$MODEL",
    run_link: "x",
    description: "d",
    tags: [],
  },
  "GET model-versions/get": { name: "target", version: "1" },
  "PATCH model-versions/update": { name: "target", version: "1", description: "d" },
  "POST model-versions/transition-stage": {
    name: "target",
    version: "1",
    stage: "Staging",
    archive_existing_versions: true,
  },
  "DELETE model-versions/delete": { name: "target", version: "999" },
  "GET model-versions/get-download-uri": { name: "target", version: "1" },
  "GET model-versions/search": { filter: "name = 'target'", max_results: 5, order_by: ["name"], page_token: "" },
  "POST model-versions/set-tag": { name: "target", version: "1", key: "a", value: "b" },
  "DELETE model-versions/delete-tag": { name: "target", version: "1", key: "a" },
};

const nasty = fc.constantFrom<unknown>(
  "",
  "0",
  "1",
  "-1",
  "NaN",
  "Infinity",
  "99999999999999999999",
  "../../etc/passwd",
  "%2e%2e/%2e%2e",
  "a'b\"c`d",
  "<script>alert(1)</script>",
  "\u0000",
  "\ud800",
  "x".repeat(10_000),
  "metrics.a > 1 AND",
  "name LIKE '%' AND name = 'x'",
  "eyJvZmZzZXQiOiAtMX0=",
  "eyJvZmZzZXQiOiAxZTk5OX0=",
  "e30=",
  "runs:/x/y",
  "models:/m-x",
  "file:///%",
  "http://[bad",
  "mlflow-artifacts:/a/../b",
  0,
  -1,
  1.5,
  1e308,
  9007199254740993,
  null,
  true,
  [],
  {},
  [[]],
  [null],
  [{}],
  ["0"],
  [{ key: "a", value: "b", timestamp: 1 }],
  [{ key: "a", value: 1, timestamp: 1, step: 1e300 }],
  [{ dataset: { name: "n", digest: "d", source_type: "s", source: "x" } }],
  [{ model_id: "m-x" }],
  { name: "n", digest: "d", source_type: "s", source: "x" },
);
const value = fc.oneof({ weight: 4, arbitrary: nasty }, { weight: 1, arbitrary: fc.jsonValue() });
/** A route with a request it takes, of which some fields were replaced; or with something else altogether. */
const request = fc.constantFrom(...Object.keys(REQUESTS)).chain((route) => {
  const names = Object.keys(REQUESTS[route]!);
  const spoilt = names.length === 0
    ? fc.constant({})
    : fc.dictionary(fc.constantFrom(...names), value, { minKeys: 1, maxKeys: 2 });
  return fc.record({
    route: fc.constant(route),
    body: fc.oneof(
      { weight: 12, arbitrary: spoilt.map((fields) => ({ ...REQUESTS[route], ...fields })) },
      { weight: 1, arbitrary: fc.jsonValue() },
      { weight: 1, arbitrary: fc.string() },
    ),
  });
});

/** Somewhere to aim requests at. */
async function target(app: TestApp): Promise<(text: string) => string> {
  const { info } = await app.tracker.createRun({ experimentId: "0", runName: "target" });
  const { modelId } = await app.tracker.createLoggedModel({
    experimentId: "0",
    name: "model",
    sourceRunId: info.runId,
  });
  await app.registry.createRegisteredModel("target");
  await app.registry.createModelVersion({ name: "target", source: `models:/${modelId}`, modelId });
  let count = 0;
  return (text) =>
    text.replaceAll("$RUN", info.runId).replaceAll("$MODEL", modelId).replaceAll("$NEW", () => `new ${count++}`);
}

Deno.test("createTrackingApp() takes every well-formed request of this file", async () => {
  for (const [route, body] of Object.entries(REQUESTS)) {
    await using app = await testApp("sqlite");
    const aim = await target(app);
    const answer = await send(app, aim(route), JSON.parse(aim(JSON.stringify(body))));
    // The rest of the routes ask for, or take away, what is not there.
    const isMissing = answer.status === 404 || route === "POST runs/log-model";
    assert(answer.status === 200 || isMissing, `${route} answered ${answer.status}: ${answer.text}`);
  }
});

Deno.test("createTrackingApp() never answers 5xx to a malformed request, whatever the route and body", async () => {
  await using app = await testApp("sqlite");
  const aim = await target(app);
  await fc.assert(
    fc.asyncProperty(request, async ({ route, body }) => {
      const answer = await send(app, aim(route), JSON.parse(aim(JSON.stringify(body))));
      // 501 is no failure: it says that a kind of artifact store is not served here.
      assert(answer.status < 500 || answer.status === 501, `${route} answered ${answer.status}: ${answer.text}`);
      if (answer.status >= 400) assert(typeof answer.json["error_code"] === "string", answer.text);
      // Whatever hit the target, the next request finds it in place.
      const { lifecycleStage } = await app.tracker.getExperiment("0");
      if (lifecycleStage === "deleted") await app.tracker.restoreExperiment("0");
      await app.tracker.restoreRun(aim("$RUN"));
    }),
    { numRuns: 2_000 },
  );
  assert(app.failures.length === 0, String(app.failures[0]));
});

function send(app: TestApp, route: string, body: unknown): Promise<Answer> {
  const [method, path] = route.split(" ") as [string, string];
  const url = `/ajax-api/2.0/mlflow/${path}`;
  if (method === "GET") return app.ask(method, `${url}?${query(body)}`);
  if (path === "upload-artifact") return app.ask(method, `${url}?${query(body)}`, "content");
  return app.ask(method, url, body);
}

Deno.test("createTrackingApp() answers malformed addresses of pages and artifacts with 4xx", async () => {
  await using app = await testApp("sqlite");
  const { info } = await app.tracker.createRun({ experimentId: "0", runName: "target" });
  const paths = [
    `/experiments/0`,
    `/experiments/0/runs/${info.runId}/artifacts`,
    `/experiments/0/runs/${info.runId}/metric`,
    "/compare",
    "/models",
    "/",
    "/get-artifact",
    "/model-versions/get-artifact",
    "/api/2.0/mlflow-artifacts/artifacts",
  ];
  const names = [
    "filter",
    "order",
    "dir",
    "col",
    "page",
    "size",
    "view",
    "run",
    "metric",
    "key",
    "path",
    "q",
    "x",
    "run_id",
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 5 }),
      async (path, parameters) => {
        const answer = await app.page(`${path}?${query(parameters)}`);
        assert(answer.status < 500, `${path}?${query(parameters)} answered ${answer.status}: ${answer.text}`);
      },
    ),
    { numRuns: 500 },
  );
  assert(app.failures.length === 0, String(app.failures[0]));
});

function query(content: unknown): URLSearchParams {
  const parameters = new URLSearchParams();
  if (typeof content === "object" && content !== null) {
    for (const [name, item] of Object.entries(content)) {
      for (const one of Array.isArray(item) ? item : [item]) {
        parameters.append(name, typeof one === "string" ? one : JSON.stringify(one) ?? "");
      }
    }
  }
  return parameters;
}
