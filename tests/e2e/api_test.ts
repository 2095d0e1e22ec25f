import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { MINUTE_MS, sliceCandles, toIso } from "../../src/core/mod.ts";
import { harSpec, modelFiles, registerModel } from "../api/model_fixture.ts";
import { plainRow } from "../api/service_fixture.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { randomCandles } from "../ml/candles.ts";
import { openStores, putCandles, runCommand, startApi } from "./service_folder.ts";

const WALK = randomCandles(1500);

async function folderWithModel(logit = 0.02) {
  const tmp = await tmpDir();
  await using stores = await openStores(tmp.path);
  await registerModel(stores, modelFiles(harSpec({ logit })));
  return tmp;
}

async function getJson(url: string, init?: RequestInit) {
  const response = await fetch(url, init);
  return { status: response.status, body: await response.json() };
}

function predict(url: string, body: unknown = { features: plainRow() }): Promise<Response> {
  return fetch(`${url}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

Deno.test("api serves the alias, follows new candles, stops on SIGTERM with 143, and its log verifies", async () => {
  await using tmp = await folderWithModel();
  await putCandles(tmp.path, sliceCandles(WALK, 0, 1400));
  await using api = await startApi(tmp.path);
  assertMatch(api.line, /^http:\/\/127\.0\.0\.1:\d+$/);
  const health = await getJson(`${api.url}/health`);
  assertEquals([health.status, health.body.model.version, health.body.data.stale], [200, "1", true]);
  const answer = await predict(api.url, { features: [plainRow(), plainRow(2)] });
  assertEquals([answer.status, (await answer.json()).predictions.length], [200, 2]);

  await putCandles(tmp.path, sliceCandles(WALK, 1400, 1500));
  const end = toIso(WALK.openTimeMs[1499]! + MINUTE_MS);
  let forecast = await getJson(`${api.url}/v1/forecast`);
  for (let i = 0; i < 50 && forecast.body.asOf !== end; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    forecast = await getJson(`${api.url}/v1/forecast?horizon=15`);
  }
  assertEquals([forecast.status, forecast.body.asOf], [200, end]);

  api.child.kill("SIGTERM");
  assertEquals((await api.child.status).code, 143, await api.stderr);
  assertEquals(await api.rest, "");
  const { code, stdout } = await runCommand("api", tmp.path, ["verify-log", "--json"]);
  const verified = JSON.parse(stdout);
  assertEquals([code, verified.passed, verified.instances.length], [0, true, 1]);
  const [instance] = verified.instances;
  // A forecast of the service's own (of the new minute too, where it looked before it was stopped), a prediction, and those
  // asked for.
  assert(instance.records >= 3, stdout);
  assertEquals(instance.anchored, instance.records, "the last act is to anchor");

  const folder = `${tmp.path}/mlruns/prediction_log/${instance.instance}`;
  for await (const { name } of Deno.readDir(folder)) {
    const text = await Deno.readTextFile(`${folder}/${name}`);
    const kinds = text.trimEnd().split("\n").map((line) => JSON.parse(line).kind);
    assert(kinds.includes("predict") && kinds.includes("forecast"), kinds.join());
    await Deno.writeTextFile(`${folder}/${name}`, text.replace(`"rows":2`, `"rows":1`));
  }
  const edited = await runCommand("api", tmp.path, ["verify-log"]);
  assertEquals(edited.code, 1);
  assertStringIncludes(edited.stdout, "was changed");
});

Deno.test("api --json prints exactly one object, and SIGINT is 130", async () => {
  await using tmp = await folderWithModel();
  await using api = await startApi(tmp.path, ["--json"]);
  const ready = JSON.parse(api.line);
  assertEquals([ready.model.version, ready.data.asOf, ready.warnings], ["1", null, []]);
  const forecast = await getJson(`${ready.url}/v1/forecast`);
  assertEquals(forecast.status, 503);
  assertStringIncludes(forecast.body.detail, "task ingest");
  api.child.kill("SIGINT");
  assertEquals([(await api.child.status).code, await api.rest], [130, ""]);
});

Deno.test("api ends with the code of what is wrong", async (t) => {
  await using tmp = await folderWithModel();
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = String((taken.addr as Deno.NetAddr).port);
  const cases: readonly [title: string, args: readonly string[], code: number, name: string, part: string][] = [
    ["no such alias", ["--model-uri", "models:/bitcoin-model@champion"], 6, "not-found", "task register"],
    ["no such model", ["--model-uri", "models:/other@production"], 6, "not-found", "task register"],
    ["no such version", ["--model-uri", "models:/bitcoin-model/9"], 6, "not-found", "no version 9"],
    ["a URI of another kind", ["--model-uri", "runs:/x/model"], 3, "config-invalid", "models:/"],
    ["a port in use", ["--port", port], 3, "port-in-use", port],
    ["an address for everyone", ["--host", "0.0.0.0"], 3, "config-invalid", "loopback"],
    ["an impossible port", ["--port", "70000"], 2, "usage", "70000"],
    ["an unknown word", ["verfy-log"], 2, "usage", "verify-log"],
    ["an unknown option", ["--prot", "1"], 2, "usage", "--port"],
    ["an option of the service", ["verify-log", "--port", "99999"], 2, "usage", "verify-log --help"],
    ["a challenger of a replay", ["--challenger", "x", "--replay", "P1D"], 2, "usage", "--replay"],
    ["an alias that cannot be", ["--challenger", "a b", "--model-uri", "models:/none@at"], 2, "usage", "a b"],
    ["a share of nobody", ["--canary-share", "0.5"], 2, "usage", "--challenger"],
    ["a config that is none", ["--config", "mlruns/mlflow.db"], 3, "config-invalid", "no JSON"],
  ];
  for (const [title, args, code, name, part] of cases) {
    await t.step(title, async () => {
      const result = await runCommand("api", tmp.path, ["--json", ...args]);
      assertEquals(result.code, code, result.stderr + result.stdout);
      const { error } = JSON.parse(result.stdout);
      assertEquals(error.code, name);
      assertStringIncludes(`${error.message} ${error.hint}`, part);
    });
  }
  taken.close();
  await t.step("a share of nobody, by the settings", async () => {
    await Deno.writeTextFile(`${tmp.path}/share.json`, JSON.stringify({ challenger: { share: 0.5 } }));
    const { code, stdout } = await runCommand("api", tmp.path, ["--json", "--config", "share.json"]);
    assertEquals([code, JSON.parse(stdout).error.code], [3, "config-invalid"]);
    assertStringIncludes(JSON.parse(stdout).error.hint, "challenger.alias");
  });
  await t.step("verify-log has a help of its own", async () => {
    const { code, stdout } = await runCommand("api", tmp.path, ["verify-log", "--help"]);
    assertEquals(code, 0);
    assertStringIncludes(stdout, "Usage: task api -- verify-log [options]");
    assertEquals(stdout.includes("--port"), false);
  });
  await t.step("MODEL_URI is read", async () => {
    const result = await runCommand("api", tmp.path, ["--json"], { MODEL_URI: "models:/bitcoin-model/7" });
    assertStringIncludes(JSON.parse(result.stdout).error.message, "no version 7");
  });
  await t.step("a port that is not granted", async () => {
    const words = ["--port", "8123", "--json"];
    const { commandWords } = await import("./service_folder.ts");
    const args = commandWords("api", tmp.path, words).filter((word) => !word.startsWith("--allow-net"));
    const { code, stdout } = await new Deno.Command("deno", { args, cwd: tmp.path, stderr: "null" }).output();
    const { error } = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals([code, error.code], [3, "permission-denied"]);
    assertStringIncludes(error.hint, "PORT=8123");
  });
});

Deno.test("api swaps within five seconds of the alias, without a failed request, and refuses a damaged version", async () => {
  await using tmp = await folderWithModel(1);
  await using api = await startApi(tmp.path);
  await using stores = await openStores(tmp.path);
  const seen = new Map<string, number>();
  let stop = false, failed = 0;
  const load = Array.from({ length: 4 }, async () => {
    while (!stop) {
      const response = await predict(api.url);
      const body = await response.json();
      if (response.status !== 200) failed++;
      else seen.set(body.model.version, (seen.get(body.model.version) ?? 0) + 1);
    }
  });
  const waitFor = async (
    check: (
      health: { model: { version: string }; swap: { version: string; outcome: string; reason: string } },
    ) => boolean,
  ) => {
    const from = performance.now();
    while (performance.now() - from < 10_000) {
      if (check((await getJson(`${api.url}/health`)).body)) return performance.now() - from;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("it never came");
  };
  await registerModel(stores, modelFiles(harSpec({ logit: 2 })));
  assert(await waitFor(({ model }) => model.version === "2") < 5000);
  const bad = modelFiles(harSpec({ logit: 3 }));
  bad.set("model.onnx", new Uint8Array(10));
  await registerModel(stores, bad);
  await waitFor(({ model, swap }) => model.version === "2" && swap.version === "3" && swap.outcome === "refused");
  await stores.registry.setAlias("bitcoin-model", "production", "1");
  assert(await waitFor(({ model }) => model.version === "1") < 5000);
  stop = true;
  await Promise.all(load);
  assertEquals(failed, 0);
  assertEquals([...seen.keys()].sort(), ["1", "2"]);
});

Deno.test("a service whose first model is damaged stays up with 503, and serves once it is repaired", async () => {
  await using tmp = await tmpDir();
  await using stores = await openStores(tmp.path);
  const bad = modelFiles(harSpec());
  bad.delete("forecast.json");
  await registerModel(stores, bad);
  await using api = await startApi(tmp.path);
  assertEquals((await getJson(`${api.url}/health`)).status, 503);
  assertEquals((await getJson(`${api.url}/livez`)).status, 200);
  const refused = await predict(api.url);
  assertEquals(refused.status, 503);
  assertStringIncludes((await refused.json()).detail, "forecast.json");
  await registerModel(stores, modelFiles(harSpec()));
  const reloaded = await getJson(`${api.url}/v1/models/reload`, { method: "POST" });
  assertEquals([reloaded.status, reloaded.body.serving.version], [200, "2"]);
  assertEquals((await predict(api.url)).status, 200);
});

Deno.test("a body of 10 MB is 413 at once, sized or chunked, and the service goes on", async () => {
  await using tmp = await folderWithModel();
  await using api = await startApi(tmp.path);
  const big = new Uint8Array(10_000_000).fill(49);
  const headers = { "content-type": "application/json" };
  const chunked = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let i = 0; i < 10; i++) controller.enqueue(big.subarray(0, 1_000_000));
        controller.close();
      },
    });
  for (const body of [big, chunked()]) {
    const from = performance.now();
    const response = await fetch(`${api.url}/predict`, { method: "POST", headers, body });
    assertEquals(response.status, 413);
    assertEquals((await response.json()).status, 413);
    assert(performance.now() - from < 2000);
  }
  assertEquals((await predict(api.url, { features: Array.from({ length: 4096 }, () => plainRow()) })).status, 200);
  assertEquals((await predict(api.url, { features: Array.from({ length: 4097 }, () => [1]) })).status, 413);
});

Deno.test("a request under way when SIGTERM comes is answered", async () => {
  await using tmp = await folderWithModel();
  await using api = await startApi(tmp.path);
  const text = new TextEncoder().encode(JSON.stringify({ features: plainRow() }));
  const { promise: sending, resolve: goOn } = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(text.subarray(0, 30));
      await sending;
      controller.enqueue(text.subarray(30));
      controller.close();
    },
  });
  const pending = fetch(`${api.url}/predict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  api.child.kill("SIGTERM");
  await new Promise((resolve) => setTimeout(resolve, 300));
  goOn();
  const response = await pending;
  const answer = await response.json();
  assertEquals(response.status, 200, JSON.stringify(answer));
  assertEquals(answer.model.version, "1");
  assertEquals((await api.child.status).code, 143);
  const { stdout } = await runCommand("api", tmp.path, ["verify-log", "--json"]);
  assertEquals(JSON.parse(stdout).instances[0].records, 1, "its record was flushed");
});

Deno.test("no header or request line makes the service fail", async () => {
  await using tmp = await folderWithModel();
  await using api = await startApi(tmp.path);
  const { port } = new URL(api.url);
  const raw = async (text: string) => {
    using socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    await socket.write(new TextEncoder().encode(text));
    const buffer = new Uint8Array(65_536);
    const size = await socket.read(buffer);
    return Number(new TextDecoder().decode(buffer.subarray(0, size ?? 0)).slice(9, 12));
  };
  for (const host of [":::", "a b", "[::1", "%zz", "x:99999", ""]) {
    for (
      const line of [
        "GET /nowhere",
        "GET /docs",
        "POST /v1/models/reload",
        "GET /v1/forecast?horizon=15",
        "PUT /health",
      ]
    ) {
      const status = await raw(`${line} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 0\r\n\r\n`);
      assert([200, 400, 403, 404, 405, 503].includes(status), `${line} with host '${host}': ${status}`);
    }
  }
  for (
    const line of ["GET /%zz%ff", "OPTIONS *", "GET //x", "TRACE /livez", "FOO /livez", "GET /v1/forecast?horizon=%zz"]
  ) {
    const status = await raw(`${line} HTTP/1.1\r\nhost: x\r\n\r\n`);
    assert([404, 405, 422].includes(status), `${line}: ${status}`);
  }
  api.child.kill("SIGTERM");
  await api.child.status;
  assert(!(await api.stderr).includes("bug"), await api.stderr);
});
