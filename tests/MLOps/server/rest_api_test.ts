import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { newRun, overStores, testApp } from "./test_app.ts";

overStores("makes, finds, renames, deletes and restores experiments", async (app) => {
  const { experiment_id: id } = await app.api("POST", "experiments/create", {
    name: "first ✓",
    tags: [{ key: "team", value: "quant" }],
  });
  const got = await app.api("GET", `experiments/get?experiment_id=${id}`);
  const experiment = got["experiment"] as Record<string, unknown>;
  assertEquals(experiment["name"], "first ✓");
  assertEquals(experiment["lifecycle_stage"], "active");
  assertEquals(experiment["tags"], [{ key: "team", value: "quant" }]);
  assertEquals(typeof experiment["creation_time"], "number");

  const byName = await app.api("GET", `experiments/get-by-name?experiment_name=${encodeURIComponent("first ✓")}`);
  assertEquals((byName["experiment"] as Record<string, unknown>)["experiment_id"], id);
  await app.api("POST", "experiments/update", { experiment_id: id, new_name: "second" });
  await app.api("POST", "experiments/set-experiment-tag", { experiment_id: id, key: "k", value: "v" });
  await app.api("POST", "experiments/delete-experiment-tag", { experiment_id: id, key: "team" });
  await app.api("POST", "experiments/delete", { experiment_id: id });
  const active = await app.api("POST", "experiments/search", { max_results: 10 });
  assertEquals((active["experiments"] as { name: string }[]).map(({ name }) => name), ["Default"]);
  const deleted = await app.api("GET", "experiments/search?max_results=10&view_type=DELETED_ONLY");
  const [gone] = deleted["experiments"] as Record<string, unknown>[];
  assertEquals([gone?.["name"], gone?.["tags"]], ["second", [{ key: "k", value: "v" }]]);
  await app.api("POST", "experiments/restore", { experiment_id: id });
  const both = await app.api("POST", "experiments/search", { max_results: 10, filter: "name ILIKE 'SEC%'" });
  assertEquals((both["experiments"] as unknown[]).length, 1);
});

Deno.test("createTrackingApp() over sqlite locates new experiments behind the artifact proxy", async () => {
  await using app = await testApp("sqlite");
  const { experiment_id: id } = await app.api("POST", "experiments/create", { name: "proxied" });
  const { experiment } = await app.api("GET", `experiments/get?experiment_id=${id}`);
  assertEquals((experiment as Record<string, unknown>)["artifact_location"], `mlflow-artifacts:/${id}`);
});

overStores("keeps what is logged to a run and answers it in MLflow's shape", async (app) => {
  const runId = await newRun(app, { run_name: "a run", user_id: "me", tags: [{ key: "kind", value: "demo" }] });
  await app.api("POST", "runs/log-metric", { run_id: runId, key: "loss", value: 0.5, timestamp: 10, step: 1 });
  await app.api("POST", "runs/log-metric", { run_uuid: runId, key: "loss", value: "0.25", timestamp: "11", step: "2" });
  await app.api("POST", "runs/log-batch", {
    run_id: runId,
    metrics: [{ key: "bad", value: "NaN", timestamp: 5 }, { key: "count", value: 3, timestamp: 5 }],
    params: [{ key: "alpha", value: "0.1" }, { key: "empty" }],
    tags: [{ key: "stage", value: "one" }],
  });
  await app.api("POST", "runs/log-parameter", { run_id: runId, key: "beta", value: "2" });
  await app.api("POST", "runs/set-tag", { run_id: runId, key: "gone", value: "x" });
  await app.api("POST", "runs/delete-tag", { run_id: runId, key: "gone" });
  const updated = await app.api("POST", "runs/update", { run_id: runId, status: "FINISHED", end_time: 99 });
  assertEquals((updated["run_info"] as Record<string, unknown>)["status"], "FINISHED");

  const { run } = await app.api("GET", `runs/get?run_id=${runId}`) as { run: Record<string, Record<string, unknown>> };
  assertEquals(run["info"]!["run_uuid"], runId);
  assertEquals(run["info"]!["run_name"], "a run");
  assertEquals(run["info"]!["start_time"], 1);
  assertEquals(run["info"]!["end_time"], 99);
  const metrics = run["data"]!["metrics"] as Record<string, unknown>[];
  const values = Object.fromEntries(metrics.map(({ key, value, step }) => [key, [value, step]]));
  assertEquals(values, { loss: [0.25, 2], bad: ["NaN", 0], count: [3, 0] });
  const params = run["data"]!["params"] as { key: string; value: string }[];
  assertEquals(params.toSorted((a, b) => a.key < b.key ? -1 : 1), [
    { key: "alpha", value: "0.1" },
    { key: "beta", value: "2" },
    { key: "empty", value: "" },
  ]);
  const tags = (run["data"]!["tags"] as { key: string }[]).map(({ key }) => key).sort();
  assertEquals(tags, ["kind", "mlflow.runName", "stage"]);
});

overStores("leaves out what is unset, as protobuf does", async (app) => {
  const runId = await newRun(app);
  const { run } = await app.api("GET", `runs/get?run_id=${runId}`) as { run: Record<string, Record<string, unknown>> };
  assert(!("end_time" in run["info"]!));
  assert(!("metrics" in run["data"]!));
  assertEquals(run["inputs"], {});
});

overStores("answers histories, whole, in pages and sampled over several runs", async (app) => {
  const runs = [await newRun(app), await newRun(app)];
  for (const [k, runId] of runs.entries()) {
    const metrics = Array.from({ length: 100 }, (_, i) => ({ key: "m", value: i + k, timestamp: 1_000 + i, step: i }));
    await app.api("POST", "runs/log-batch", { run_id: runId, metrics });
  }
  const whole = await app.api("GET", `metrics/get-history?run_id=${runs[0]}&metric_key=m`);
  assertEquals((whole["metrics"] as unknown[]).length, 100);
  assert(!("next_page_token" in whole));
  const first = await app.api("GET", `metrics/get-history?run_id=${runs[0]}&metric_key=m&max_results=60`);
  const second = await app.api(
    "GET",
    `metrics/get-history?run_id=${runs[0]}&metric_key=m&max_results=60&page_token=${first["next_page_token"]}`,
  );
  assertEquals([(first["metrics"] as unknown[]).length, (second["metrics"] as unknown[]).length], [60, 40]);

  const sampled = await app.api(
    "GET",
    `metrics/get-history-bulk-interval?run_ids=${runs[0]}&run_ids=${runs[1]}&metric_key=m&max_results=5`,
  );
  const points = sampled["metrics"] as { run_id: string; step: number }[];
  assertEquals(points.filter(({ run_id }) => run_id === runs[0]).map(({ step }) => step), [0, 20, 40, 60, 99]);
  assertEquals(points.length, 10);
  const { json } = await app.ask(
    "GET",
    `/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id=${runs[0]}&run_id=${runs[1]}&metric_key=m&max_results=150`,
  );
  assertEquals((json["metrics"] as unknown[]).length, 150);
  const onlyAjax = await app.ask("GET", `/api/2.0/mlflow/metrics/get-history-bulk?run_id=${runs[0]}&metric_key=m`);
  assertEquals([onlyAjax.status, onlyAjax.json["error_code"]], [404, "ENDPOINT_NOT_FOUND"]);
});

overStores("searches runs with filter, order and pages", async (app) => {
  for (let i = 0; i < 5; i++) {
    const runId = await newRun(app, { run_name: `run ${i}` });
    await app.api("POST", "runs/log-metric", { run_id: runId, key: "score", value: i, timestamp: 1 });
  }
  const search = (body: Record<string, unknown>) => app.api("POST", "runs/search", { experiment_ids: ["0"], ...body });
  const names = (answer: Record<string, unknown>) =>
    (answer["runs"] as { info: { run_name: string } }[]).map(({ info }) => info.run_name);
  const page = await search({ filter: "metrics.score > 1", order_by: ["metrics.score DESC"], max_results: 2 });
  assertEquals(names(page), ["run 4", "run 3"]);
  const rest = await search({
    filter: "metrics.score > 1",
    order_by: ["metrics.score DESC"],
    max_results: 2,
    page_token: page["next_page_token"],
  });
  assertEquals(names(rest), ["run 2"]);
  assert(!("next_page_token" in rest));
});

overStores("keeps dataset inputs, model outputs and their summaries", async (app) => {
  const runId = await newRun(app);
  const dataset = { name: "candles", digest: "abc", source_type: "local", source: "{}", profile: '{"rows":1}' };
  const use = { dataset, tags: [{ key: "mlflow.data.context", value: "training" }] };
  await app.api("POST", "runs/log-inputs", { run_id: runId, datasets: [use] });
  const { model } = await app.api("POST", "logged-models", {
    experiment_id: "0",
    name: "model",
    source_run_id: runId,
    params: [{ key: "a", value: "1" }],
  }) as { model: { info: Record<string, unknown> } };
  const modelId = String(model.info["model_id"]);
  assertMatch(modelId, /^m-[0-9a-f]{32}$/);
  assertEquals(model.info["status"], "LOGGED_MODEL_PENDING");
  await app.api("POST", "runs/outputs", { run_id: runId, models: [{ model_id: modelId, step: 3 }] });
  const ready = await app.api("PATCH", `logged-models/${modelId}`, { model_id: modelId, status: "LOGGED_MODEL_READY" });
  assertEquals((ready["model"] as { info: Record<string, unknown> }).info["status"], "LOGGED_MODEL_READY");
  await app.api("PATCH", `logged-models/${modelId}/tags`, {
    tags: [{ key: "x", value: "y" }, { key: "z", value: "" }],
  });
  await app.api("DELETE", `logged-models/${modelId}/tags/z`);
  await app.api("POST", `logged-models/${modelId}/params`, { params: [{ key: "b", value: "2" }] });
  const found = await app.api("POST", "logged-models/search", { experiment_ids: ["0"], filter: "name = 'model'" });
  const [logged] = found["models"] as { info: Record<string, unknown>; data: Record<string, unknown> }[];
  assertEquals(logged?.info["tags"], [{ key: "x", value: "y" }]);
  assertEquals(logged?.data["params"], [{ key: "a", value: "1" }, { key: "b", value: "2" }]);

  const { run } = await app.api("GET", `runs/get?run_id=${runId}`) as { run: Record<string, Record<string, unknown>> };
  assertEquals(run["inputs"]!["dataset_inputs"], [use]);
  assertEquals(run["outputs"]!["model_outputs"], [{ model_id: modelId, step: 3 }]);
  const summaries = await app.ask("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", {
    experiment_ids: ["0"],
  });
  const expected = [{ experiment_id: "0", name: "candles", digest: "abc", context: "training" }];
  assertEquals(summaries.json["dataset_summaries"], expected);
  const slip = await app.ask("POST", "/api/2.0mlflow/experiments/search-datasets", { experiment_ids: ["0"] });
  assertEquals(slip.json["dataset_summaries"], expected);
  await app.api("DELETE", `logged-models/${modelId}`);
  const gone = await app.ask("GET", `/api/2.0/mlflow/logged-models/${modelId}`);
  assertEquals([gone.status, gone.json["error_code"]], [404, "RESOURCE_DOES_NOT_EXIST"]);
});

overStores("keeps registered models, versions and aliases", async (app) => {
  await app.api("POST", "registered-models/create", { name: "m", description: "d", tags: [{ key: "k", value: "v" }] });
  const { model } = await app.api("POST", "logged-models", { experiment_id: "0", name: "lm" }) as {
    model: { info: { model_id: string } };
  };
  const source = `models:/${model.info.model_id}`;
  for (let i = 0; i < 2; i++) {
    await app.api("POST", "model-versions/create", { name: "m", source, model_id: model.info.model_id });
  }
  await app.api("POST", "registered-models/alias", { name: "m", alias: "production", version: "1" });
  const alias = await app.api("GET", "registered-models/alias?name=m&alias=production");
  const version = alias["model_version"] as Record<string, unknown>;
  assertEquals([version["version"], version["current_stage"], version["status"]], ["1", "None", "READY"]);
  const latest = await app.api("GET", "registered-models/alias?name=m&alias=latest");
  assertEquals((latest["model_version"] as Record<string, unknown>)["version"], "2");
  await app.api("PATCH", "model-versions/update", { name: "m", version: "1", description: "first" });
  await app.api("POST", "model-versions/set-tag", { name: "m", version: "1", key: "gate.passed", value: "true" });
  await app.api("POST", "model-versions/transition-stage", { name: "m", version: "1", stage: "staging" });
  const got = await app.api("GET", "model-versions/get?name=m&version=1");
  const first = got["model_version"] as Record<string, unknown>;
  assertEquals(
    [first["description"], first["current_stage"], first["aliases"], first["tags"]],
    ["first", "Staging", ["production"], [{ key: "gate.passed", value: "true" }]],
  );
  const found = await app.api("GET", `model-versions/search?filter=${encodeURIComponent("name='m'")}`);
  assertEquals((found["model_versions"] as unknown[]).length, 2);
  const registered = await app.api("GET", "registered-models/get?name=m");
  const aliases = (registered["registered_model"] as Record<string, unknown>)["aliases"];
  assertEquals(aliases, [{ alias: "production", version: "1" }]);
  await app.api("DELETE", "registered-models/alias", { name: "m", alias: "production" });
  const unknown = await app.ask("GET", "/api/2.0/mlflow/registered-models/alias?name=m&alias=production");
  assertEquals([unknown.status, unknown.json["error_code"]], [400, "INVALID_PARAMETER_VALUE"]);
  assertEquals(unknown.json["message"], "Registered model alias production not found.");
  await app.api("DELETE", "model-versions/delete", { name: "m", version: "2" });
  await app.api("POST", "registered-models/rename", { name: "m", new_name: "n" });
  await app.api("DELETE", "registered-models/delete?name=n");
  const none = await app.ask("GET", "/api/2.0/mlflow/registered-models/get?name=n");
  assertEquals([none.status, none.json["message"]], [404, "Registered Model with name=n not found"]);
});

overStores("answers the routes beside the stores", async (app) => {
  assertEquals((await app.ask("GET", "/health")).text, "OK");
  assertMatch((await app.ask("GET", "/version")).text, /^\d+\.\d+\.\d+$/);
  for (const base of ["/api", "/ajax-api"]) {
    const info = await app.ask("GET", `${base}/3.0/mlflow/server-info`);
    assertEquals([info.json["store_type"], info.json["workspaces_enabled"]], ["SqlStore", false]);
  }
  const sameUnderAjax = await app.ask("GET", "/ajax-api/2.0/mlflow/experiments/get?experiment_id=0");
  assertEquals(sameUnderAjax.status, 200);
});

overStores("keeps the model history of old clients in the run's tag", async (app) => {
  const runId = await newRun(app);
  const model = { artifact_path: "model", flavors: {}, utc_time_created: "2026-01-01 00:00:00", run_id: runId };
  for (const path of ["model", "other"]) {
    const text = JSON.stringify({ ...model, artifact_path: path });
    await app.api("POST", "runs/log-model", { run_id: runId, model_json: text });
  }
  const run = await app.tracker.getRun(runId);
  const history = run.tags.find(({ key }) => key === "mlflow.log-model.history")!.value;
  assertEquals(JSON.parse(history).map((entry: { artifact_path: string }) => entry.artifact_path), ["model", "other"]);
  const lacking = await app.ask("POST", "/api/2.0/mlflow/runs/log-model", { run_id: runId, model_json: "{}" });
  assertStringIncludes(lacking.text, "Model json is missing mandatory fields: artifact_path");
});
