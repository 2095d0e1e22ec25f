/**
 * Every route with every field missing, of the wrong type and of odd values, one at a time.
 *
 * @module
 */
import type { Transcript } from "./transcript.ts";

/** Ids of things that the requests name; made anew for each route, as a request may delete them. */
interface Fixture {
  readonly experiment: string;
  readonly run: string;
  readonly model: string;
  readonly registered: string;
}

interface Route {
  readonly method: string;
  readonly path: string | ((fixture: Fixture) => string);
  readonly fields: (fixture: Fixture) => Readonly<Record<string, unknown>>;
}

const MODEL_JSON = JSON.stringify({
  artifact_path: "model",
  flavors: {},
  utc_time_created: "2026-01-01",
  run_id: "r",
});

function post(path: string, fields: Route["fields"]): Route {
  return { method: "POST", path, fields };
}

/** Routes of reference 4.2 to 4.4 with a body. */
const ROUTES: readonly Route[] = [
  post("experiments/create", () => ({
    name: "made",
    artifact_location: "mlflow-artifacts:/elsewhere",
    tags: [{ key: "a", value: "b" }],
  })),
  post("experiments/search", () => ({
    max_results: 5,
    page_token: "",
    filter: "name = 'fixture'",
    order_by: ["name"],
    view_type: "ALL",
  })),
  post("experiments/update", (f) => ({ experiment_id: f.experiment, new_name: "renamed" })),
  post("experiments/delete", (f) => ({ experiment_id: f.experiment })),
  post("experiments/restore", (f) => ({ experiment_id: f.experiment })),
  post("experiments/set-experiment-tag", (f) => ({ experiment_id: f.experiment, key: "k", value: "v" })),
  post("experiments/delete-experiment-tag", (f) => ({ experiment_id: f.experiment, key: "k" })),
  post("runs/create", (f) => ({
    experiment_id: f.experiment,
    user_id: "me",
    run_name: "made",
    start_time: 1,
    tags: [{ key: "a", value: "b" }],
  })),
  post("runs/update", (f) => ({ run_id: f.run, status: "FINISHED", end_time: 2, run_name: "renamed" })),
  post("runs/delete", (f) => ({ run_id: f.run })),
  post("runs/restore", (f) => ({ run_id: f.run })),
  post("runs/search", (f) => ({
    experiment_ids: [f.experiment],
    filter: "metrics.m > 0",
    run_view_type: "ALL",
    max_results: 5,
    order_by: ["metrics.m"],
    page_token: "",
  })),
  post("runs/log-metric", (f) => ({
    run_id: f.run,
    key: "m",
    value: 1.5,
    timestamp: 3,
    step: 4,
    model_id: f.model,
    dataset_name: "d",
    dataset_digest: "1",
  })),
  post("runs/log-parameter", (f) => ({ run_id: f.run, key: "p2", value: "v" })),
  post("runs/set-tag", (f) => ({ run_id: f.run, key: "t", value: "v" })),
  post("runs/delete-tag", (f) => ({ run_id: f.run, key: "t" })),
  post("runs/log-batch", (f) => ({
    run_id: f.run,
    metrics: [{ key: "m", value: 1, timestamp: 2, step: 3 }],
    params: [{ key: "p3", value: "v" }],
    tags: [{ key: "t", value: "v" }],
  })),
  post("runs/log-inputs", (f) => ({
    run_id: f.run,
    datasets: [{ tags: [{ key: "mlflow.data.context", value: "train" }], dataset: dataset() }],
    models: [{ model_id: f.model }],
  })),
  post("runs/outputs", (f) => ({ run_id: f.run, models: [{ model_id: f.model, step: 3 }] })),
  post("runs/log-model", (f) => ({ run_id: f.run, model_json: MODEL_JSON })),
  post("logged-models", (f) => ({
    experiment_id: f.experiment,
    name: "made",
    model_type: "classifier",
    source_run_id: f.run,
    params: [{ key: "a", value: "b" }],
    tags: [{ key: "a", value: "b" }],
  })),
  post("logged-models/search", (f) => ({
    experiment_ids: [f.experiment],
    filter: "name = 'fixture'",
    datasets: [{ dataset_name: "d", dataset_digest: "1" }],
    max_results: 5,
    order_by: [{ field_name: "name", ascending: false }],
    page_token: "",
  })),
  {
    method: "PATCH",
    path: (f) => `logged-models/${f.model}`,
    fields: (f) => ({ model_id: f.model, status: "LOGGED_MODEL_READY" }),
  },
  {
    method: "POST",
    path: (f) => `logged-models/${f.model}/params`,
    fields: () => ({ params: [{ key: "n", value: "v" }] }),
  },
  {
    method: "PATCH",
    path: (f) => `logged-models/${f.model}/tags`,
    fields: () => ({ tags: [{ key: "n", value: "v" }] }),
  },
  post("registered-models/create", () => ({ name: "made", tags: [{ key: "a", value: "b" }], description: "d" })),
  { method: "PATCH", path: "registered-models/update", fields: (f) => ({ name: f.registered, description: "new" }) },
  post("registered-models/rename", (f) => ({ name: f.registered, new_name: `${f.registered}-renamed` })),
  { method: "DELETE", path: "registered-models/delete", fields: (f) => ({ name: f.registered }) },
  post("registered-models/get-latest-versions", (f) => ({ name: f.registered, stages: ["None"] })),
  post("registered-models/set-tag", (f) => ({ name: f.registered, key: "k", value: "v" })),
  { method: "DELETE", path: "registered-models/delete-tag", fields: (f) => ({ name: f.registered, key: "k" }) },
  post("registered-models/alias", (f) => ({ name: f.registered, alias: "champion", version: "1" })),
  { method: "DELETE", path: "registered-models/alias", fields: (f) => ({ name: f.registered, alias: "champion" }) },
  post("model-versions/create", (f) => ({
    name: f.registered,
    source: `models:/${f.model}`,
    run_id: f.run,
    tags: [{ key: "a", value: "b" }],
    run_link: "http://x",
    description: "d",
    model_id: f.model,
  })),
  {
    method: "PATCH",
    path: "model-versions/update",
    fields: (f) => ({ name: f.registered, version: "1", description: "d" }),
  },
  post("model-versions/transition-stage", (f) => ({
    name: f.registered,
    version: "1",
    stage: "Staging",
    archive_existing_versions: true,
  })),
  { method: "DELETE", path: "model-versions/delete", fields: (f) => ({ name: f.registered, version: "1" }) },
  post("model-versions/set-tag", (f) => ({ name: f.registered, version: "1", key: "k", value: "v" })),
  {
    method: "DELETE",
    path: "model-versions/delete-tag",
    fields: (f) => ({ name: f.registered, version: "1", key: "k" }),
  },
];

/** Routes that take a query. */
const QUERIES: readonly {
  readonly path: string | ((f: Fixture) => string);
  readonly fields: (f: Fixture) => Record<string, string>;
}[] = [
  { path: "experiments/get", fields: (f) => ({ experiment_id: f.experiment }) },
  { path: "experiments/get-by-name", fields: () => ({ experiment_name: "fixture" }) },
  { path: "experiments/search", fields: () => ({ max_results: "5", view_type: "ALL", order_by: "name" }) },
  { path: "runs/get", fields: (f) => ({ run_id: f.run }) },
  { path: "artifacts/list", fields: (f) => ({ run_id: f.run, path: "" }) },
  {
    path: "metrics/get-history",
    fields: (f) => ({ run_id: f.run, metric_key: "m", max_results: "10", page_token: "" }),
  },
  {
    path: "metrics/get-history-bulk-interval",
    fields: (f) => ({ run_ids: f.run, metric_key: "m", start_step: "0", end_step: "9", max_results: "10" }),
  },
  { path: (f) => `logged-models/${f.model}`, fields: () => ({}) },
  { path: (f) => `logged-models/${f.model}/artifacts/directories`, fields: () => ({ artifact_directory_path: "" }) },
  { path: "registered-models/get", fields: (f) => ({ name: f.registered }) },
  {
    path: "registered-models/search",
    fields: () => ({ filter: "name = 'fixture'", max_results: "5", order_by: "name" }),
  },
  { path: "registered-models/get-latest-versions", fields: (f) => ({ name: f.registered, stages: "None" }) },
  { path: "registered-models/alias", fields: (f) => ({ name: f.registered, alias: "champion" }) },
  { path: "model-versions/get", fields: (f) => ({ name: f.registered, version: "1" }) },
  { path: "model-versions/get-download-uri", fields: (f) => ({ name: f.registered, version: "1" }) },
  { path: "model-versions/search", fields: () => ({ filter: "name = 'fixture'", max_results: "5", order_by: "name" }) },
];

/** Values put in place of a field's own. */
const ODD_VALUES: readonly unknown[] = [
  null,
  "",
  123,
  -1,
  1.5,
  true,
  "text",
  "123",
  [],
  [1],
  ["text"],
  [null],
  {},
  { key: 1 },
  [{}],
  [{
    key: 1,
  }],
  [{ key: "only" }],
  [{ value: "only" }],
  [{ key: "a", value: 3 }],
  "x".repeat(300),
  "../up",
  "a\u0000b",
];

/** Values put in place of a query parameter's own. */
const ODD_TEXTS: readonly (string | readonly string[])[] = [
  "",
  "text",
  "-1",
  "0",
  "1.5",
  "99999999",
  ["a", "b"],
  "x".repeat(300),
  "../up",
];

/** Sends each route as it should be, then with each field spoilt. */
export async function malformedRequests(server: Transcript): Promise<void> {
  let serial = 0;
  const next = () => fixture(server, `fixture ${++serial}`);
  for (const { method, path, fields } of ROUTES) {
    const made = await next();
    const route = typeof path === "string" ? path : path(made);
    const body = fields(made);
    await server.api(method, route, { body: {} });
    for (const name of Object.keys(body)) {
      const { [name]: _, ...rest } = body;
      await server.api(method, route, { body: rest });
      for (const value of ODD_VALUES) await server.api(method, route, { body: { ...body, [name]: value } });
    }
    await server.api(method, route, { body: { ...body, unknown_field: 1 } });
  }
  for (const { path, fields } of QUERIES) {
    const made = await next();
    const route = typeof path === "string" ? path : path(made);
    const query = fields(made);
    await server.api("GET", route, { query });
    for (const name of Object.keys(query)) {
      const { [name]: _, ...rest } = query;
      await server.api("GET", route, { query: rest });
      for (const value of ODD_TEXTS) await server.api("GET", route, { query: { ...query, [name]: value } });
    }
  }
}

async function fixture(server: Transcript, name: string): Promise<Fixture> {
  server.section();
  const { experiment_id: experiment } = await server.api("POST", "experiments/create", { body: { name } });
  const { run } = await server.api("POST", "runs/create", {
    body: { experiment_id: experiment, run_name: "fixture", start_time: 1 },
  });
  const runId = (run as { info: { run_id: string } }).info.run_id;
  await server.api("POST", "runs/log-batch", {
    body: {
      run_id: runId,
      metrics: [1, 2, 3].map((step) => ({ key: "m", value: step, timestamp: step, step })),
      params: [{ key: "p", value: "v" }],
      tags: [{ key: "t", value: "v" }],
    },
  });
  const { model } = await server.api("POST", "logged-models", {
    body: { experiment_id: experiment, name: "fixture", source_run_id: runId },
  });
  const modelId = (model as { info: { model_id: string } }).info.model_id;
  await server.api("POST", "registered-models/create", { body: { name } });
  await server.api("POST", "model-versions/create", {
    body: { name, source: `models:/${modelId}`, run_id: runId, model_id: modelId },
  });
  return { experiment: String(experiment), run: runId, model: modelId, registered: name };
}

function dataset() {
  return { name: "d", digest: "1", source_type: "local", source: "{}", schema: "{}", profile: "{}" };
}
