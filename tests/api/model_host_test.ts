import { assert, assertEquals, assertNotEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { DomainError, TrackingError } from "../../src/core/mod.ts";
import {
  ModelHost,
  type ModelHostOptions,
  type ModelSource,
  parseModelUri,
  type SwapReport,
} from "../../src/api/mod.ts";
import { defaultFeatureEngine, featureEngines, loadForecastModel, windowFeatureEngine } from "../../src/ml/mod.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { harSpec, memoryStores, modelFiles, registerModel } from "./model_fixture.ts";
import { buildService, plainRow, startService } from "./service_fixture.ts";

const URI = "models:/bitcoin-model@production";

function hostOver(registry: ModelSource, uri = URI, options: Partial<ModelHostOptions> = {}) {
  const clock = new ManualClock(Date.UTC(2024, 0, 1));
  const swaps: SwapReport[] = [];
  const states: (Error | undefined)[] = [];
  const host = new ModelHost(
    parseModelUri(uri),
    { source: registry, load: loadForecastModel, features: featureEngines(), clock },
    {
      maxRows: 4096,
      pollMs: 2000,
      retryRefusedMs: 10_000,
      onSwap: (report) => swaps.push(report),
      onRegistryState: (error) => states.push(error),
      ...options,
    },
  );
  return { host, clock, swaps, states };
}

/** Files with one byte of the model's ONNX graph changed. */
function damaged(): Map<string, Uint8Array> {
  const files = modelFiles(harSpec());
  const onnx = files.get("model.onnx")!.slice();
  onnx[onnx.length >> 1]! ^= 1;
  return files.set("model.onnx", onnx);
}

Deno.test(
  "parseModelUri() reads alias, version and latest, and refuses what it does not know",
  { permissions: "none" },
  () => {
    assertEquals(parseModelUri("models:/bitcoin-model@production").by, { kind: "alias", alias: "production" });
    assertEquals(parseModelUri("models:/bitcoin-model/12").by, { kind: "version", version: "12" });
    assertEquals(parseModelUri("models:/bitcoin-model/latest").by, { kind: "latest" });
    assertEquals(parseModelUri("models:///x@y").name, "x");
    for (
      const uri of [
        "",
        "bitcoin-model",
        "models:/",
        "models:/x",
        "models:/x/0",
        "models:/x/y",
        "models:/x@",
        "models:/a/b@c",
        "runs:/abc/model",
      ]
    ) {
      assertEquals(assertThrows(() => parseModelUri(uri), DomainError, "URI").code, "config-invalid", uri);
    }
  },
);

Deno.test("ModelHost.start() is not-found where alias, version or model do not exist", async () => {
  const { registry, tracker } = memoryStores();
  for (const uri of [URI, "models:/bitcoin-model/1", "models:/bitcoin-model/latest"]) {
    const error = await assertRejects(() => hostOver(registry, uri).host.start(), DomainError, uri);
    assertEquals(error.code, "not-found");
    assertStringIncludes(error.hint ?? "", "task register");
  }
  await registerModel({ registry, tracker }, modelFiles(harSpec()), { alias: "other" });
  await assertRejects(() => hostOver(registry).host.start(), DomainError, "has the alias 'production'");
  await assertRejects(() => hostOver(registry, "models:/bitcoin-model/2").host.start(), DomainError, "no version 2");
  for (const uri of ["models:/bitcoin-model@other", "models:/bitcoin-model/1", "models:/bitcoin-model/latest"]) {
    const { host } = hostOver(registry, uri);
    await host.start();
    assertEquals([host.current?.served.version, host.current?.served.alias], ["1", uri.includes("@") ? "other" : null]);
  }
});

Deno.test("ModelHost.check() follows the alias and keeps the previous model for a rollback", async () => {
  const stores = memoryStores();
  await registerModel(stores, modelFiles(harSpec({ logit: 1 })));
  const { host, swaps } = hostOver(stores.registry);
  await host.start();
  const first = host.current!;
  await registerModel(stores, modelFiles(harSpec({ logit: 2 })));
  await host.check();
  assertEquals([host.current?.served.version, host.previous], ["2", first]);
  assert(host.current!.digest !== first.digest);
  let reads = 0;
  const { readModelFile } = stores.registry;
  stores.registry.readModelFile = (...args) => (reads++, readModelFile.apply(stores.registry, args));
  await stores.registry.setAlias("bitcoin-model", "production", "1");
  await host.check();
  assertEquals([host.current, reads], [first, 0]);
  assertEquals(swaps.map(({ version, outcome }) => `${version} ${outcome}`), ["1 loaded", "2 loaded", "1 loaded"]);
});

Deno.test("ModelHost.check() asks nothing while the registry has not changed", async () => {
  const stores = memoryStores();
  await registerModel(stores, modelFiles(harSpec()));
  const { host } = hostOver(stores.registry);
  await host.start();
  let asked = 0;
  const { getVersionByAlias } = stores.registry;
  stores.registry.getVersionByAlias = (...args) => (asked++, getVersionByAlias.apply(stores.registry, args));
  await host.check();
  await host.check();
  assertEquals(asked, 0);
  await host.check({ force: true });
  assertEquals(asked, 1);
});

Deno.test("ModelHost.watch() notices a moved alias within two polls of two seconds", async () => {
  const stores = memoryStores();
  await registerModel(stores, modelFiles(harSpec()));
  const { host, clock } = hostOver(stores.registry);
  await host.start();
  const stop = new AbortController();
  const watching = host.watch(stop.signal);
  await registerModel(stores, modelFiles(harSpec({ logit: 3 })));
  await clock.advance(2000);
  await host.check();
  assertEquals(host.current?.served.version, "2");
  stop.abort();
  await watching;
});

Deno.test("ModelHost refuses a damaged version, keeps the old one, and tries again only once it changed", async () => {
  const stores = memoryStores();
  await registerModel(stores, modelFiles(harSpec()));
  const { host, clock, swaps } = hostOver(stores.registry);
  await host.start();
  const bad = await registerModel(stores, damaged());
  await host.check();
  assertEquals(host.current?.served.version, "1");
  assertEquals([host.swap?.version, host.swap?.outcome], ["2", "refused"]);
  assertStringIncludes(host.swap?.reason ?? "", "model.onnx");

  let loads = 0;
  const { readModelFile } = stores.registry;
  stores.registry.readModelFile = (...args) => (loads++, readModelFile.apply(stores.registry, args));
  await host.check();
  assertEquals(loads, 0, "within the pause nothing is read");
  await clock.advance(10_000);
  await host.check();
  assert(loads > 0);
  assertEquals(swaps.length, 2, "the same files are not reported twice");

  await stores.tracker.writeArtifact({ modelId: bad.modelId }, "model.onnx", modelFiles(harSpec()).get("model.onnx")!);
  await clock.advance(10_000);
  await host.check();
  assertEquals([host.current?.served.version, host.swap?.outcome], ["2", "loaded"]);
});

Deno.test("ModelHost names the features that differ", async () => {
  const engine = defaultFeatureEngine();
  const stores = memoryStores();
  await registerModel(stores, modelFiles(harSpec()));
  const { host } = hostOver(stores.registry);
  await host.start();
  const names = engine.names.map((name) => name === "volume_z_60" ? "volume_z_90" : name);
  await registerModel(
    stores,
    modelFiles(harSpec({ engine: { ...engine, names, digest: "1".repeat(64), nullable: engine.nullable } })),
  );
  await host.check();
  assertStringIncludes(host.swap?.reason ?? "", "unknown here: volume_z_90; not in the model: volume_z_60");
  await registerModel(
    stores,
    modelFiles(harSpec({ engine: { names: engine.names, nullable: engine.nullable, digest: "2".repeat(64) } })),
  );
  await host.check();
  assertStringIncludes(host.swap?.reason ?? "", "definition version differs");
  const swapped = engine.names.with(0, engine.names[1]!).with(1, engine.names[0]!);
  await registerModel(
    stores,
    modelFiles(harSpec({ engine: { ...engine, names: swapped, digest: engine.digest, nullable: engine.nullable } })),
  );
  await host.check();
  assertStringIncludes(host.swap?.reason ?? "", "in another place: return_5, return_1");
  const window = windowFeatureEngine();
  await registerModel(
    stores,
    modelFiles(
      harSpec({ engine: { ...window, names: window.names, nullable: window.nullable, digest: "3".repeat(64) } }),
    ),
  );
  await host.check();
  assertStringIncludes(host.swap?.reason ?? "", "('window'): the names are the same");
  assertEquals(host.current?.served.version, "1");
});

Deno.test("ModelHost serves on while the registry cannot be asked or the alias is gone", async () => {
  const stores = memoryStores();
  await registerModel(stores, modelFiles(harSpec()));
  const { host, states, swaps } = hostOver(stores.registry);
  await host.start();
  const { changeCounter } = stores.registry;
  stores.registry.changeCounter = () => Promise.reject(new TrackingError("TEMPORARILY_UNAVAILABLE", "Cannot reach it"));
  await host.check();
  await host.check();
  assertEquals([host.current?.served.version, host.registryError?.message], ["1", "Cannot reach it"]);
  stores.registry.changeCounter = changeCounter;
  await host.check();
  assertEquals(states.map((state) => state?.message), ["Cannot reach it", undefined]);
  await stores.registry.deleteAlias("bitcoin-model", "production");
  await host.check();
  await host.check({ force: true });
  assertEquals([host.current?.served.version, host.target], ["1", undefined]);
  assertEquals(swaps.map(({ version, outcome }) => [version, outcome]), [["1", "loaded"], [null, "refused"]]);
});

Deno.test("an alias that moves to another horizon is followed with a warning, back again too, and a like one without", async () => {
  const fixture = await startService();
  const { ask, registry, swaps } = fixture;
  const moveTo = async (version: string) => {
    await registry.setAlias("bitcoin-model", "production", version);
    const response = await ask("/v1/models/reload", { method: "POST" });
    await response.body?.cancel();
    const { swap, model } = await (await ask("/health")).json();
    return [model.version, model.horizonMinutes, swap.outcome, swap.reason, swap.warning];
  };
  const { version: hour } = await registerModel(fixture, modelFiles(harSpec({ horizonMinutes: 60 })));
  const { version: like } = await registerModel(fixture, modelFiles(harSpec({ horizonMinutes: 60, logit: 1 })));
  const warning = "It forecasts 60 minutes ahead, version 1 before it 15";
  assertEquals(await moveTo(hour), [hour, 60, "loaded", null, warning]);
  assertEquals(await moveTo(like), [like, 60, "loaded", null, null]);
  assertEquals(await moveTo("1"), ["1", 15, "loaded", null, "It forecasts 15 minutes ahead, version 3 before it 60"]);
  assertEquals(swaps.map(({ warning }) => warning !== null), [false, true, false, true]);
  assertStringIncludes(await (await ask("/metrics")).text(), `version="1",alias="production"`);
});

Deno.test("a model whose folder the service may not read is refused with the grant that lets it", async () => {
  const fixture = await buildService();
  const folder = "/data/models/m-1/artifacts";
  fixture.registry.listModelFiles = () =>
    Promise.reject(
      new Deno.errors.NotCapable(`Requires read access to "${folder}", run again with the --allow-read flag`),
    );
  await fixture.service.start();
  const said = async (path: string) => {
    const response = await fixture.ask(path);
    return [response.status, await response.text()] as const;
  };
  for (const path of ["/health", "/readyz", "/v1/forecast", "/v1/models"]) {
    const [status, text] = await said(path);
    assertEquals(status, path === "/v1/models" ? 200 : 503);
    assertStringIncludes(text, `'${folder}' lies outside of what this task may read`, path);
    assertStringIncludes(text, `task api READ=${folder}`, path);
    assert(!text.includes("--allow-read"), text);
  }
  assertStringIncludes(fixture.swaps[0]?.reason ?? "", `task api READ=${folder}`);
});

Deno.test("a service whose first model is damaged says so with 503 and picks up a repaired one", async () => {
  const fixture = await startService({ files: damaged() });
  const { ask, post } = fixture;
  const health = await ask("/health");
  assertEquals(health.status, 503);
  const body = await health.json();
  assertEquals([body.status, body.model, body.swap.outcome], ["unavailable", null, "refused"]);
  assertStringIncludes(body.reasons[0], "model.onnx");
  for (const path of ["/readyz", "/ping", "/v1/forecast"]) {
    const response = await ask(path);
    assertEquals([path, response.status], [path, 503]);
    await response.body?.cancel();
  }
  for (
    const [path, member] of [["/predict", "features"], ["/v1/predict", "instances"], [
      "/invocations",
      "inputs",
    ]] as const
  ) {
    const response = await post(path, { [member]: [plainRow()] });
    assertEquals([path, response.status], [path, 503]);
    assertStringIncludes((await response.json()).detail, "model.onnx");
  }
  for (const path of ["/livez", "/metrics", "/openapi.json", "/docs", "/v1/models", "/version"]) {
    const response = await ask(path);
    assertEquals([path, response.status], [path, 200]);
    await response.body?.cancel();
  }
  await registerModel(fixture, modelFiles(harSpec()));
  const reloaded = await ask("/v1/models/reload", { method: "POST" });
  assertEquals((await reloaded.json()).serving.version, "2");
  assertEquals((await post("/predict", { features: plainRow() })).status, 200);
});

Deno.test("a request keeps the model that it started with while the alias moves", async () => {
  const fixture = await startService({ logit: 1 });
  const { registry } = fixture;
  // The body comes in two parts, with the swap between them.
  const parts = new TransformStream<Uint8Array>();
  const writer = parts.writable.getWriter();
  const text = new TextEncoder().encode(JSON.stringify({ features: plainRow() }));
  const pending = fixture.ask("/predict", {
    method: "POST",
    body: parts.readable,
    headers: { "content-type": "application/json" },
  });
  await writer.write(text.subarray(0, 20));
  await registerModel(fixture, modelFiles(harSpec({ logit: 2 })));
  await fixture.service.host.check();
  assertEquals(fixture.service.host.current?.served.version, "2");
  await writer.write(text.subarray(20));
  await writer.close();
  assertEquals((await (await pending).json()).model.version, "1");
  assertEquals((await (await fixture.post("/predict", { features: plainRow() })).json()).model.version, "2");
  assertEquals((await registry.getVersionByAlias("bitcoin-model", "production"))?.version, "2");
});

Deno.test("ModelHost takes the version of the same number in another registry, as it is another run's", async () => {
  const before = memoryStores(), after = memoryStores();
  await registerModel(before, modelFiles(harSpec()));
  await registerModel(after, modelFiles(harSpec({ logit: 3 })));
  let registry = before.registry, count = 0;
  const source: ModelSource = {
    getVersionByAlias: (...args) => registry.getVersionByAlias(...args),
    getModelVersion: (...args) => registry.getModelVersion(...args),
    searchModelVersions: (...args) => registry.searchModelVersions(...args),
    listModelFiles: (...args) => registry.listModelFiles(...args),
    readModelFile: (...args) => registry.readModelFile(...args),
    changeCounter: () => Promise.resolve(count++),
  };
  const { host, swaps } = hostOver(source);
  await host.start();
  const { runId, version } = host.current!.served;
  await host.check();
  assertEquals(swaps.length, 1, "the same run is no other version");
  registry = after.registry;
  await host.check();
  assertEquals(swaps.map((swap) => [swap.version, swap.outcome]), [[version, "loaded"], [version, "loaded"]]);
  assertNotEquals(host.current!.served.runId, runId);
  assertEquals(host.previous!.served.runId, runId);
});
