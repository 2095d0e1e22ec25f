/** What a comparison with MLflow's own server, by another hand, found. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { overStores, type TestApp, testApp } from "./test_app.ts";

async function newRun(app: TestApp): Promise<string> {
  const { info } = await app.tracker.createRun({ experimentId: "0", runName: "r" });
  return info.runId;
}

overStores("takes field names in camel case, as protobuf's JSON does, and not both at once", async (app) => {
  const { experiment_id: experimentId } = await app.api("POST", "experiments/create", { name: "camel" });
  const { run } = await app.api("POST", "runs/create", { experimentId, startTime: 3, runName: "camel" }) as {
    run: { info: Record<string, unknown> };
  };
  assertEquals([run.info["experiment_id"], run.info["run_name"], run.info["start_time"]], [experimentId, "camel", 3]);
  const { runs } = await app.api("POST", "runs/search", { experimentIds: [experimentId], maxResults: 1 });
  assertEquals((runs as unknown[]).length, 1);
  const both = await app.ask("POST", "/api/2.0/mlflow/runs/get-nothing", {});
  assertEquals(both.status, 404);
  const twice = await app.ask("POST", "/api/2.0/mlflow/runs/delete", { run_id: "a", runId: "b" });
  assertEquals(twice.status, 400);
  assertStringIncludes(String(twice.json["message"]), "specifies both 'run_id' and 'runId'");
});

overStores("takes prompts, whose versions have a placeholder for a source", async (app) => {
  const tags = [{ key: "mlflow.prompt.is_prompt", value: "true" }];
  await app.api("POST", "registered-models/create", { name: "p", tags });
  for (const source of ["dummy-source", "prompt-template"]) {
    await app.api("POST", "model-versions/create", { name: "p", source, tags });
  }
  const refused = await app.ask("POST", "/api/2.0/mlflow/model-versions/create", { name: "p", source: "/etc", tags });
  assertStringIncludes(String(refused.json["message"]), "Prompt sources must use an MLflow placeholder");
});

overStores("finds versions without a run by an empty run id, and by the number in quotes", async (app) => {
  const runId = await newRun(app);
  await app.api("POST", "registered-models/create", { name: "m" });
  await app.api("POST", "model-versions/create", { name: "m", source: "s3://bucket/model" });
  await app.api("POST", "model-versions/create", { name: "m", source: `runs:/${runId}/model`, run_id: runId });
  const versions = async (filter: string) => {
    const found = await app.api("GET", `model-versions/search?filter=${encodeURIComponent(filter)}`);
    return ((found["model_versions"] ?? []) as { version: string }[]).map(({ version }) => version);
  };
  assertEquals(await versions("run_id = ''"), ["1"]);
  assertEquals(await versions(`run_id != '${runId}'`), ["1"]);
  assertEquals(await versions("version_number = '2'"), ["2"]);
});

overStores("refuses half a dataset, text that is no number, and a body that is not UTF-8", async (app) => {
  const runId = await newRun(app);
  const metric = { key: "k", value: 1, timestamp: 1, dataset_name: "d" };
  const half = await app.ask("POST", "/api/2.0/mlflow/runs/log-batch", { run_id: runId, metrics: [metric] });
  assertStringIncludes(String(half.json["message"]), "Both dataset_name and dataset_digest");
  for (const value of ["0x10", "0b11", "5 0", "e400"]) {
    const one = await app.ask("POST", "/api/2.0/mlflow/runs/log-metric", {
      run_id: runId,
      key: "k",
      value,
      timestamp: 1,
    });
    assertEquals(one.status, 400, value);
  }
  const bytes = new TextEncoder().encode(JSON.stringify({ run_id: runId, key: "u", value: "aXb" }));
  bytes[bytes.indexOf("X".charCodeAt(0))] = 0xff;
  const raw = await app.app.request("http://127.0.0.1:5000/api/2.0/mlflow/runs/set-tag", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: bytes,
  });
  await raw.body?.cancel();
  assertEquals(raw.status, 400);
  const { run } = await app.api("GET", `runs/get?run_id=${runId}`) as { run: { data: { tags: unknown[] } } };
  assertEquals(JSON.stringify(run.data.tags).includes('"u"'), false);
});

overStores("stores names of 255 bytes, no file at a folder's address, and survives a link to itself", async (app) => {
  const url = "http://127.0.0.1:5000/api/2.0/mlflow-artifacts/artifacts";
  const status = async (method: string, path: string, body?: string) => {
    const response = await app.app.request(`${url}${path}`, { method, ...(body === undefined ? {} : { body }) });
    await response.body?.cancel();
    return response.status;
  };
  const long = "n".repeat(255);
  assertEquals([await status("PUT", `/d/${long}`, "x"), await status("GET", `/d/${long}`)], [200, 200]);
  assertEquals(await status("PUT", `/d/${long}n`, "x"), 400);
  assertEquals([await status("PUT", "/d/a.txt", "old"), await status("PUT", "/d/a.txt/", "new")], [200, 400]);
  assertEquals(await Deno.readTextFile(`${app.folder}/artifacts/d/a.txt`), "old");
  await Deno.symlink(`${app.folder}/artifacts/d/loop`, `${app.folder}/artifacts/d/loop`);
  assertEquals([await status("GET", "/d/loop"), await status("GET", "/d/loop/x")], [404, 404]);
  assertEquals(await status("GET", "?path=d/loop"), 200);
  const listed = await app.ask("GET", "/api/2.0/mlflow-artifacts/artifacts?path=d");
  assertEquals((listed.json["files"] as { path: string }[]).map(({ path }) => path), ["a.txt", long]);
});

Deno.test("model-versions/create takes a local source that climbs and stays in its run's folder", async () => {
  await using app = await testApp("sqlite");
  const experiment = await app.tracker.createExperiment("local", { artifactLocation: `file://${app.folder}/12` });
  const { info } = await app.tracker.createRun({ experimentId: experiment });
  await app.api("POST", "registered-models/create", { name: "m" });
  const status = async (tail: string) => {
    const body = { name: "m", source: `${info.artifactUri}/${tail}`, run_id: info.runId };
    return (await app.ask("POST", "/api/2.0/mlflow/model-versions/create", body)).status;
  };
  for (const tail of ["", ".", "model", "model/..", "a/%2e%2e/model"]) assertEquals(await status(tail), 200, tail);
  for (const tail of ["..", "model/../..", "a/%2e%2e/%2e%2e", "../artifacts-other"]) {
    assertEquals(await status(tail), 400, tail);
  }
});

overStores("lists the versions of a logged model in its tag as Python's JSON has it", async (app) => {
  await app.api("POST", "registered-models/create", { name: "m" });
  const { model } = await app.api("POST", "logged-models", { experiment_id: "0", name: "l" }) as {
    model: { info: { model_id: string } };
  };
  const modelId = model.info.model_id;
  for (let i = 0; i < 2; i++) {
    await app.api("POST", "model-versions/create", { name: "m", source: `models:/${modelId}`, model_id: modelId });
  }
  const { tags } = await app.tracker.getLoggedModel(modelId);
  assertEquals(tags, [
    { key: "mlflow.modelVersions", value: '[{"name": "m", "version": 1}, {"name": "m", "version": 2}]' },
  ]);
});

overStores("says of a parameter that was logged alone, and of some in a batch, which cannot change", async (app) => {
  const runId = await newRun(app);
  await app.api("POST", "runs/log-parameter", { run_id: runId, key: "p", value: "1" });
  await app.api("POST", "runs/log-parameter", { run_id: runId, key: "p", value: "1" });
  const message = async (route: string, body: unknown) =>
    (await app.ask("POST", `/api/2.0/mlflow/runs/${route}`, body)).json["message"];
  assertEquals(
    await message("log-parameter", { run_id: runId, key: "p", value: "2" }),
    `Changing param values is not allowed. Param with key='p' was already logged with value='1' for run ID='${runId}'. ` +
      "Attempted logging new value '2'.",
  );
  assertEquals(
    await message("log-batch", { run_id: runId, params: [{ key: "p", value: "2" }] }),
    "Changing param values is not allowed. Params were already logged='[{'key': 'p', 'old_value': '1', " +
      `'new_value': '2'}]' for run ID='${runId}'.`,
  );
  assertEquals(
    await message("log-parameter", { run_id: runId, key: "k".repeat(251), value: "2" }),
    "'Param key' exceeds the maximum length of 250 characters",
  );
});

overStores("takes tags of any characters when a run is made, and only then", async (app) => {
  const tags = ["a!b", "../a", "/abs", "a//b"].map((key) => ({ key, value: "v" }));
  const { run } = await app.api("POST", "runs/create", { experiment_id: "0", start_time: 1, run_name: "r", tags }) as {
    run: { info: { run_id: string }; data: { tags: { key: string }[] } };
  };
  const keys = run.data.tags.map(({ key }) => key).filter((key) => !key.startsWith("mlflow."));
  assertEquals(keys.sort(), tags.map(({ key }) => key).sort());
  const refused: [string, unknown][] = [
    ["runs/create", { tags: [{ key: "k".repeat(251), value: "v" }] }],
    ["runs/create", { tags: [{ key: "a\0b", value: "v" }] }],
    ["runs/create", { tags: [{ key: "", value: "v" }] }],
    ["runs/set-tag", { run_id: run.info.run_id, key: "a!b", value: "v" }],
  ];
  for (const [route, body] of refused) {
    assertEquals((await app.ask("POST", `/api/2.0/mlflow/${route}`, body)).status, 400, JSON.stringify(body));
  }
});

overStores("answers OPTIONS with what a route takes, and lets no other origin in", async (app) => {
  const routes: Record<string, string> = {
    "/api/2.0/mlflow/runs/create": "POST, OPTIONS",
    "/api/2.0/mlflow/runs/get": "GET, HEAD, OPTIONS",
    "/api/2.0/mlflow-artifacts/artifacts/a/b.txt": "GET, PUT, DELETE, HEAD, OPTIONS",
    "/get-artifact": "GET, HEAD, OPTIONS",
  };
  for (const [path, allow] of Object.entries(routes)) {
    const response = await app.app.request(`http://127.0.0.1:5000${path}`, {
      method: "OPTIONS",
      headers: { origin: "http://evil.example", "access-control-request-method": "POST" },
    });
    assertEquals([response.status, response.headers.get("allow")], [204, allow], path);
    assertEquals([...response.headers.keys()].filter((name) => name.startsWith("access-control")), []);
  }
  assertEquals((await app.ask("OPTIONS", "/api/2.0/mlflow/nope")).status, 404);
  assertEquals((await app.ask("POST", "/get-artifact")).status, 405);
});

Deno.test("logged-models/search wants experiments, takes 0 for no size, and says whose page a token is", async () => {
  await using app = await testApp("sqlite");
  const search = (body: unknown) => app.ask("POST", "/api/2.0/mlflow/logged-models/search", body);
  const message = async (body: unknown) => (await search(body)).json["message"];
  assertStringIncludes(String(await message({})), "Missing value for required parameter 'experiment_ids'.");
  assertEquals((await search({ experiment_ids: [] })).status, 200);
  assertEquals((await search({ experiment_ids: ["0"], max_results: 0 })).status, 200);
  assertEquals(
    await message({ experiment_ids: ["0"], datasets: [{ dataset_digest: "d" }] }),
    "`dataset_name` in the `datasets` clause must be specified.",
  );
  assertEquals(await message({ experiment_ids: ["0"], order_by: [{}] }), "Invalid order by field name: ");
  for (let i = 0; i < 2; i++) await app.api("POST", "logged-models", { experiment_id: "0", name: "m" });
  const { next_page_token: page_token } = await app.api("POST", "logged-models/search", {
    experiment_ids: ["0"],
    max_results: 1,
  });
  assertEquals(
    await message({ experiment_ids: ["0", "1"], page_token }),
    "Experiment IDs in the page token do not match the requested experiment IDs. Expected: ['0', '1']. Found: ['0']",
  );
  assertEquals(
    await message({ experiment_ids: ["0"], filter: "name = 'm'", page_token }),
    "Filter string in the page token does not match the requested filter string. Expected: name = 'm'. Found: None",
  );
});

Deno.test("an artifact that is a folder cannot be fetched, and MLflow's words say so", async () => {
  await using app = await testApp("sqlite");
  const runId = await newRun(app);
  await app.tracker.writeArtifact({ runId }, "model/a.txt", new TextEncoder().encode("a"));
  const path = `0/${runId}/artifacts/model`;
  for (const url of [`/api/2.0/mlflow-artifacts/artifacts/${path}`, `/get-artifact?run_id=${runId}&path=model`]) {
    const answer = await app.ask("GET", url);
    assertEquals([answer.status, answer.json["message"]], [
      400,
      `Artifact path refers to a directory, not a file: '${path}'`,
    ]);
  }
});

Deno.test("searches take lists of any length, and refuse what SQLite would fall over", async () => {
  await using app = await testApp("sqlite");
  const runId = await newRun(app);
  await app.api("POST", "runs/log-batch", {
    run_id: runId,
    params: [{ key: "p0", value: "x" }],
    metrics: [{ key: "m0", value: 1, timestamp: 1 }],
    tags: [{ key: "t", value: "x" }],
  });
  const many = (count: number, item: (i: number) => string, glue: string) =>
    Array.from({ length: count }, (_, i) => item(i)).join(glue);
  const ids = `'${runId}', ${many(50_000, (i) => `'r${i}'`, ",")}`;
  const search = async (body: unknown, route = "runs/search") => {
    const { status, json, text } = await app.ask("POST", `/api/2.0/mlflow/${route}`, body);
    return { status, found: (json["runs"] ?? json["models"] ?? []) as unknown[], text };
  };
  const experiment_ids = Array.from({ length: 50_000 }, (_, i) => String(i));
  const taken: [unknown, number][] = [
    [{ experiment_ids }, 1],
    [{ experiment_ids: ["0"], filter: `run_id IN (${ids})` }, 1],
    [{ experiment_ids: ["0"], filter: `run_id NOT IN (${ids})` }, 0],
    [{ experiment_ids: ["0"], filter: many(500, () => "params.p0 = 'x'", " AND ") }, 1],
    [{ experiment_ids: ["0"], order_by: Array.from({ length: 50 }, (_, i) => `metrics.m${i}`) }, 1],
    [{ experiment_ids: ["0"], filter: `tags.t LIKE '${"%".repeat(50_000)}'` }, 1],
  ];
  for (const [body, count] of taken) {
    const { status, found, text } = await search(body);
    assertEquals([status, found.length], [200, count], text.slice(0, 300));
  }
  const refused: unknown[] = [
    { experiment_ids: ["0"], filter: many(501, () => "params.p0 = 'x'", " AND ") },
    { experiment_ids: ["0"], filter: "'".repeat(1_000_001) },
    { experiment_ids: ["0"], filter: many(50_000, (i) => `metrics.m${i} = 1`, " AND ") },
    { experiment_ids: ["0"], order_by: Array.from({ length: 51 }, (_, i) => `metrics.m${i}`) },
    { experiment_ids: ["0"], filter: `tags.t LIKE '${"%a".repeat(25_001)}'` },
  ];
  for (const body of refused) assertEquals((await search(body)).status, 400);
  await app.api("POST", "logged-models", { experiment_id: "0", name: "m" });
  assertEquals((await search({ experiment_ids }, "logged-models/search")).found.length, 1);
  const order_by = Array.from({ length: 51 }, (_, i) => ({ field_name: `metrics.m${i}` }));
  assertEquals((await search({ experiment_ids: ["0"], order_by }, "logged-models/search")).status, 400);
  order_by.pop();
  assertEquals((await search({ experiment_ids: ["0"], order_by }, "logged-models/search")).status, 200);
  for (const route of ["registered-models", "model-versions"]) {
    const filter = encodeURIComponent(many(500, () => "tags.a = 'x'", " AND "));
    assertEquals((await app.ask("GET", `/api/2.0/mlflow/${route}/search?filter=${filter}`)).status, 200);
  }
});

Deno.test("runs/create-promptlab-run keeps what a prompt gave, and names what is missing, one after the other", async () => {
  await using app = await testApp("sqlite");
  const route = "/ajax-api/2.0/mlflow/runs/create-promptlab-run";
  const needed = {
    experiment_id: "0",
    prompt_template: "Say {{ what }}",
    prompt_parameters: [{ key: "what", value: "hi" }],
    model_route: "chat",
    model_input: "Say hi",
    mlflow_version: "3.12.0",
  };
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(needed)) {
    const refused = await app.ask("POST", route, given);
    assertEquals([refused.status, refused.json["message"]], [
      400,
      `CreatePromptlabRun request must specify ${name}.`,
    ]);
    given[name] = value;
  }
  const { json, status } = await app.ask("POST", route, {
    ...given,
    run_name: "lab",
    user_id: "me",
    start_time: 5,
    model_output: "hi",
    model_parameters: [{ key: "temperature", value: "0.1" }],
    model_output_parameters: [{ key: "latency", value: "9" }],
  });
  assertEquals(status, 200);
  const { run } = json as {
    run: { info: Record<string, unknown>; data: { params: unknown[]; tags: { key: string; value: string }[] } };
  };
  const { run_id: runId, run_name, user_id, start_time, status: state } = run.info;
  assertEquals([run_name, user_id, start_time, state], ["lab", "me", 5, "FINISHED"]);
  assertEquals(run.data.params, [
    { key: "model_route", value: "chat" },
    { key: "prompt_template", value: "Say {{ what }}" },
    { key: "temperature", value: "0.1" },
  ]);
  assertEquals(
    run.data.tags.find(({ key }) => key === "mlflow.loggedArtifacts")?.value,
    '[{"path": "eval_results_table.json", "type": "table"}]',
  );
  const table = await app.ask("GET", `/get-artifact?run_id=${runId}&path=eval_results_table.json`);
  assertEquals(table.json, { columns: ["what", "prompt", "output", "latency"], data: [["hi", "Say hi", "hi", "9"]] });
});

overStores("refuses bodies that are nested too deep, and counts no brackets inside texts", async (app) => {
  const create = async (value: string) => {
    const body = `{"name": ${JSON.stringify(crypto.randomUUID())}, "other": ${value}}`;
    const { status, json } = await app.ask("POST", "/api/2.0/mlflow/experiments/create", body);
    return [status, json["message"]];
  };
  const lists = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  assertEquals((await create(lists(63)))[0], 200);
  for (const text of ["[{".repeat(500), `\\"${"[".repeat(500)}`, "\\\\", `\\\\\\"${"{".repeat(500)}`]) {
    assertEquals((await create(`["${text}", "${text}"]`))[0], 200, text.slice(0, 20));
  }
  const refused = [400, "The request body is nested deeper than 64 levels"];
  assertEquals(await create(lists(64)), refused);
  assertEquals(await create(`["\\\\", ${lists(200)}]`), refused);
  assertEquals(await create(lists(1_000_000)), refused);
  assertEquals(await create('{"a":'.repeat(100_000) + "1" + "}".repeat(100_000)), refused);
});
