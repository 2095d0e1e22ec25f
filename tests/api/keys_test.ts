import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { API_KEYS_PATH, KeyRing, RequestLog } from "../../src/api/mod.ts";
import { changeKeys, type KeyScope, newKey, withKey, withRevoked } from "../../src/api/access/mod.ts";
import { ROUTES } from "../../src/api/openapi/routes.ts";
import { ANSWER_SCHEMAS } from "../../src/api/openapi/schemas.ts";
import { checkHost } from "../../src/api/mod.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { plainRow, startService } from "./service_fixture.ts";

const AT = "2026-01-02T03:04:05.000Z";

/** A file of keys, a ring over it and a service that asks for them. */
async function keyedService() {
  const tmp = await tmpDir();
  const path = `${tmp.path}/keys.json`;
  const add = async (id: string, scopes: readonly KeyScope[], rate: number | null = null) => {
    const { key, token } = newKey({ id, scopes, rate, createdAt: AT });
    await changeKeys(path, (keys) => withKey(keys, key));
    return { authorization: `Bearer ${token}` };
  };
  const predict = await add("predict", ["predict"]), admin = await add("admin", ["admin"]);
  const slow = await add("slow", ["predict", "admin"], 2);
  const clock = new ManualClock(0);
  const ring = await KeyRing.open(path, clock);
  const service = await startService({ keys: ring });
  return { ...service, tmp, path, add, ring, keyClock: clock, headers: { predict, admin, slow } };
}

/** Body of a route that is answered 200. */
function bodyOf(path: string): RequestInit {
  const bodies: Record<string, unknown> = {
    "/predict": { features: plainRow() },
    "/v1/predict": { instances: [] },
    "/invocations": { inputs: [plainRow()] },
  };
  if (!(path in bodies)) return {};
  return { body: JSON.stringify(bodies[path]), headers: { "content-type": "application/json" } };
}

Deno.test("each route asks for the scope it says, and those without one are open", async (t) => {
  const { ask, headers, tmp, failures } = await keyedService();
  await using _ = tmp;
  assertEquals(
    ROUTES.filter(({ scope }) => scope === null).map(({ path }) => path).sort(),
    ["/docs", "/health", "/livez", "/openapi.json", "/ping", "/readyz", "/version"],
  );
  assertEquals(ROUTES.filter(({ scope }) => scope === "admin").map(({ path }) => path), [
    "/v1/models/reload",
    "/metrics",
  ]);
  for (const { method, path, scope } of ROUTES) {
    await t.step(path, async () => {
      const init = { method: method.toUpperCase(), ...bodyOf(path) };
      const as = async (extra: Record<string, string>) => {
        const response = await ask(path, { ...init, headers: { ...init.headers, ...extra } });
        await response.body?.cancel();
        return response.status;
      };
      if (scope === null) return assertEquals(await as({}), 200);
      const own = scope === "admin" ? headers.admin : headers.predict;
      const other = scope === "admin" ? headers.predict : headers.admin;
      assertEquals([await as({}), await as(other)], [401, 403]);
      assert([200, 422].includes(await as(own)), "its own scope is let in");
    });
  }
  assertEquals(failures, []);
});

Deno.test("a key that is not taken is 401 with WWW-Authenticate and a request id, before the body is looked at", async () => {
  const { post, headers, path, ring, tmp } = await keyedService();
  await using _ = tmp;
  await changeKeys(path, (keys) => withRevoked(keys, "predict", AT));
  await ring.refresh();
  const cases: readonly [header: Record<string, string>, part: string, challenge: string][] = [
    [{}, "none is shown", "Bearer"],
    [{ authorization: "Basic YTpi" }, "none is shown", "Bearer"],
    [{ authorization: "Bearer bml_wrong" }, "not known", 'Bearer error="invalid_token"'],
    [headers.predict, "was revoked", 'Bearer error="invalid_token"'],
  ];
  for (const [header, part, challenge] of cases) {
    const response = await post("/predict", "no json", { ...header, "x-request-id": "r-1" });
    assertEquals([response.status, response.headers.get("www-authenticate")], [401, challenge]);
    assertMatch(response.headers.get("content-type") ?? "", /^application\/problem\+json/);
    const body = await response.json();
    assertEquals([body.type, body.requestId], ["/docs#problem-unauthenticated", "r-1"]);
    assertStringIncludes(body.detail, part);
    assert(ANSWER_SCHEMAS.Problem.safeParse(body).success);
  }
});

Deno.test("a key past its rate is 429 with Retry-After, other keys and probes are not", async () => {
  const { ask, headers, keyClock, tmp } = await keyedService();
  await using _ = tmp;
  const models = async (header: Record<string, string>) => {
    const response = await ask("/v1/models", { headers: header });
    await response.body?.cancel();
    return [response.status, response.headers.get("retry-after")];
  };
  assertEquals([await models(headers.slow), await models(headers.slow)], [[200, null], [200, null]]);
  assertEquals(await models(headers.slow), [429, "1"]);
  assertEquals(await models(headers.predict), [200, null]);
  for (let i = 0; i < 5; i++) {
    const response = await ask("/metrics", { headers: headers.slow });
    await response.body?.cancel();
    assertEquals(response.status, 200, "a probe");
  }
  await keyClock.advance(500);
  assertEquals([await models(headers.slow), await models(headers.slow)], [[200, null], [429, "1"]]);
});

Deno.test("the file is followed: a new key is taken, a revoked one not, a bad file changes nothing, none takes nobody", async () => {
  const { ask, add, path, ring, headers, tmp } = await keyedService();
  await using _ = tmp;
  const status = async (header: Record<string, string>) => {
    const response = await ask("/v1/models", { headers: header });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await ring.refresh(), undefined, "it did not change");
  const fresh = await add("fresh", ["predict"]);
  assertEquals(await status(fresh), 401, "not read a request");
  assertEquals(await ring.refresh(), { active: 4, problem: undefined });
  assertEquals(await status(fresh), 200);

  // What a key used up is not given back by a change of another.
  assertEquals([await status(headers.slow), await status(headers.slow)], [200, 200]);
  await changeKeys(path, (keys) => withRevoked(keys, "fresh", AT));
  assertEquals((await ring.refresh())?.active, 3);
  assertEquals([await status(fresh), await status(headers.slow)], [401, 429]);

  const good = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, "[{");
  assertStringIncludes((await ring.refresh())?.problem ?? "", "no JSON");
  assertEquals(await ring.refresh(), undefined, "a bad file is told of once");
  assertEquals(await status(headers.predict), 200);
  if (Deno.build.os !== "windows") {
    await Deno.writeTextFile(path, `${good}\n`);
    await Deno.chmod(path, 0o644);
    assertStringIncludes((await ring.refresh())?.problem ?? "", "mode is 0644");
    await Deno.chmod(path, 0o600);
  }
  await Deno.remove(path);
  assertEquals((await ring.refresh())?.active, 0);
  assertEquals([await status(headers.predict), ring.isOn], [401, true]);
  await Deno.writeTextFile(path, good, { mode: 0o600 });
  assertEquals((await ring.refresh())?.active, 3);
  assertEquals(await status(headers.predict), 200);
});

Deno.test({
  name: "a file whose mode turned bad is told of once, and chmod 600, as the log says, heals it",
  ignore: Deno.build.os === "windows",
  async fn() {
    const { add, path, ring, tmp } = await keyedService();
    await using _ = tmp;
    await add("fresh", ["predict"]);
    await Deno.chmod(path, 0o644);
    const bad = await ring.refresh();
    assertEquals(bad?.active, 3, "the keys before stay");
    assertStringIncludes(bad?.problem ?? "", `mode is 0644. chmod 600 ${path}`);
    assertEquals(await ring.refresh(), undefined, "told of once");
    await Deno.chmod(path, 0o600);
    assertEquals(await ring.refresh(), { active: 4, problem: undefined });
    assertEquals(await ring.refresh(), undefined);
    // A mode that turns bad without any other change is noticed too.
    await Deno.chmod(path, 0o604);
    assertStringIncludes((await ring.refresh())?.problem ?? "", "mode is 0604");
    await Deno.chmod(path, 0o600);
    assertEquals((await ring.refresh())?.problem, undefined);
  },
});

Deno.test("without a file no key is asked for and nothing is limited; the first key turns keys on", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/keys.json`;
  const ring = await KeyRing.open(path, new ManualClock(0));
  const { ask } = await startService({ keys: ring });
  for (let i = 0; i < 300; i++) {
    const response = await ask("/v1/models", { headers: { authorization: "Bearer whatever" } });
    await response.body?.cancel();
    assertEquals(response.status, 200);
  }
  await changeKeys(path, (keys) => withKey(keys, newKey({ scopes: ["predict"], rate: 1, createdAt: AT }).key));
  await ring.refresh();
  assertEquals((await ask("/v1/models")).status, 401);
  assertEquals(API_KEYS_PATH, "config/api_keys.json");
});

Deno.test("a key of scope admin reloads from anywhere, one without it from nowhere", async () => {
  const { ask, headers, tmp } = await keyedService();
  await using _ = tmp;
  const reload = (header: Record<string, string>) =>
    ask("/v1/models/reload", { method: "POST", headers: header, remote: "192.0.2.7" });
  assertEquals((await reload(headers.admin)).status, 200);
  assertEquals((await reload(headers.predict)).status, 403);
  assertEquals((await ask("/v1/models/reload", { method: "POST" })).status, 401);
});

Deno.test("refusals are counted by reason", async () => {
  const { ask, post, headers, tmp } = await keyedService();
  await using _ = tmp;
  await post("/predict", {});
  await post("/predict", {}, headers.admin);
  await post("/invocations", {}, { authorization: "Bearer x" });
  for (let i = 0; i < 3; i++) await post("/predict", {}, headers.slow);
  await post("/invocations", "x".repeat(9_000_000), { ...headers.predict, "content-length": "9000000" });
  const text = await (await ask("/metrics", { headers: headers.admin })).text();
  const counts = Object.fromEntries(
    [...text.matchAll(/^bitcoin_ml_http_refusals_total\{reason="([a-z-]+)"\} (\d+)$/gm)].map((m) => [m[1], m[2]]),
  );
  assertEquals(counts, { "key-missing": "1", "scope": "1", "key-unknown": "1", "rate": "1", "body-too-large": "1" });
  assertMatch(text, /^bitcoin_ml_http_requests_queued 0$/m);
});

Deno.test("the document names what keys and limits answer, and the scheme of the keys", async () => {
  const { ask, tmp } = await keyedService();
  await using _ = tmp;
  const document = await (await ask("/openapi.json")).json();
  assertEquals(document.components.securitySchemes.key, { type: "http", scheme: "bearer" });
  for (const { method, path, scope, isProbe } of ROUTES) {
    const { responses, security } = document.paths[path][method];
    assertEquals(security, scope === null ? undefined : [{}, { key: [scope] }], path);
    for (const [status, isThere] of [["401", scope !== null], ["403", scope !== null]] as const) {
      assertEquals(status in responses, isThere, `${path} ${status}`);
    }
    assertEquals("429" in responses, scope !== null && !isProbe, path);
    assert(isProbe || "503" in responses, path);
    if (method === "post") assert("408" in responses, path);
  }
});

Deno.test("checkHost() takes loopback addresses, and others with keys alone", { permissions: "none" }, () => {
  for (const host of ["127.0.0.1", "::1", "localhost"]) checkHost(host, false);
  for (const host of ["0.0.0.0", "192.168.1.5", "::", "example.org"]) {
    checkHost(host, true);
    try {
      checkHost(host, false);
    } catch (error) {
      assertStringIncludes((error as Error).message, "without keys");
      continue;
    }
    throw new Error(`${host} was taken`);
  }
});

Deno.test("/invocations tells refusals by keys with MLflow's error codes, as its document says", async () => {
  const { ask, headers, tmp } = await keyedService();
  await using _ = tmp;
  const codeFor = async (extra: Record<string, string>) => {
    const init = bodyOf("/invocations");
    const response = await ask("/invocations", { ...init, method: "POST", headers: { ...init.headers, ...extra } });
    const body = await response.json();
    ANSWER_SCHEMAS.InvocationsProblem.parse(body);
    assertEquals(body.message, body.detail);
    return [response.status, body.error_code];
  };
  assertEquals(await codeFor({}), [401, "UNAUTHENTICATED"]);
  assertEquals(await codeFor(headers.admin), [403, "PERMISSION_DENIED"]);
  for (let i = 0; i < 2; i++) await ask("/v1/models", { headers: headers.slow });
  assertEquals(await codeFor(headers.slow), [429, "REQUEST_LIMIT_EXCEEDED"]);
  const { answers } = ROUTES.find(({ path }) => path === "/invocations")!;
  for (const status of [400, 401, 403, 429, 503]) assertEquals(answers[status]?.schema, "InvocationsProblem");
});

Deno.test("a line of the request log names the key, also where its request was turned away", async () => {
  await using tmp = await tmpDir();
  const { key, token } = newKey({ id: "dash", scopes: ["predict"], rate: null, createdAt: AT });
  await changeKeys(`${tmp.path}/keys.json`, (keys) => withKey(keys, key));
  const lines: string[] = [];
  await using requestLog = new RequestLog({
    sink: { write: (bytes) => Promise.resolve(void lines.push(new TextDecoder().decode(bytes))), close() {} },
    format: "json",
    level: "info",
    sampleShare: 1,
    clock: new ManualClock(0),
  });
  const keys = await KeyRing.open(`${tmp.path}/keys.json`, new ManualClock(0));
  const { ask } = await startService({ keys, requestLog });
  for (const path of ["/v1/models", "/metrics"]) {
    await ask(path, { headers: { authorization: `Bearer ${token}` } });
  }
  await ask("/v1/models");
  await requestLog.flush();
  const seen = lines.join("").trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(seen.map(({ route, keyId, refusal }) => [route, keyId, refusal]), [
    ["/v1/models", "dash", null],
    ["/metrics", "dash", "scope"],
    ["/v1/models", null, "key-missing"],
  ]);
  assert(!lines.join("").includes(token));
});
