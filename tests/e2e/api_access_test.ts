import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { changeKeys, type KeyScope, newKey, withKey, withRevoked } from "../../src/api/access/mod.ts";
import { harSpec, modelFiles, registerModel } from "../api/model_fixture.ts";
import { plainRow } from "../api/service_fixture.ts";
import { httpLoad, postBytes } from "../bench/http_load.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { openStores, runCommand, startApi } from "./service_folder.ts";

/** Settings under which a few connections are a load. */
const TIGHT = {
  limits: { maxInFlight: 2, maxQueued: 2, queueMilliseconds: 300, bodySeconds: 0.5, shutdownSeconds: 2 },
};

async function folder(config: unknown = {}) {
  const tmp = await tmpDir();
  await using stores = await openStores(tmp.path);
  await registerModel(stores, modelFiles(harSpec()));
  await Deno.mkdir(`${tmp.path}/config`);
  await Deno.writeTextFile(`${tmp.path}/config/api.json`, JSON.stringify(config));
  return tmp;
}

async function addKey(root: string, id: string, scopes: readonly KeyScope[], rate: number | null = null) {
  const { key, token } = newKey({ id, scopes, rate, createdAt: new Date(0).toISOString() });
  await changeKeys(`${root}/config/api_keys.json`, (keys) => withKey(keys, key));
  return token;
}

function predict(url: string, token?: string, client?: Deno.HttpClient): Promise<Response> {
  return fetch(`${url}/predict`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ features: plainRow() }),
    ...(client === undefined ? {} : { client }),
  });
}

async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.body?.cancel();
  return response.status;
}

async function until(check: () => Promise<boolean>, ms = 3000): Promise<void> {
  for (const from = performance.now(); performance.now() - from < ms;) {
    if (await check()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within ${ms} ms`);
}

Deno.test("a running service asks for keys, takes a new one and refuses a revoked one within seconds", async () => {
  await using tmp = await folder();
  const first = await addKey(tmp.path, "first", ["predict"], 3);
  await using api = await startApi(tmp.path);
  assertEquals([await statusOf(predict(api.url)), await statusOf(predict(api.url, first))], [401, 200]);
  const burst = await Promise.all(Array.from({ length: 8 }, () => predict(api.url, first)));
  const limited = burst.filter(({ status }) => status === 429);
  assert(limited.length >= 5 && limited.every(({ headers }) => headers.get("retry-after") === "1"));
  for (const response of burst) await response.body?.cancel();
  const second = await addKey(tmp.path, "second", ["predict"]);
  await until(async () => await statusOf(predict(api.url, second)) === 200);
  await changeKeys(`${tmp.path}/config/api_keys.json`, (keys) => withRevoked(keys, "second", new Date().toISOString()));
  await until(async () => await statusOf(predict(api.url, second)) === 401);
  assertEquals(await statusOf(fetch(`${api.url}/readyz`)), 503, "open, and the store has no candles");
  api.child.kill("SIGTERM");
  assertEquals((await api.child.status).code, 143);
  const log = await api.stderr;
  assertStringIncludes(log, "The keys changed: 2 keys are taken");
  assert(!log.includes(first) && !log.includes(second), "a token is in the log");
});

Deno.test("a service does not start with keys that it cannot trust, or that are not where they are said to be", async () => {
  await using tmp = await folder();
  const path = `${tmp.path}/config/api_keys.json`;
  await addKey(tmp.path, "a", ["predict"]);
  const fails = async (part: string, env: Record<string, string> = {}) => {
    const result = await runCommand("api", tmp.path, ["--json", "--port", "0"], env);
    const { error } = JSON.parse(result.stdout);
    assertEquals([result.code, error.code], [3, "config-invalid"]);
    assertStringIncludes(`${error.message}. ${error.hint}`, part);
  };
  await fails("API_KEYS_FILE", { API_KEYS_FILE: `${tmp.path}/none.json` });
  if (Deno.build.os !== "windows") {
    await Deno.chmod(path, 0o644);
    await fails("chmod 600");
    await Deno.chmod(path, 0o600);
  }
  await Deno.writeTextFile(path, "{}");
  await fails("api-keys -- create");
  await changeKeys(`${tmp.path}/own.json`, (keys) => keys);
  await using api = await startApi(tmp.path, [], { API_KEYS_FILE: `${tmp.path}/own.json` });
  assertEquals(await statusOf(predict(api.url)), 401, "a file without keys lets nobody in");
});

Deno.test("HTTPS by files, on an address for all, with HSTS; a bad pair is named", async (t) => {
  await using tmp = await folder();
  const cert = `${tmp.path}/config/tls.crt`, key = `${tmp.path}/config/tls.key`;
  await selfSigned("service", cert, key);
  const args = ["--tls-cert", cert, "--tls-key", key];
  await t.step("without keys not for all", async () => {
    const result = await runCommand("api", tmp.path, ["--json", "--host", "0.0.0.0", ...args]);
    const { error } = JSON.parse(result.stdout);
    assertEquals([result.code, error.code], [3, "config-invalid"]);
    assertStringIncludes(error.hint, "task api-keys -- create");
  });
  const token = await addKey(tmp.path, "a", ["predict"]);
  await t.step("it answers by TLS alone", async () => {
    await using api = await startApi(tmp.path, args);
    assertMatch(api.line, /^https:\/\/127\.0\.0\.1:\d+$/);
    using client = Deno.createHttpClient({ caCerts: [await Deno.readTextFile(cert)] });
    const response = await predict(api.url, token, client);
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("strict-transport-security"), "max-age=31536000");
    assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    await response.body?.cancel();
    const refused = await predict(api.url, undefined, client);
    assertEquals([refused.status, refused.headers.has("strict-transport-security")], [401, true]);
    await refused.body?.cancel();
    let plain = false;
    try {
      plain = (await fetch(api.url.replace("https", "http"))).ok;
    } catch {
      // It hangs up, as it must.
    }
    assertEquals(plain, false);
  });
  const other = `${tmp.path}/config/other.key`;
  await selfSigned("other", `${tmp.path}/config/other.crt`, other);
  const wrong: readonly [title: string, args: readonly string[], code: number, part: string][] = [
    ["one file", ["--tls-cert", cert], 2, "--tls-key"],
    ["an absent file", ["--tls-cert", `${cert}x`, "--tls-key", key], 3, "tls.crtx"],
    ["files the wrong way round", ["--tls-cert", key, "--tls-key", cert], 3, "CERTIFICATE"],
    ["the key of another", ["--tls-cert", cert, "--tls-key", other], 3, "TLS"],
  ];
  for (const [title, words, code, part] of wrong) {
    await t.step(title, async () => {
      const result = await runCommand("api", tmp.path, ["--json", "--port", "0", ...words]);
      assertEquals(result.code, code, result.stderr + result.stdout);
      assertStringIncludes(JSON.parse(result.stdout).error.message, part);
    });
  }
});

/** A bundled pair: a machine without OpenSSL can make none. */
async function selfSigned(name: "service" | "other", cert: string, key: string): Promise<void> {
  const bundled = new URL(`../fixtures/tls/${name}`, import.meta.url);
  await Deno.copyFile(`${bundled.pathname}.crt`, cert);
  await Deno.copyFile(`${bundled.pathname}.key`, key);
}

/** A client that sends all of a request but the end of its body, and waits. */
async function unfinished(url: string): Promise<Deno.TcpConn> {
  const socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
  const head = "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
  await socket.write(new TextEncoder().encode(head));
  return socket;
}

async function readStatus(socket: Deno.TcpConn): Promise<number> {
  const buffer = new Uint8Array(4096);
  const size = await socket.read(buffer);
  return Number(new TextDecoder().decode(buffer.subarray(0, size ?? 0)).slice(9, 12));
}

Deno.test("a body that does not come is 408 after the configured time, sized or chunked, and its place is free", async () => {
  await using tmp = await folder(TIGHT);
  await using api = await startApi(tmp.path);
  const from = performance.now();
  const sockets = await Promise.all([unfinished(api.url), unfinished(api.url)]);
  assertEquals(await Promise.all(sockets.map(readStatus)), [408, 408]);
  const took = performance.now() - from;
  assert(took >= 450 && took < 2500, `${took} ms`);
  assertEquals(await statusOf(predict(api.url)), 200);
  const chunked = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(api.url).port) });
  const head =
    "POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
  await chunked.write(new TextEncoder().encode(`${head}1\r\n{\r\n`));
  assertEquals(await readStatus(chunked), 408);
  api.child.kill("SIGTERM");
  assertEquals((await api.child.status).code, 143, await api.stderr);
  for (const socket of [...sockets, chunked]) socket.close();
});

Deno.test("past its places a service queues, then sheds with 503 and Retry-After; probes go through", async () => {
  await using tmp = await folder(TIGHT);
  await using api = await startApi(tmp.path);
  const slow = await Promise.all([unfinished(api.url), unfinished(api.url)]);
  await until(async () => await metric(api.url, "bitcoin_ml_http_requests_in_flight") === 3, 400);
  const from = performance.now();
  const answers = await Promise.all(Array.from({ length: 20 }, async () => {
    const response = await predict(api.url);
    const body = await response.json();
    return {
      status: response.status,
      retry: response.headers.get("retry-after"),
      type: body.type,
      ms: performance.now() - from,
    };
  }));
  const shed = answers.filter(({ status }) => status === 503);
  assert(shed.length >= 18, `only ${shed.length} of 20 were turned away`);
  assert(shed.every(({ retry, type }) => retry === "1" && type === "/docs#problem-overloaded"));
  assertEquals(shed.filter(({ ms }) => ms < 250).length >= 18, true, "they are told at once, not after a wait");
  assertEquals(await statusOf(fetch(`${api.url}/livez`)), 200);
  assertEquals(await Promise.all(slow.map(readStatus)), [408, 408]);
  assertEquals(await statusOf(predict(api.url)), 200, "it is as before once the load is gone");
  assert(await metric(api.url, 'bitcoin_ml_http_refusals_total{reason="overloaded"}') >= 18);
  assertEquals(await metric(api.url, 'bitcoin_ml_http_refusals_total{reason="body-timeout"}'), 2);
  for (const socket of slow) socket.close();
});

Deno.test("past what it can do a service sheds at once, and goes on answering", async () => {
  await using tmp = await folder({ limits: { queueMilliseconds: 20 } });
  await using api = await startApi(tmp.path);
  const batch = postBytes("/predict", { features: Array.from({ length: 256 }, () => plainRow()) });
  const load = (connections: number) => httpLoad(api.url, { connections, seconds: 1.5, request: batch });
  await load(1);
  const alone = await load(1), crowd = await load(64);
  const shed = await metric(api.url, 'bitcoin_ml_http_refusals_total{reason="overloaded"}');
  assert(shed > 0, "nothing was shed");
  assertEquals(crowd.failed, shed, "an answer that is neither 200 nor a 503 that was counted");
  assertEquals(await metric(api.url, "bitcoin_ml_http_requests_queued"), 0);
  assert(crowd.perSecond > alone.perSecond / 4, `${crowd.perSecond} a second, alone ${alone.perSecond}`);
});

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(text.split("\n").find((line) => line.startsWith(`${name} `))?.slice(name.length + 1));
}
