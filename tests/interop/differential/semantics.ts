/**
 * What the entities do over their lives, and every search, good and bad.
 *
 * @module
 */
import type { Transcript } from "./transcript.ts";

type Answer = Readonly<Record<string, unknown>>;

/** Runs every scenario of this module on a fresh server. */
export async function semantics(server: Transcript): Promise<void> {
  const scenarios = [experiments, runs, limits, runSearches, histories, loggedModels, registry, sources, envelopes];
  for (const scenario of scenarios) {
    server.section();
    await scenario(server);
  }
}

async function experiments(server: Transcript): Promise<void> {
  const create = (body: unknown) => server.api("POST", "experiments/create", { body });
  const locations = [
    "",
    "relative/place",
    "/absolute/place",
    "file:///absolute/place",
    "file://other-host/place",
    "s3://bucket/prefix",
    "mlflow-artifacts:/own",
    "mlflow-artifacts://host:1/own",
    "with#fragment",
    "with;params",
    "s3://bucket/p?a=../b",
    "runs:/abc/model",
    "s3://bucket/../b",
    "mlflow-artifacts:/../b",
    `s3://bucket/${"x".repeat(2100)}`,
  ];
  for (const [i, location] of locations.entries()) {
    const { experiment_id } = await create({ name: `location ${i}`, artifact_location: location });
    if (experiment_id !== undefined) {
      await server.api("GET", "experiments/get", { query: { experiment_id: `${experiment_id}` } });
    }
  }
  for (const name of ["", " ", "a".repeat(500), "a".repeat(501), "ünï ✓", "a/b", "location 0", "%", "a'b\"c"]) {
    await create({ name });
  }
  const { experiment_id } = await create({
    name: "alpha",
    tags: [{ key: "team", value: "quant" }, { key: "x", value: "" }],
  });
  const id = String(experiment_id);
  const set = (key: string, value: string) =>
    server.api("POST", "experiments/set-experiment-tag", { body: { experiment_id: id, key, value } });
  await set("long", "v".repeat(5000));
  await set("long", "v".repeat(20_000));
  await set("long", "v".repeat(20_001));
  await set("k".repeat(250), "v");
  await set("k".repeat(251), "v");
  for (const key of ["a:b", "a//b", "../x", "/x", ".", "a b", "a\nb", "a,b", "ü", "a/b", "a/", "mlflow.note.content"]) {
    await set(key, "v");
  }
  for (const key of ["x", "x", "nope"]) {
    await server.api("POST", "experiments/delete-experiment-tag", { body: { experiment_id: id, key } });
  }
  await server.api("GET", "experiments/get", { query: { experiment_id: id } });
  for (const name of ["alpha", "nope", "", "Default"]) {
    await server.api("GET", "experiments/get-by-name", { query: { experiment_name: name } });
  }
  for (const bad of ["999999", "abc", "1.5", "-1", "0x1", "99999999999999999999"]) {
    for (const route of ["update", "delete", "restore", "set-experiment-tag", "delete-experiment-tag"]) {
      await server.api("POST", `experiments/${route}`, {
        body: { experiment_id: bad, new_name: "n", key: "k", value: "v" },
      });
    }
    await server.api("GET", "experiments/get", { query: { experiment_id: bad } });
    await server.api("POST", "runs/create", { body: { experiment_id: bad, start_time: 1, run_name: "n" } });
    await server.api("POST", "runs/search", { body: { experiment_ids: [bad] } });
    await server.api("POST", "logged-models", { body: { experiment_id: bad, name: "n" } });
    await server.api("POST", "logged-models/search", { body: { experiment_ids: [bad] } });
  }
  await server.api("POST", "experiments/update", { body: { experiment_id: id, new_name: "Default" } });
  await server.api("POST", "experiments/update", { body: { experiment_id: id, new_name: "alpha" } });
  await server.api("POST", "experiments/restore", { body: { experiment_id: id } });
  const { run } = await server.api("POST", "runs/create", {
    body: { experiment_id: id, start_time: 5, run_name: "r" },
  });
  await server.api("POST", "experiments/delete", { body: { experiment_id: id } });
  await server.api("POST", "experiments/delete", { body: { experiment_id: id } });
  await server.api("GET", "experiments/get", { query: { experiment_id: id } });
  await server.api("GET", "experiments/get-by-name", { query: { experiment_name: "alpha" } });
  await server.api("GET", "runs/get", { query: { run_id: runIdOf(run) } });
  await create({ name: "alpha" });
  await server.api("POST", "experiments/update", { body: { experiment_id: id, new_name: "beta" } });
  await set("k", "v");
  await server.api("POST", "runs/create", { body: { experiment_id: id, start_time: 1, run_name: "n" } });
  await server.api("POST", "runs/search", { body: { experiment_ids: [id] } });
  await server.api("POST", "runs/search", { body: { experiment_ids: [id], run_view_type: "ALL" } });
  await server.api("POST", "experiments/restore", { body: { experiment_id: id } });
  await server.api("GET", "runs/get", { query: { run_id: runIdOf(run) } });
  const filters = [
    "name = 'alpha'",
    "name='alpha' and tags.team = 'quant'",
    "name LIKE 'loc%'",
    "name ILIKE 'LOC%'",
    "name != 'alpha'",
    "attribute.name = 'alpha'",
    "attributes.name = 'alpha'",
    "tag.team = 'quant'",
    "tags.`team` = 'quant'",
    'tags."team" = "quant"',
    "tags.nope = 'x'",
    "tags.nope != 'x'",
    "tags.team IS NOT NULL",
    "tags.team IS NULL",
    "creation_time > 0",
    "last_update_time >= 0 AND creation_time < 99999999999999",
    "creation_time = 'x'",
    "creation_time > 'x'",
    "name > 'a'",
    "name = alpha",
    "name = 1",
    "name",
    "name =",
    "= 'x'",
    "bogus = 'x'",
    "bogus.name = 'x'",
    "name = 'alpha' OR name = 'x'",
    "(name = 'alpha')",
    "name IN ('alpha')",
    "experiment_id = '1'",
    "experiment_id IN ('1', '2')",
    "name = 'alpha' AND",
    "AND name = 'alpha'",
    "name = 'al''pha'",
    "name = 'unterminated",
    ";",
    "name = 'a'; DROP TABLE runs",
    "",
    "   ",
  ];
  const search = (body: Answer) => server.api("POST", "experiments/search", { body: { max_results: 100, ...body } });
  for (const filter of filters) await search({ filter, order_by: ["experiment_id"] });
  for (
    const order of [
      "name",
      "name DESC",
      "name desc",
      "experiment_id ASC",
      "creation_time",
      "last_update_time DESC",
      "bogus",
      "name sideways",
      "tags.team",
      "",
      "attributes.name",
      "`name`",
    ]
  ) {
    await search({ order_by: [order], filter: "name LIKE 'location%'" });
  }
  await search({ order_by: ["name", "name DESC"] });
  for (const view_type of ["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]) {
    await search({ view_type, order_by: ["name"], filter: "name LIKE 'a%'" });
  }
  await pages(server, "POST", "experiments/search", { max_results: 4, order_by: ["experiment_id"] });
  for (const max_results of [0, -1, 50_000, 50_001, 1e10]) await search({ max_results });
  for (
    const page_token of ["x", "eyJvZmZzZXQiOiAxfQ==", "eyJvZmZzZXQiOiAtMX0=", "eyJvZmZzZXQiOiAxZTl9", "e30=", "W10="]
  ) await search({ page_token });
}

async function runs(server: Transcript): Promise<void> {
  const { experiment_id } = await server.api("POST", "experiments/create", { body: { name: "runs" } });
  const create = (body: Answer) =>
    server.api("POST", "runs/create", { body: { experiment_id, start_time: 7, ...body } });
  await create({ run_name: "a", user_id: "me", tags: [{ key: "mlflow.user", value: "me" }] });
  await create({ tags: [{ key: "mlflow.runName", value: "by tag" }] });
  await create({ run_name: "x", tags: [{ key: "mlflow.runName", value: "y" }] });
  await create({ run_name: "x", tags: [{ key: "mlflow.runName", value: "x" }] });
  await create({ run_name: "" });
  await create({ tags: [{ key: "a/../b", value: "x" }] });
  const { run } = await create({ run_name: "main" });
  const id = runIdOf(run);
  const post = (route: string, body: Answer) => server.api("POST", `runs/${route}`, { body: { run_id: id, ...body } });
  // What one server may take and the other refuse goes to a run that is not read.
  const { run: unread } = await server.api("POST", "runs/create", {
    body: { experiment_id: "0", start_time: 1, run_name: "unread" },
  });
  const odd = (body: Answer) =>
    server.api("POST", "runs/log-metric", {
      body: { run_id: runIdOf(unread), key: "m", value: 1, timestamp: 1, ...body },
    });
  const metric = (body: Answer) => post("log-metric", { key: "m", value: 1, timestamp: 1, ...body });
  for (const value of ["NaN", "Infinity", "-Infinity", "nan", "inf", "1.5", "1e400", 1e308, -0, "x", true, null]) {
    await odd({ value, key: `v ${value}` });
  }
  for (const timestamp of ["3", 3.0, 3.5, -1, "x", 9e15, null]) await odd({ timestamp, key: `t ${timestamp}` });
  for (const step of ["3", -5, 3.5, "x", 2 ** 40, null]) await odd({ step, key: `s ${step}` });
  for (
    const key of [
      "a:b",
      "a//b",
      "../x",
      "/x",
      ".",
      "a b",
      "a\nb",
      "a,b",
      "ü",
      "a/b",
      "a/",
      "k".repeat(250),
      "k".repeat(251),
      "a\\b",
      "a..b",
      "..",
      "a/./b",
    ]
  ) {
    await metric({ key });
    await post("log-parameter", { key, value: "v" });
    await post("set-tag", { key, value: "v" });
  }
  await metric({ key: "twice" });
  await metric({ key: "twice" });
  await metric({ key: "twice", value: 2 });
  await metric({ key: "late", value: 2, step: 2, timestamp: 1 });
  await metric({ key: "late", value: 1, step: 1, timestamp: 9 });
  await post("log-parameter", { key: "p", value: "1" });
  await post("log-parameter", { key: "p", value: "1" });
  await post("log-parameter", { key: "p", value: "2" });
  await post("log-parameter", { key: "empty", value: "" });
  await post("log-parameter", { key: "unset" });
  await post("log-parameter", { key: "long", value: "v".repeat(6000) });
  await post("log-parameter", { key: "longer", value: "v".repeat(6001) });
  await post("set-tag", { key: "long", value: "v".repeat(8000) });
  await post("set-tag", { key: "longer", value: "v".repeat(8001) });
  await post("set-tag", { key: "unset" });
  await post("set-tag", { key: "mlflow.runName", value: "renamed by tag" });
  await post("update", { run_name: "renamed" });
  await post("update", { run_name: "" });
  await post("update", {});
  for (const status of ["FINISHED", "FAILED", "KILLED", "SCHEDULED", "RUNNING", "finished", "BOGUS", 3, 9]) {
    await post("update", { status });
  }
  await post("update", { status: "FINISHED", end_time: 99 });
  await post("delete-tag", { key: "unset" });
  await post("delete-tag", { key: "unset" });
  await post("log-batch", {});
  await post("log-batch", {
    params: [{ key: "p", value: "other" }],
    metrics: [{ key: "not kept", value: 1, timestamp: 1 }],
  });
  await post("log-batch", { params: [{ key: "q", value: "1" }, { key: "q", value: "1" }] });
  await post("log-batch", { params: [{ key: "q", value: "1" }, { key: "q", value: "2" }] });
  await post("log-batch", { tags: [{ key: "d", value: "1" }, { key: "d", value: "2" }] });
  await post("log-batch", { metrics: [{ key: "b", value: "NaN", timestamp: "5", step: "6" }] });
  for (
    const bad of [
      { key: "b" },
      { value: 1, timestamp: 1 },
      { key: "b", value: 1 },
      { key: "b", timestamp: 1 },
      { key: "b", value: "x", timestamp: 1 },
      5,
      null,
    ]
  ) {
    await post("log-batch", { run_id: runIdOf(unread), metrics: [{ key: "ok", value: 1, timestamp: 1 }, bad] });
  }
  await post("log-batch", { params: [{ value: "x" }] });
  await post("log-batch", { tags: [{ value: "x" }] });
  const dataset = { name: "d", digest: "1", source_type: "local", source: "{}" };
  await post("log-inputs", { datasets: [{ dataset, tags: [{ key: "mlflow.data.context", value: "train" }] }] });
  await post("log-inputs", { datasets: [{ dataset, tags: [{ key: "mlflow.data.context", value: "eval" }] }] });
  await post("log-inputs", { run_id: runIdOf(unread), datasets: [{ dataset: { ...dataset, name: "n".repeat(501) } }] });
  await post("log-inputs", {
    run_id: runIdOf(unread),
    datasets: [{ dataset: { ...dataset, digest: "n".repeat(37) } }],
  });
  await post("log-inputs", {
    run_id: runIdOf(unread),
    datasets: [{ dataset: { ...dataset, source: "n".repeat(65_536) } }],
  });
  await post("log-inputs", { run_id: runIdOf(unread), datasets: [{ dataset: { name: "x" } }] });
  await post("log-inputs", {});
  await post("log-inputs", { models: [{ model_id: "m-nope" }] });
  await post("outputs", { models: [{ model_id: "m-nope", step: 1 }] });
  await server.api("GET", "runs/get", { query: { run_id: id } });
  await server.api("GET", "runs/get", { query: { run_uuid: id } });
  await server.api("POST", "runs/set-tag", { body: { run_uuid: id, key: "by uuid", value: "v" } });
  await server.api("POST", "experiments/search-datasets", { body: { experiment_ids: [experiment_id] } });
  await server.send("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", {
    body: { experiment_ids: [experiment_id] },
  });
  await server.send("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", { body: { experiment_ids: [] } });
  await server.send("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", {
    body: { experiment_ids: Array.from({ length: 21 }, (_, i) => `${i}`) },
  });
  await server.send("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", { body: { experiment_ids: "1" } });
  await post("delete", {});
  await post("delete", {});
  await server.api("GET", "runs/get", { query: { run_id: id } });
  await metric({});
  await post("log-parameter", { key: "z", value: "v" });
  await post("set-tag", { key: "z", value: "v" });
  await post("delete-tag", { key: "by uuid" });
  await post("log-batch", { metrics: [{ key: "b", value: 1, timestamp: 1 }] });
  await post("update", { status: "FAILED" });
  await post("log-inputs", { datasets: [{ dataset }] });
  await post("restore", {});
  await post("restore", {});
  for (
    const route of [
      "log-metric",
      "log-parameter",
      "set-tag",
      "delete-tag",
      "update",
      "delete",
      "restore",
      "log-batch",
      "log-inputs",
      "outputs",
      "log-model",
    ]
  ) {
    for (const run_id of ["0".repeat(32), "nope", "../x", "a b", "x".repeat(300)]) {
      await server.api("POST", `runs/${route}`, {
        body: {
          run_id,
          key: "k",
          value: route === "log-metric" ? 1 : "v",
          timestamp: 1,
          models: [],
          datasets: [],
          model_json: "{}",
        },
      });
    }
  }
  for (
    const model_json of ["x", "{}", "[]", "5", '{"artifact_path":"m","flavors":{},"utc_time_created":"x","run_id":"x"}']
  ) await post("log-model", { model_json });
  await server.api("GET", "runs/get", { query: { run_id: id } });
}

async function limits(server: Transcript): Promise<void> {
  const { experiment_id } = await server.api("POST", "experiments/create", { body: { name: "limits" } });
  const { run } = await server.api("POST", "runs/create", {
    body: { experiment_id, start_time: 7, run_name: "limits" },
  });
  const batch = (body: Answer) => server.api("POST", "runs/log-batch", { body: { run_id: runIdOf(run), ...body } });
  const metrics = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ key: `m${i % 7}`, value: i, timestamp: i, step: i }));
  const entries = (count: number) => Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: `${i}` }));
  await batch({ metrics: metrics(1000) });
  await batch({ metrics: metrics(1001) });
  await batch({ params: entries(100) });
  await batch({ params: entries(101) });
  await batch({ tags: entries(100) });
  await batch({ tags: entries(101) });
  await batch({ metrics: metrics(900), params: entries(50), tags: entries(50) });
  await batch({ metrics: metrics(900), params: entries(50), tags: entries(51) });
  await server.api("GET", "runs/get", { query: { run_id: runIdOf(run) } });
}

async function runSearches(server: Transcript): Promise<void> {
  const { experiment_id } = await server.api("POST", "experiments/create", { body: { name: "searches" } });
  const experimentId = String(experiment_id);
  for (let i = 0; i < 9; i++) {
    const { run } = await server.api("POST", "runs/create", {
      body: { experiment_id, start_time: 1000 + i, run_name: `run ${i}`, user_id: i % 2 === 0 ? "even" : "odd" },
    });
    const runId = runIdOf(run);
    const values = [0.5, "NaN", "Infinity", "-Infinity", -1, 0, 1e300, 2, undefined];
    await server.api("POST", "runs/log-batch", {
      body: {
        run_id: runId,
        metrics: values[i] === undefined
          ? []
          : [{ key: "m", value: values[i], timestamp: 1, step: 0 }, { key: "my metric", value: i, timestamp: 1 }],
        params: i % 3 === 0 ? [] : [{ key: "p", value: `${["a", "B", "ab_", "10", "9"][i % 5]}` }],
        tags: i % 2 === 0 ? [{ key: "kind", value: "tést" }] : [],
      },
    });
    if (i % 4 === 0) {
      await server.api("POST", "runs/log-inputs", {
        body: {
          run_id: runId,
          datasets: [{
            dataset: { name: `set ${i}`, digest: `${i}`, source_type: "local", source: "{}" },
            tags: [{ key: "mlflow.data.context", value: i === 0 ? "train" : "test" }],
          }],
        },
      });
    }
    if (i > 6) {
      await server.api("POST", "runs/update", { body: { run_id: runId, status: "FINISHED", end_time: 2000 + i } });
    }
    if (i === 5) await server.api("POST", "runs/delete", { body: { run_id: runId } });
  }
  const search = (body: Answer) =>
    server.api("POST", "runs/search", { body: { experiment_ids: [experimentId], ...body } });
  const filters = [
    "metrics.m > 0",
    "metrics.m >= 0.5",
    "metrics.m < 0",
    "metrics.m <= 0",
    "metrics.m = 0.5",
    "metrics.m != 0.5",
    "metric.m > -1e2",
    "metrics.m > 1e2",
    "metrics.`my metric` > 3",
    'metrics."my metric" > 3',
    "metrics.m > '0'",
    "metrics.m > 'x'",
    "metrics.m > NaN",
    "metrics.m = NaN",
    "metrics.m LIKE 'x'",
    "metrics.nope > 0",
    "metrics.m > inf",
    "metrics.m IS NULL",
    "metrics.m IN (1, 2)",
    "metrics.m > .5",
    "metrics.m > +5",
    "metrics.m > - 5",
    "metrics.m > 0x1",
    "metrics.m > 1_000",
    "params.p = 'a'",
    "params.p != 'a'",
    "params.p LIKE 'a%'",
    "params.p LIKE 'A%'",
    "params.p ILIKE 'A%'",
    "params.p LIKE 'ab\\_'",
    "params.p LIKE '%_'",
    "params.p > 'a'",
    "params.p = 10",
    "params.p = '10'",
    "params.p IS NULL",
    "params.p IS NOT NULL",
    "param.p = 'a'",
    "parameter.p = 'a'",
    "parameters.p = 'a'",
    "params.p = a",
    "params.p IN ('a')",
    'params.`p` = "a"',
    "tags.kind = 'tést'",
    "tags.kind ILIKE 'TÉST'",
    "tags.kind ILIKE 'TéST'",
    "tags.kind IS NULL",
    "tag.kind IS NOT NULL",
    "tags.mlflow.runName = 'run 1'",
    "tags.`mlflow.runName` = 'run 1'",
    "tags.'kind' = 'x'",
    "attributes.status = 'RUNNING'",
    "status = 'FINISHED'",
    "status != 'FINISHED'",
    "attr.status = 'finished'",
    "run.status LIKE 'FIN%'",
    "status IN ('FINISHED')",
    "run_name = 'run 3'",
    "attributes.run_name LIKE 'run%'",
    "`Run name` = 'run 3'",
    "\"Run name\" = 'run 3'",
    "`run name` = 'run 3'",
    "`Run Name` ILIKE 'RUN 3'",
    "run_id = 'nope'",
    "run_id IN ('a','b')",
    "run_id NOT IN ('a')",
    "run_id IN ()",
    "run_id IN ('a',)",
    "run_id IN 'a'",
    "run_id IN (1)",
    "user_id = 'even'",
    "artifact_uri LIKE '%artifacts'",
    "start_time > 1003",
    "created > 1003",
    "Created > 1003",
    "attributes.start_time <= 1003",
    "end_time > 0",
    "end_time != 0",
    "start_time = '1003'",
    "start_time > '1003'",
    "start_time LIKE '1'",
    "start_time IN (1)",
    "datasets.name = 'set 4'",
    "dataset.name = 'set 4'",
    "datasets.digest = '4'",
    "datasets.context = 'train'",
    "datasets.name LIKE 'set%'",
    "datasets.name IN ('set 4', 'set 8')",
    "datasets.name NOT IN ('set 4')",
    "datasets.bogus = 'x'",
    "dataset.context != 'train'",
    "metrics.m > 0 AND params.p = 'a'",
    "metrics.m > 0 and tags.kind = 'tést' and status = 'RUNNING'",
    "metrics.m > 0 OR metrics.m < 0",
    "NOT metrics.m > 0",
    "(metrics.m > 0)",
    "metrics.m > 0,",
    "metrics.m > 0; x",
    "metrics.m >",
    "metrics.m",
    "> 0",
    "metrics.m > 0 AND",
    "metrics.m > 0 metrics.m < 5",
    "metrics . m > 0",
    "metrics.m>0",
    "metrics.m>0 AND params.p='a'",
    "m > 0",
    "bogus.m > 0",
    "metrics.m => 0",
    "metrics.m == 0",
    "metrics.m <> 0",
    "'metrics.m' > 0",
    "metrics.m > 'a' 'b'",
    "metrics. > 0",
    "metrics.m BETWEEN 1 AND 2",
    "metrics.m > 1 -- comment",
    "params.p = 'it''s'",
    'params.p = "it\'s"',
    "params.p = 'a AND b'",
    "params.and = 'a'",
    "tags.`a.b` = 'x'",
    "tags.a.b.c = 'x'",
    "attribute.bogus = 'x'",
    "  ",
    "\n",
    "metrics.m > 0\nAND\tparams.p = 'a'",
    "status = RUNNING",
    'status = "RUNNING"',
    "tags.kind = 5",
    "lifecycle_stage = 'active'",
    "experiment_id = '1'",
    "attributes.`run_id` = 'x'",
    "metrics.m > 99999999999999999999999",
  ];
  for (const filter of filters) await search({ filter, order_by: ["start_time"] });
  const orders = [
    "metrics.m",
    "metrics.m DESC",
    "metrics.m ASC",
    "metrics.`my metric` DESC",
    "params.p",
    "params.p DESC",
    "tags.kind",
    "start_time",
    "start_time DESC",
    "attributes.start_time ASC",
    "end_time DESC",
    "status",
    "run_id",
    "run_name DESC",
    "user_id",
    "Created",
    "`Run name`",
    "bogus",
    "metrics.m sideways",
    "metrics.m DESC ASC",
    "m",
    "",
    "datasets.name",
    "metrics.nope",
    "artifact_uri",
    "metrics.m,params.p",
    "metric.m desc",
  ];
  for (const order of orders) await search({ order_by: [order] });
  await search({ order_by: ["status", "metrics.m DESC"] });
  await search({ order_by: ["metrics.m", "metrics.m DESC"] });
  for (const run_view_type of ["ACTIVE_ONLY", "DELETED_ONLY", "ALL", "bogus"]) await search({ run_view_type });
  for (const max_results of [1, 0, -1, 50_000, 50_001, "3"]) await search({ max_results });
  await pages(server, "POST", "runs/search", {
    experiment_ids: [experimentId],
    max_results: 3,
    order_by: ["metrics.m"],
  });
  await search({ page_token: "garbage" });
  await server.api("POST", "runs/search", { body: {} });
  await server.api("POST", "runs/search", { body: { experiment_ids: [] } });
  await server.api("POST", "runs/search", {
    body: { experiment_ids: [experimentId, experimentId, "0"], max_results: 2 },
  });
  await server.send("POST", "/ajax-api/2.0/mlflow/runs/search", {
    body: { experiment_ids: [experimentId], max_results: 1 },
  });
}

async function histories(server: Transcript): Promise<void> {
  const { experiment_id } = await server.api("POST", "experiments/create", { body: { name: "histories" } });
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    const { run } = await server.api("POST", "runs/create", {
      body: { experiment_id, start_time: 1, run_name: `h${i}` },
    });
    ids.push(runIdOf(run));
    const metrics = Array.from(
      { length: 40 * (i + 1) },
      (_, step) => ({ key: "loss", value: 1 / (step + 1), timestamp: 1000 - step, step: step * (i + 1) }),
    );
    await server.api("POST", "runs/log-batch", { body: { run_id: ids[i], metrics } });
  }
  const get = (query: Record<string, string | readonly string[]>) =>
    server.api("GET", "metrics/get-history", { query });
  for (const max_results of ["1", "5", "0", "-1", "25000", "25001", "50000", "50001", "x"]) {
    await get({ run_id: ids[0]!, metric_key: "loss", max_results });
  }
  await get({ run_id: ids[0]!, metric_key: "nope", max_results: "5" });
  await get({ run_id: "nope", metric_key: "loss", max_results: "5" });
  await get({ run_uuid: ids[0]!, metric_key: "loss", max_results: "5" });
  await get({ run_id: ids[0]!, metric_key: "loss", max_results: "5", page_token: "x" });
  await pages(server, "GET", "metrics/get-history", { run_id: ids[0]!, metric_key: "loss", max_results: "15" });
  const interval = (query: Record<string, string | readonly string[]>) =>
    server.api("GET", "metrics/get-history-bulk-interval", { query });
  for (const max_results of ["1", "10", "2500", "2501", "0", "-3"]) {
    await interval({ run_ids: ids, metric_key: "loss", max_results });
  }
  await interval({ run_ids: ids, metric_key: "loss", start_step: "10", end_step: "20", max_results: "5" });
  await interval({ run_ids: ids, metric_key: "loss", start_step: "20", end_step: "10", max_results: "5" });
  await interval({ run_ids: ids, metric_key: "loss", start_step: "10", max_results: "5" });
  await interval({ run_ids: ids, metric_key: "loss", end_step: "10", max_results: "5" });
  await interval({ metric_key: "loss", max_results: "5" });
  await interval({ run_ids: ids, max_results: "5" });
  await interval({ run_ids: Array.from({ length: 101 }, () => ids[0]!), metric_key: "loss", max_results: "5" });
  await interval({ run_ids: ["nope"], metric_key: "loss", max_results: "5" });
  const bulk = (query: Record<string, string | readonly string[]>) =>
    server.send("GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk", { query });
  await bulk({ run_id: ids.slice(0, 1), metric_key: "loss", max_results: "3" });
  await bulk({ run_id: ids.slice(0, 2), metric_key: "loss", max_results: "x" });
  await bulk({ metric_key: "loss" });
  await bulk({ run_id: ids });
  await bulk({ run_id: Array.from({ length: 101 }, () => ids[0]!), metric_key: "loss" });
  await bulk({ run_id: ["nope"], metric_key: "loss" });
}

async function loggedModels(server: Transcript): Promise<void> {
  const { experiment_id } = await server.api("POST", "experiments/create", { body: { name: "models" } });
  const experimentId = String(experiment_id);
  const { run } = await server.api("POST", "runs/create", { body: { experiment_id, start_time: 1, run_name: "r" } });
  const create = (body: Answer) => server.api("POST", "logged-models", { body: { experiment_id, ...body } });
  for (const name of ["a/b", "a:b", "a.b", "a%b", 'a"b', "a'b", "a b", "ü", "x".repeat(500), "x".repeat(501)]) {
    await create({ name });
  }
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    const { model } = await create({
      name: `model-${i}`,
      model_type: i % 2 === 0 ? "mlp" : "har",
      source_run_id: i < 3 ? runIdOf(run) : undefined,
      params: [{ key: "depth", value: `${i}` }],
      tags: [{ key: "kind", value: `${i % 2}` }],
    });
    const id = (model as { info: { model_id: string } }).info.model_id;
    ids.push(id);
    await server.api("POST", "runs/log-batch", {
      body: {
        run_id: runIdOf(run),
        metrics: [{
          key: "auc",
          value: i / 10,
          timestamp: i + 1,
          step: i,
          model_id: id,
          dataset_name: i % 2 === 0 ? "val" : "test",
          dataset_digest: "d",
        }],
      },
    });
  }
  const id = ids[0]!;
  const { model: other } = await server.api("POST", "logged-models", {
    body: { experiment_id: "0", name: "unread", params: [{ key: "depth", value: "0" }] },
  });
  const unread = (other as { info: { model_id: string } }).info.model_id;
  for (const status of ["LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_PENDING", "READY", 2]) {
    await server.api("PATCH", `logged-models/${id}`, { body: { model_id: id, status } });
  }
  await server.api("POST", `logged-models/${unread}/params`, {
    body: { model_id: unread, params: [{ key: "depth", value: "0" }, { key: "new", value: "1" }] },
  });
  await server.api("POST", `logged-models/${unread}/params`, {
    body: { model_id: unread, params: [{ key: "depth", value: "9" }] },
  });
  await server.api("POST", `logged-models/${unread}/params`, {
    body: { model_id: unread, params: [{ key: "long", value: "v".repeat(6001) }] },
  });
  await server.api("PATCH", `logged-models/${id}/tags`, {
    body: { model_id: id, tags: [{ key: "kind", value: "changed" }, { key: "a b", value: "" }] },
  });
  await server.api("PATCH", `logged-models/${unread}/tags`, {
    body: { model_id: unread, tags: [{ key: "k".repeat(251), value: "" }] },
  });
  await server.api("PATCH", `logged-models/${unread}/tags`, {
    body: { model_id: unread, tags: [{ key: "long", value: "v".repeat(8001) }] },
  });
  await server.api("DELETE", `logged-models/${id}/tags/a%20b`, {});
  await server.api("DELETE", `logged-models/${id}/tags/nope`, {});
  await server.api("GET", `logged-models/${id}`);
  for (const bad of ["m-nope", "nope", "m-" + "0".repeat(32)]) {
    await server.api("GET", `logged-models/${bad}`);
    await server.api("DELETE", `logged-models/${bad}`);
    await server.api("PATCH", `logged-models/${bad}`, { body: { model_id: bad, status: "LOGGED_MODEL_READY" } });
    await server.api("POST", `logged-models/${bad}/params`, {
      body: { model_id: bad, params: [{ key: "a", value: "b" }] },
    });
    await server.api("PATCH", `logged-models/${bad}/tags`, {
      body: { model_id: bad, tags: [{ key: "a", value: "b" }] },
    });
    await server.api("DELETE", `logged-models/${bad}/tags/a`);
    await server.api("GET", `logged-models/${bad}/artifacts/directories`);
  }
  const search = (body: Answer) =>
    server.api("POST", "logged-models/search", { body: { experiment_ids: [experimentId], ...body } });
  const byName = { order_by: [{ field_name: "name" }] };
  const filters = [
    "name = 'model-1'",
    "name LIKE 'model%'",
    "name ILIKE 'MODEL%'",
    "model_type = 'mlp'",
    "model_type != 'mlp'",
    "status = 'READY'",
    "status = 'PENDING'",
    "status != 'PENDING'",
    "model_id = 'x'",
    "name IN ('model-1','model-2')",
    "name NOT IN ('model-1')",
    "source_run_id = 'x'",
    "source_run_id IS NULL",
    "creation_timestamp > 0",
    "creation_timestamp_ms > 0",
    "creation_time > 0",
    "last_updated_timestamp > 0",
    "metrics.auc > 0.2",
    "metrics.auc = 0.2",
    "metrics.auc > 0.1 AND model_type = 'mlp'",
    "params.depth = '1'",
    "params.depth LIKE '%'",
    "params.depth IN ('1', '2')",
    "tags.kind = '1'",
    "tags.kind != '1'",
    "tags.nope = 'x'",
    "tags.nope IS NULL",
    "attributes.name = 'model-1'",
    "attribute.name = 'model-1'",
    "bogus = 1",
    "metrics.auc > 'x'",
    "name > 'a'",
    "name = 'a' OR name = 'b'",
    "name = x",
    "datasets.name = 'val'",
    "",
  ];
  for (const filter of filters) await search({ filter, ...byName });
  await search({ filter: "metrics.auc > 0", datasets: [{ dataset_name: "val" }], ...byName });
  await search({ filter: "metrics.auc > 0", datasets: [{ dataset_name: "val", dataset_digest: "d" }], ...byName });
  await search({ datasets: [{ dataset_name: "nope" }], ...byName });
  await search({ datasets: [{ dataset_digest: "d" }], ...byName });
  for (
    const field_name of [
      "name",
      "creation_timestamp",
      "creation_time",
      "last_updated_timestamp",
      "metrics.auc",
      "model_type",
      "status",
      "params.depth",
      "tags.kind",
      "bogus",
      "metrics.nope",
      "model_id",
      "attributes.name",
      "source_run_id",
      "",
    ]
  ) {
    await search({ order_by: [{ field_name }] });
    await search({ order_by: [{ field_name, ascending: false }] });
  }
  await search({ order_by: [{ field_name: "metrics.auc", dataset_name: "val" }] });
  await search({
    order_by: [{ field_name: "metrics.auc", dataset_name: "val", dataset_digest: "d", ascending: false }],
  });
  await search({ order_by: [{ field_name: "metrics.auc", dataset_digest: "d" }] });
  await search({ order_by: [{ field_name: "name", dataset_name: "val" }] });
  await pages(server, "POST", "logged-models/search", { experiment_ids: [experimentId], max_results: 2, ...byName });
  await server.api("DELETE", `logged-models/${id}`);
  await server.api("DELETE", `logged-models/${id}`);
  await server.api("GET", `logged-models/${id}`);
  await server.api("PATCH", `logged-models/${id}/tags`, { body: { model_id: id, tags: [{ key: "a", value: "b" }] } });
  await search({ filter: "name LIKE 'model-%'", ...byName });
}

async function registry(server: Transcript): Promise<void> {
  const { experiment_id } = await server.api("POST", "experiments/create", { body: { name: "registry" } });
  const { run } = await server.api("POST", "runs/create", { body: { experiment_id, start_time: 1, run_name: "r" } });
  const runId = runIdOf(run);
  const create = (body: Answer) => server.api("POST", "registered-models/create", { body });
  for (
    const name of [
      "",
      " ",
      "a/b",
      "a:b",
      "a%b",
      "../x",
      ".",
      "a\\b",
      "ü ✓",
      "x".repeat(256),
      "x".repeat(257),
      "m-" + "0".repeat(32),
      "a@b",
      "a'b",
    ]
  ) await create({ name });
  await create({ name: "model", description: "first", tags: [{ key: "owner", value: "me" }] });
  await create({ name: "model" });
  await create({ name: "other" });
  await create({ name: "prompt", tags: [{ key: "mlflow.prompt.is_prompt", value: "true" }] });
  await server.api("PATCH", "registered-models/update", { body: { name: "model", description: "new" } });
  await server.api("PATCH", "registered-models/update", { body: { name: "nope", description: "new" } });
  await server.api("POST", "registered-models/rename", { body: { name: "other", new_name: "model" } });
  await server.api("POST", "registered-models/rename", { body: { name: "other", new_name: "a/b" } });
  await server.api("POST", "registered-models/rename", { body: { name: "other", new_name: "another" } });
  await server.api("POST", "registered-models/rename", { body: { name: "nope", new_name: "x" } });
  const version = (body: Answer) =>
    server.api("POST", "model-versions/create", {
      body: { name: "model", source: `runs:/${runId}/model`, run_id: runId, ...body },
    });
  await version({ description: "one", tags: [{ key: "t", value: "1" }] });
  await version({});
  await version({ run_link: "http://link" });
  await version({ name: "nope" });
  const models = (route: string, body: Answer) =>
    server.api("POST", `registered-models/${route}`, { body: { name: "model", ...body } });
  for (
    const alias of [
      "champion",
      "latest",
      "LATEST",
      "v1",
      "V22",
      "vx",
      "a b",
      "a.b",
      "a-b_c",
      "ü",
      "",
      "x".repeat(255),
      "x".repeat(256),
      "123",
    ]
  ) await models("alias", { alias, version: "1" });
  for (const version of ["2", 2, "99", "x", "", "1.5", "-1", "0"]) {
    await models("alias", { alias: "champion", version });
  }
  for (const alias of ["champion", "nope", "latest", "v2", "CHAMPION"]) {
    await server.api("GET", "registered-models/alias", { query: { name: "model", alias } });
  }
  await server.api("GET", "registered-models/alias", { query: { name: "nope", alias: "champion" } });
  await server.api("DELETE", "registered-models/alias", { body: { name: "model", alias: "a-b_c" } });
  await server.api("DELETE", "registered-models/alias", { body: { name: "model", alias: "nope" } });
  await server.api("DELETE", "registered-models/alias", { body: { name: "nope", alias: "nope" } });
  await models("set-tag", { key: "k", value: "v".repeat(5001) });
  await models("set-tag", { key: "k", value: "v".repeat(100_001) });
  await models("set-tag", { key: "k/../x", value: "v" });
  await models("set-tag", { key: "x".repeat(251), value: "v" });
  await server.api("DELETE", "registered-models/delete-tag", { body: { name: "model", key: "nope" } });
  await server.api("DELETE", "registered-models/delete-tag", { body: { name: "model", key: "k" } });
  const versions = (route: string, body: Answer) =>
    server.api("POST", `model-versions/${route}`, { body: { name: "model", version: "1", ...body } });
  await versions("set-tag", { key: "k", value: "v" });
  await versions("set-tag", { key: "k", value: "v".repeat(100_001) });
  await versions("set-tag", { version: "99", key: "k", value: "v" });
  await versions("set-tag", { version: "x", key: "k", value: "v" });
  await server.api("DELETE", "model-versions/delete-tag", { body: { name: "model", version: "1", key: "nope" } });
  await server.api("DELETE", "model-versions/delete-tag", { body: { name: "model", version: "1", key: "k" } });
  for (const stage of ["Staging", "production", "ARCHIVED", "None", "bogus", ""]) {
    await versions("transition-stage", { stage });
  }
  await versions("transition-stage", { stage: "Production" });
  await versions("transition-stage", { version: "2", stage: "Production", archive_existing_versions: true });
  await versions("transition-stage", { version: "3", stage: "None", archive_existing_versions: true });
  for (
    const stages of [undefined, [], ["Production"], ["production", "Archived"], ["None"], ["bogus"], ["None", "None"]]
  ) {
    await models("get-latest-versions", { stages });
  }
  for (
    const query of [
      { name: "model", version: "1" },
      { name: "model", version: "99" },
      { name: "model", version: "x" },
      { name: "nope", version: "1" },
      { name: "model", version: "1.0" },
      { name: "model", version: "01" },
    ]
  ) {
    await server.api("GET", "model-versions/get", { query });
    await server.api("GET", "model-versions/get-download-uri", { query });
  }
  await server.api("PATCH", "model-versions/update", { body: { name: "model", version: "1", description: "changed" } });
  await server.api("PATCH", "model-versions/update", {
    body: { name: "model", version: "99", description: "changed" },
  });
  await server.api("GET", "registered-models/get", { query: { name: "model" } });
  const modelFilters = [
    "name = 'model'",
    "name LIKE 'mod%'",
    "name ILIKE 'MOD%'",
    "name != 'model'",
    "name IN ('model')",
    "tags.owner = 'me'",
    "tag.owner = 'me'",
    "tags.owner != 'me'",
    "tags.nope != 'x'",
    "tags.owner LIKE 'm%'",
    "tags.owner IS NULL",
    "tags.`mlflow.prompt.is_prompt` != 'true'",
    "tags.`mlflow.prompt.is_prompt` = 'true'",
    "name = 'model' AND tags.owner = 'me'",
    "name LIKE 'm%' AND name ILIKE 'M%'",
    "name = model",
    "name > 'a'",
    "bogus = 'x'",
    "name = 'a' OR name = 'b'",
    "attribute.name = 'model'",
    "attributes.name = 'model'",
    "last_updated_timestamp > 0",
    "",
  ];
  for (const filter of modelFilters) await server.api("GET", "registered-models/search", { query: { filter } });
  for (
    const order_by of [
      "name",
      "name DESC",
      "timestamp",
      "last_updated_timestamp DESC",
      "bogus",
      "name sideways",
      "creation_timestamp",
    ]
  ) {
    await server.api("GET", "registered-models/search", { query: { order_by, filter: "name LIKE '%model%'" } });
  }
  for (const max_results of ["1", "1000", "1001"]) {
    await server.api("GET", "registered-models/search", { query: { max_results, order_by: "name" } });
  }
  await pages(server, "GET", "registered-models/search", { max_results: "2" });
  const versionFilters = [
    "name = 'model'",
    "name='model' and run_id = 'x'",
    `run_id = '${runId}'`,
    `run_id IN ('${runId}', 'x')`,
    "run_id IN ()",
    "run_id LIKE 'a'",
    "source_path LIKE 'runs%'",
    "source_path = 'x'",
    "version_number > 1",
    "version_number = 1",
    "version_number = '1'",
    "version_number != 1",
    "tags.t = '1'",
    "tags.t != '1'",
    "tags.t LIKE '1'",
    "name LIKE 'mo%'",
    "name IN ('model')",
    "name != 'model'",
    "aliases = 'champion'",
    "alias = 'champion'",
    "creation_timestamp > 0",
    "bogus = 'x'",
    "version_number > 'a'",
    "name = 'a' OR name = 'b'",
    "model_id = 'x'",
    "",
  ];
  for (const filter of versionFilters) {
    await server.api("GET", "model-versions/search", { query: { filter, order_by: "version_number" } });
  }
  for (
    const order_by of [
      "name",
      "version_number DESC",
      "creation_timestamp",
      "last_updated_timestamp ASC",
      "bogus",
      "run_id",
      "version_number sideways",
    ]
  ) {
    await server.api("GET", "model-versions/search", { query: { order_by, filter: "name = 'model'" } });
  }
  for (const max_results of ["1", "200000", "200001", "0"]) {
    await server.api("GET", "model-versions/search", { query: { max_results, order_by: "version_number" } });
  }
  await pages(server, "GET", "model-versions/search", { max_results: "2", order_by: "version_number" });
  await server.api("DELETE", "model-versions/delete", { body: { name: "model", version: "2" } });
  await server.api("DELETE", "model-versions/delete", { body: { name: "model", version: "2" } });
  await server.api("GET", "model-versions/get", { query: { name: "model", version: "2" } });
  await server.api("GET", "registered-models/alias", { query: { name: "model", alias: "champion" } });
  await server.api("GET", "model-versions/search", { query: { filter: "name = 'model'", order_by: "version_number" } });
  await version({});
  await server.api("DELETE", "model-versions/delete", { body: { name: "model", version: "4" } });
  await version({});
  await server.api("DELETE", "registered-models/delete", { body: { name: "model" } });
  await server.api("DELETE", "registered-models/delete", { body: { name: "model" } });
  await server.api("GET", "registered-models/get", { query: { name: "model" } });
  await create({ name: "model" });
  await version({});
}

async function sources(server: Transcript): Promise<void> {
  const { experiment_id } = await server.api("POST", "experiments/create", { body: { name: "sources" } });
  const { run } = await server.api("POST", "runs/create", { body: { experiment_id, start_time: 1, run_name: "r" } });
  const { run: other } = await server.api("POST", "runs/create", {
    body: { experiment_id, start_time: 1, run_name: "o" },
  });
  const { model } = await server.api("POST", "logged-models", {
    body: { experiment_id, name: "m", source_run_id: runIdOf(run) },
  });
  const modelId = (model as { info: { model_id: string } }).info.model_id;
  await server.api("POST", "registered-models/create", { body: { name: "sourced" } });
  const runId = runIdOf(run), otherId = runIdOf(other);
  const texts = [
    `runs:/${runId}/model`,
    `runs:/${otherId}/model`,
    "runs:/nope/model",
    "runs:/",
    `runs://host/${runId}/model`,
    `models:/${modelId}`,
    "models:/m-nope",
    "models:/sourced/1",
    "models:/sourced/99",
    "models:/sourced@champion",
    "models:/nope/1",
    "models:/",
    "models:/sourced",
    `models://host/${modelId}`,
    `mlflow-artifacts:/${experiment_id}/${runId}/artifacts/model`,
    `mlflow-artifacts:/${experiment_id}/${runId}/artifacts`,
    `mlflow-artifacts:/${experiment_id}/${otherId}/artifacts/model`,
    `mlflow-artifacts:/${experiment_id}/${runId}/artifacts/../../x`,
    `mlflow-artifacts:/${experiment_id}/models/${modelId}/artifacts`,
    `mlflow-artifacts://host:1/${experiment_id}/${runId}/artifacts/model`,
    "mlflow-artifacts://host/..%2f..%2fx",
    "mlflow-artifacts:/x%2e%2e/y",
    "/elsewhere/model",
    "/etc/passwd",
    "file:///elsewhere/model",
    "file://other-host/model",
    "relative/model",
    "../model",
    "s3://bucket/model",
    "s3://bucket/../model",
    "s3:/bucket/a/../b",
    "http://host/model",
    "http://host/a/../b",
    "https://host/api/2.0/mlflow-artifacts/artifacts/x",
    "dbfs:/model",
    "ftp://host/model",
    "s3://bucket/model/",
    "s3://bucket//model",
    "s3://bucket/a%00",
    "wasbs://c@a.host/model",
    "hdfs://host/model",
    "gs://b/x?y=../z",
    "weird",
    "weird:",
    "sftp://u@h/x",
  ];
  for (const source of texts) {
    const body = { name: "sourced", source };
    await server.api("POST", "model-versions/create", { body });
    await server.api("POST", "model-versions/create", { body: { ...body, run_id: runId } });
    await server.api("POST", "model-versions/create", { body: { ...body, run_id: "nope" } });
    await server.api("POST", "model-versions/create", { body: { ...body, model_id: modelId } });
    await server.api("POST", "model-versions/create", { body: { ...body, model_id: "m-nope" } });
    await server.api("POST", "model-versions/create", { body: { ...body, model_id: modelId, run_id: runId } });
  }
  await server.api("GET", `logged-models/${modelId}`);
}

async function envelopes(server: Transcript): Promise<void> {
  const route = "/api/2.0/mlflow/experiments/create";
  const deep = "[".repeat(50_000) + "]".repeat(50_000);
  const bodies = [
    "",
    "{",
    "nonsense",
    "5",
    "null",
    "true",
    '"text"',
    '"{}"',
    '"{\\"name\\": \\"twice encoded\\"}"',
    "[]",
    "[1]",
    '{"name": "x", "name": "later"}',
    `{"name": "deep", "tags": ${deep}}`,
    deep,
    '{"name": "ok"} trailing',
    "\ufeff{}",
  ];
  for (const raw of bodies) await server.send("POST", route, { raw });
  for (
    const type of [
      "text/plain",
      "application/json; charset=utf-8",
      "APPLICATION/JSON",
      "application/x-www-form-urlencoded",
      "application/jsonx",
      "",
    ]
  ) {
    await server.send("POST", route, { raw: '{"name": ""}', headers: { "content-type": type } });
  }
  await server.send("POST", "//api/2.0/mlflow/experiments/create", { body: {} });
  await server.send("GET", "/api/2.0/mlflow//experiments/get", {});
  await server.send("GET", "/api/2.0/mlflow/nope", {});
  await server.send("GET", "/api/1.0/mlflow/experiments/get", {});
  await server.send("PUT", route, { body: {} });
  await server.send("GET", route, {});
  await server.send("DELETE", "/api/2.0/mlflow/registered-models/delete", {});
  await server.send("DELETE", "/api/2.0/mlflow/registered-models/delete", { query: { name: "nope" } });
  await server.send("GET", "/health");
  await server.send("GET", "/api/3.0/mlflow/server-info");
  await server.send("GET", "/ajax-api/3.0/mlflow/server-info");
  await server.api("GET", "registered-models/get", { query: { name: "nope", unknown: "x" } });
}

/** Follows page tokens to the end. */
async function pages(
  server: Transcript,
  method: "GET" | "POST",
  route: string,
  search: Record<string, unknown>,
): Promise<void> {
  let token: unknown;
  do {
    const request = { ...search, ...(token === undefined ? {} : { page_token: token }) };
    const parts = method === "GET" ? { query: request as Record<string, string> } : { body: request };
    ({ next_page_token: token } = await server.api(method, route, parts));
  } while (typeof token === "string");
}

function runIdOf(run: unknown): string {
  return (run as { info: { run_id: string } } | undefined)?.info.run_id ?? "no run was made";
}
