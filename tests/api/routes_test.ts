import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { harSpec, modelFiles, registerModel } from "./model_fixture.ts";
import { PATIENT_LIMITS, plainRow, startService } from "./service_fixture.ts";
import { defaultFeatureEngine } from "../../src/ml/mod.ts";
import { ROUTES } from "../../src/api/openapi/routes.ts";
import { ANSWER_SCHEMAS } from "../../src/api/openapi/schemas.ts";

const WIDTH = defaultFeatureEngine().names.length;

Deno.test("every answer has the request's id and forbids framing, sniffing and caching", async () => {
  const { ask } = await startService();
  for (const path of ["/health", "/livez", "/docs", "/openapi.json", "/metrics", "/nothing", "/version"]) {
    const response = await ask(path, { headers: { "x-request-id": "trace:1.2_3-4" } });
    assertEquals(response.headers.get("x-request-id"), "trace:1.2_3-4", path);
    assertEquals(response.headers.get("x-content-type-options"), "nosniff", path);
    assertEquals(response.headers.get("cache-control"), "no-store", path);
    assertMatch(
      response.headers.get("content-security-policy") ?? "",
      /default-src 'none';.*frame-ancestors 'none'/,
      path,
    );
    await response.body?.cancel();
  }
  for (const bad of ["", "has blank", `x"y`, "a".repeat(129)]) {
    const id = (await ask("/livez", { headers: { "x-request-id": bad } })).headers.get("x-request-id");
    assertMatch(id ?? "", /^[0-9a-f-]{36}$/, bad);
  }
});

Deno.test("an unknown path is 404 and a wrong method 405 with what is allowed", async () => {
  const { ask } = await startService();
  const unknown = await ask("/v2/predict");
  assertEquals([unknown.status, (await unknown.json()).type], [404, "/docs#problem-not-found"]);
  const wrong = await ask("/predict");
  assertEquals([wrong.status, wrong.headers.get("allow")], [405, "POST"]);
  assertEquals((await wrong.json()).type, "/docs#problem-method-not-allowed");
  const deleted = await ask("/health", { method: "DELETE" });
  assertEquals([deleted.status, deleted.headers.get("allow")], [405, "HEAD, GET"]);
  assertEquals((await ask("/health", { method: "HEAD" })).status, 200);
});

Deno.test("answers have exactly the shapes that the OpenAPI document promises", async () => {
  const { ask, post } = await startService();
  const schemas = ANSWER_SCHEMAS;
  const check = async (response: Response, name: keyof typeof ANSWER_SCHEMAS) => {
    const parsed = schemas[name].safeParse(await response.json());
    assert(parsed.success, `${name}: ${JSON.stringify(parsed.error?.issues)}`);
  };
  await check(await ask("/health"), "Health");
  await check(await ask("/livez"), "Liveness");
  await check(await ask("/readyz"), "Readiness");
  await check(await ask("/v1/models"), "Models");
  await check(await ask("/v1/forecast"), "ForecastResponse");
  await check(await post("/predict", { features: plainRow() }), "PredictResponse");
  await check(await post("/invocations", { inputs: [plainRow()] }), "InvocationsResponse");
  await check(await post("/predict", {}), "Problem");
  await check(await post("/invocations", {}), "InvocationsProblem");
  const empty = await startService({ files: new Map() });
  await check(await empty.ask("/health"), "Health");
  await check(await empty.ask("/v1/models"), "Models");
});

Deno.test("GET /health tells model, data and the last swap", async () => {
  const { ask } = await startService();
  const response = await ask("/health");
  assertEquals(response.status, 200);
  const body = await response.json();
  assertEquals([body.status, body.model.name, body.model.alias, body.model.horizonMinutes], [
    "ok",
    "bitcoin-model",
    "production",
    15,
  ]);
  assertEquals([body.data.ageSeconds, body.data.stale], [30, false]);
  assertEquals([body.swap.version, body.swap.outcome, body.swap.reason], ["1", "loaded", null]);
});

Deno.test("POST /v1/models/reload is for this machine and no foreign page", async () => {
  const fixture = await startService();
  const { ask, registry } = fixture;
  const reload = (init: Parameters<typeof ask>[1] = {}) => ask("/v1/models/reload", { method: "POST", ...init });
  assertEquals((await reload({ remote: "192.168.1.5" })).status, 403);
  assertEquals((await reload({ headers: { origin: "https://evil.example" } })).status, 403);
  assertEquals((await reload({ headers: { origin: "http://127.0.0.1:9999" } })).status, 403);
  assertEquals((await reload({ headers: { origin: "null" } })).status, 403);
  const rebound = new Request("http://evil.example:8000/v1/models/reload", {
    method: "POST",
    headers: { origin: "http://evil.example:8000" },
  });
  const remoteAddr: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 1 };
  assertEquals((await fixture.service.fetch(rebound, { remoteAddr })).status, 403);
  assertEquals(
    (await fixture.service.fetch(new Request("http://127.0.0.1:8000/v1/models/reload", { method: "POST" }))).status,
    403,
  );

  await registerModel(fixture, modelFiles(harSpec({ logit: 5 })));
  const done = await reload({ headers: { origin: "http://127.0.0.1:8000" } });
  assertEquals(done.status, 200);
  const body = await done.json();
  assertEquals([body.serving.version, body.previous.version, body.target.version, body.registry.reachable], [
    "2",
    "1",
    "2",
    true,
  ]);
  assertEquals(body.serving.features.length, WIDTH);
  await registry.setAlias("bitcoin-model", "production", "1");
  const json = { "content-type": "application/json" };
  assertEquals((await (await reload({ body: "{}", headers: json })).json()).serving.version, "1");
  assertEquals((await reload({ body: `{"x":1}`, headers: json })).status, 422);
  assertEquals((await reload({ body: "[", headers: json })).status, 400);
  assertEquals((await reload({ body: "x", headers: { "content-type": "text/plain" } })).status, 415);
  assertEquals((await reload({ body: new Uint8Array([120]) })).status, 415);
  assertEquals(fixture.failures, []);
});

Deno.test("/openapi.json is OpenAPI 3.1 with every route, its problems and the model's features", async () => {
  const { ask } = await startService();
  const document = await (await ask("/openapi.json")).json();
  assertEquals(document.openapi, "3.1.0");
  assertEquals(Object.keys(document.paths).sort(), [...new Set(ROUTES.map(({ path }) => path))].sort());
  for (const { method, path, body } of ROUTES) {
    const operation = document.paths[path][method];
    assert(operation.operationId !== undefined && operation.summary !== undefined);
    if (method !== "post") continue;
    for (const status of ["400", "413", "415", "422"]) assert(status in operation.responses, `${path} lacks ${status}`);
    assertEquals(operation.requestBody.content["application/json"].schema.$ref, `#/components/schemas/${body}`);
  }
  const named = document.components.schemas.NamedPredictRequest.properties.instances.items;
  assertEquals(named.required.length, WIDTH);
  assertEquals(named.properties.rv_1440.type, ["number", "null"]);
  const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((match) =>
    match[1]!
  );
  for (const name of references) assert(name in document.components.schemas, name);
});

Deno.test("/docs is a page without script or remote asset, with an example that works", async () => {
  const { ask, post } = await startService();
  const response = await ask("/docs");
  const page = await response.text();
  assertEquals(response.headers.get("content-type"), "text/html; charset=utf-8");
  assert(!/<script|src=|@import|url\(/i.test(page), "the page loads something");
  assertEquals([...page.matchAll(/href="(?!#|\/)/g)].length, 0);
  for (const { path } of ROUTES) assertStringIncludes(page, path);
  assertStringIncludes(page, 'id="problem-input-invalid"');
  const body = /-d &#39;(\{&quot;features.*?\})&#39;/.exec(page)![1]!.replaceAll("&quot;", '"');
  assertEquals((await post("/predict", body)).status, 200);
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style)));
  assertStringIncludes(
    response.headers.get("content-security-policy") ?? "",
    `'sha256-${btoa(String.fromCharCode(...hash))}'`,
  );
});

Deno.test("/metrics counts requests by route and status, swaps and rows", async () => {
  const { ask, post } = await startService();
  await (await post("/predict", { features: [plainRow(), plainRow()] })).body?.cancel();
  await (await post("/predict", {})).body?.cancel();
  await (await ask("/nowhere")).body?.cancel();
  const response = await ask("/metrics");
  assertMatch(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  const value = (line: string) =>
    Number(text.split("\n").find((found) => found.startsWith(`${line} `))?.slice(line.length));
  const requests = "bitcoin_ml_http_request_duration_seconds_count";
  assertEquals(value(`${requests}{method="POST",route="/predict",status="200"}`), 1);
  assertEquals(value(`${requests}{method="POST",route="/predict",status="422"}`), 1);
  assertEquals(value(`${requests}{method="GET",route="unmatched",status="404"}`), 1);
  assertEquals(value(`bitcoin_ml_predicted_rows_total{route="/predict"}`), 2);
  assertEquals(value(`bitcoin_ml_model_swaps_total{outcome="loaded"}`), 1);
  assertEquals(value("bitcoin_ml_http_requests_in_flight"), 1);
  assertEquals(value("bitcoin_ml_data_age_seconds"), 30);
  assertMatch(
    text,
    /bitcoin_ml_model_info\{name="bitcoin-model",version="1",alias="production",run_id="[0-9a-f]{32}",horizon_minutes="15"\} 1/,
  );
  for (const line of text.split("\n")) {
    assertMatch(line, /^$|^# (HELP|TYPE) \w+ |^\w+(\{(\w+="[^"]*",?)*\})? [-+]?(\d|NaN|Inf)/, line);
  }
});

Deno.test("MLflow's GET /ping and /version answer as text", async () => {
  const { ask } = await startService();
  assertEquals(await (await ask("/ping")).text(), "\n");
  assertEquals(await (await ask("/version")).text(), "1.2.3");
});

Deno.test("a bug is a 500 that tells nothing of the inside and is reported with its request", async () => {
  const fixture = await startService();
  const model = fixture.service.host.current!.model as { predict: unknown };
  model.predict = () => {
    throw new TypeError("secret detail");
  };
  const response = await fixture.post("/predict", { features: plainRow() });
  const text = await response.text();
  assertEquals(response.status, 500);
  assert(!text.includes("secret") && text.includes("problem-bug"));
  assertEquals((fixture.failures[0] as Error).message, "secret detail");
});

Deno.test("a reload that the registry keeps waiting is 503 in time, goes on, and is shared by the next", async () => {
  const limits = { ...PATIENT_LIMITS, answerSeconds: 0.05 };
  const { ask, registry, failures } = await startService({ config: { limits } });
  const gate = Promise.withResolvers<void>(), before = registry.changeCounter.bind(registry);
  registry.changeCounter = async () => {
    await gate.promise;
    return await before();
  };
  const reload = () => ask("/v1/models/reload", { method: "POST" });
  const late = await reload();
  const body = await late.json();
  assertEquals([late.status, late.headers.get("retry-after")], [503, "2"]);
  assertStringIncludes(body.detail, "0.05 s");
  gate.resolve();
  assertEquals((await reload()).status, 200);
  assertEquals(failures, []);
});
