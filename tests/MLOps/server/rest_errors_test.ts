import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { newRun, overStores } from "./test_app.ts";

overStores("says what is wrong in MLflow's words and codes", async (app) => {
  const runId = await newRun(app);
  const cases: [string, string, unknown, number, string, string][] = [
    ["GET", "runs/get", undefined, 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'run_id'."],
    ["GET", `runs/get?run_id=${"f".repeat(32)}`, undefined, 404, "RESOURCE_DOES_NOT_EXIST", "not found"],
    [
      "POST",
      "runs/log-metric",
      { run_id: 31, key: "a", value: 1, timestamp: 1 },
      400,
      "INVALID_PARAMETER_VALUE",
      "Invalid value 31 for parameter 'run_id' supplied:  Hint: Value was of type 'int'. See the API docs",
    ],
    [
      "POST",
      "runs/log-batch",
      { run_id: runId, metrics: [{ key: "a", value: 1 }] },
      400,
      "INVALID_PARAMETER_VALUE",
      "Missing value for required parameter 'metrics[0].timestamp'.",
    ],
    ["POST", "experiments/search", {}, 400, "INVALID_PARAMETER_VALUE", "Invalid value 0"],
    ["POST", "experiments/create", { name: "Default" }, 400, "RESOURCE_ALREADY_EXISTS", "already exists"],
    [
      "GET",
      "experiments/get?experiment_id=99",
      undefined,
      404,
      "RESOURCE_DOES_NOT_EXIST",
      "No Experiment with id=99 exists",
    ],
    [
      "GET",
      "experiments/get-by-name?experiment_name=no",
      undefined,
      404,
      "RESOURCE_DOES_NOT_EXIST",
      "Could not find experiment with name 'no'",
    ],
    [
      "POST",
      "runs/search",
      { experiment_ids: ["0"], filter: "metrics.a > 1 OR metrics.b > 1" },
      400,
      "INVALID_PARAMETER_VALUE",
      "Invalid clause(s) in filter string: 'OR'",
    ],
    [
      "POST",
      "runs/log-batch",
      { run_id: runId, params: [{ key: "p", value: "1" }, { key: "p", value: "2" }] },
      400,
      "INVALID_PARAMETER_VALUE",
      "Duplicate parameter keys have been submitted: ['p']",
    ],
    ["POST", "runs/update", { run_id: runId, status: "DONE" }, 400, "INVALID_PARAMETER_VALUE", '"DONE"'],
    ["GET", "nothing/here", undefined, 404, "ENDPOINT_NOT_FOUND", "/api/2.0/mlflow/nothing/here"],
    ["POST", "experiments/create", "[1]", 400, "BAD_REQUEST", "must be a JSON object"],
    [
      "POST",
      "experiments/create",
      "no json",
      400,
      "INVALID_PARAMETER_VALUE",
      "Missing value for required parameter 'name'",
    ],
    [
      "POST",
      "model-versions/create",
      { name: "x", source: "/etc" },
      400,
      "INVALID_PARAMETER_VALUE",
      "To use a local path as a model version source, the run_id request parameter has to be specified",
    ],
    [
      "POST",
      "model-versions/create",
      { name: "x", source: "mlflow-artifacts:/a/%2e%2e/b" },
      400,
      "INVALID_PARAMETER_VALUE",
      "without relative path references present",
    ],
  ];
  for (const [method, path, body, status, code, part] of cases) {
    const answer = await app.ask(method, `/api/2.0/mlflow/${path}`, body);
    assertEquals([answer.status, answer.json["error_code"]], [status, code], `${method} ${path}: ${answer.text}`);
    assertStringIncludes(String(answer.json["message"]), part);
  }
});

overStores("refuses changes to a deleted run, and takes them again once it is restored", async (app) => {
  const runId = await newRun(app);
  await app.api("POST", "runs/delete", { run_id: runId });
  await app.api("POST", "runs/delete", { run_id: runId });
  const refused = await app.ask("POST", "/api/2.0/mlflow/runs/set-tag", { run_id: runId, key: "a", value: "b" });
  assertEquals(refused.status, 400);
  assertEquals(
    refused.json["message"],
    `The run ${runId} must be in the 'active' state. Current state is deleted.`,
  );
  await app.api("POST", "runs/restore", { run_id: runId });
  await app.api("POST", "runs/set-tag", { run_id: runId, key: "a", value: "b" });
});

overStores("holds batches to MLflow's limits, counted and in bytes", async (app) => {
  const runId = await newRun(app);
  const metric = { key: "m", value: 1, timestamp: 1 };
  const params = Array.from({ length: 101 }, (_, i) => ({ key: `p${i}`, value: "1" }));
  const many = await app.ask("POST", "/api/2.0/mlflow/runs/log-batch", {
    run_id: runId,
    metrics: Array.from({ length: 1_001 }, () => metric),
  });
  assertStringIncludes(String(many.json["message"]), "can contain at most 1000 metrics. Got 1001 metrics.");
  const lots = await app.ask("POST", "/api/2.0/mlflow/runs/log-batch", { run_id: runId, params });
  assertStringIncludes(String(lots.json["message"]), "can contain at most 100 params. Got 101 params.");
  const heavy = await app.ask("POST", "/api/2.0/mlflow/runs/log-batch", {
    run_id: runId,
    tags: [{ key: "t", value: "x".repeat(1_000_001) }],
  });
  assertEquals(heavy.status, 413);
  assertMatch(String(heavy.json["message"]), /must be at most 1000000 bytes, got a request of size \d+\./);
  const { run } = await app.api("GET", `runs/get?run_id=${runId}`) as { run: { data: Record<string, unknown> } };
  assert(!("params" in run.data) && !("metrics" in run.data));
});

overStores("needs a JSON content type where there is a body", async (app) => {
  const ask = (type: string | undefined) =>
    app.app.request("http://localhost/api/2.0/mlflow/experiments/create", {
      method: "POST",
      headers: type === undefined ? {} : { "content-type": type },
      body: new TextEncoder().encode('{"name":"typed"}'),
    });
  for (const type of ["text/plain", "application/x-www-form-urlencoded", undefined]) {
    const answer = await ask(type);
    assertEquals(answer.status, 400);
    assertStringIncludes((await answer.json()).message, "Bad Request. Content-Type");
  }
  assertEquals((await ask("application/json; charset=utf-8")).status, 200);
});

overStores("makes no run of a body that is cut off, empty or no JSON", async (app) => {
  for (const body of ['{"experiment_id":"0","run_name":"x"', "", "null", "NaN", "{}", '{"experiment_id":""}']) {
    const { status, json } = await app.ask("POST", "/api/2.0/mlflow/runs/create", body);
    assertEquals([status, json["error_code"]], [400, "BAD_REQUEST"], body);
  }
  assertEquals((await app.tracker.searchRuns({ experimentIds: ["0"] })).items, []);
});
