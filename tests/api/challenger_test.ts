import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DomainError, MINUTE_MS, type ModelFiles, seededRandom, sliceCandles } from "../../src/core/mod.ts";
import { type ChallengerModel, type LoadChallenger, PredictionLog } from "../../src/api/mod.ts";
import { isInShare } from "../../src/api/challenger/canary_key.ts";
import type { Challenger } from "../../src/api/challenger/challenger.ts";
import { logFiles, verifyLog } from "../../src/api/log/verify_log.ts";
import { ANSWER_SCHEMAS } from "../../src/api/openapi/schemas.ts";
import { loadChallengerModel } from "../../src/cli/challenger_model.ts";
import { type ApiConfig, defaultApiConfig } from "../../src/config/api_config.ts";
import { featureEngines, loadForecastModel } from "../../src/ml/mod.ts";
import { parseLine } from "../../src/monitoring/read_log.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { randomCandles } from "../ml/candles.ts";
import { harSpec, modelFiles, registerModel } from "./model_fixture.ts";
import { type FixtureOptions, plainRow, startService } from "./service_fixture.ts";

const KEY = new Uint8Array(32).fill(7);

/** Loads a model on this thread, with another way to predict where given. */
function loader(predict?: ChallengerModel["predict"]): LoadChallenger & { readonly disposed: string[] } {
  const disposed: string[] = [];
  const load = async (files: ModelFiles): Promise<ChallengerModel> => {
    const model = await loadForecastModel(files);
    return {
      info: model.info,
      predict: predict ?? ((rows, count) => Promise.resolve(model.predict(rows, count))),
      [Symbol.dispose]: () => disposed.push(model.info.family),
    };
  };
  return Object.assign(load, { disposed });
}

interface TrialOptions extends FixtureOptions {
  readonly challenger?: Partial<ApiConfig["challenger"]>;
  /** Files of the challenger. @default a model of logit 0.5 */
  readonly challengerFiles?: ReadonlyMap<string, Uint8Array>;
}

/** A service with version 1 serving and version 2 at the alias `challenger`, loaded. */
async function trial(options: TrialOptions = {}) {
  const { challenger, challengerFiles = modelFiles(harSpec({ logit: 0.5 })), ...rest } = options;
  const defaults = defaultApiConfig();
  const fixture = await startService({
    loadChallenger: loader(),
    ...rest,
    config: {
      challenger: { ...defaults.challenger, alias: "challenger", timeoutMilliseconds: 30, ...challenger },
      ...rest.config,
    },
  });
  await registerModel(fixture, challengerFiles, { alias: "challenger" });
  await fixture.service.challenger!.check();
  const health = async () => ANSWER_SCHEMAS.Health.parse(await (await fixture.ask("/health")).json()).challenger!;
  const predict = async (key: string) => {
    const response = await fixture.post("/predict", { features: plainRow() }, { "x-canary-key": key });
    return { status: response.status, version: (await response.json()).model?.version };
  };
  const metrics = async () => await (await fixture.ask("/metrics")).text();
  return { ...fixture, health, predict, metrics };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("a shadow is asked what the champion answered, and is logged apart from it, in a chain that verifies", async () => {
  await using tmp = await tmpDir();
  const logClock = new ManualClock(Date.UTC(2024, 4, 31));
  const walk = randomCandles(2 * 1440 + 2), ending = new AbortController();
  {
    await using log = await PredictionLog.open({
      ...{ directory: tmp.path, key: KEY, clock: logClock, flushMs: 20, maxFileBytes: 1e6, instance: "one" },
    });
    const { service, post, feed, clock, metrics } = await trial({ log, candles: sliceCandles(walk, 0, 2 * 1440) });
    const response = await post("/predict", { features: [plainRow(1), plainRow(2)] }, { "x-request-id": "p-1" });
    assertEquals((await response.json()).model.version, "1");
    await settle();
    const watching = service.watch(ending.signal);
    await settle();
    feed.put(sliceCandles(walk, 0, 2 * 1440 + 1));
    await clock.advance(MINUTE_MS);
    await settle();
    const text = await metrics();
    assertStringIncludes(text, `bitcoin_ml_challenger_calls_total{kind="shadow",outcome="ok"} 1`);
    assertStringIncludes(text, `bitcoin_ml_challenger_calls_total{kind="minute",outcome="ok"} 2`);
    assertStringIncludes(text, `bitcoin_ml_skill_open_minutes{version="2",role="challenger"} 2`);
    ending.abort();
    await watching;
  }
  const [file] = await logFiles(`${tmp.path}/one`);
  const lines = (await Deno.readTextFile(`${tmp.path}/one/${file}`)).trim().split("\n");
  const records = lines.map((line) => JSON.parse(line));
  assertEquals(records.map(({ kind, version, role, requestId }) => [kind, version, role, requestId]), [
    ["predict", "1", undefined, "p-1"],
    ["predict", "2", "shadow", "p-1"],
    ["forecast", "1", undefined, null],
    ["forecast", "2", "shadow", null],
    ["forecast", "1", undefined, null],
    ["forecast", "2", "shadow", null],
  ]);
  assertEquals(records[0].featuresSha256, records[1].featuresSha256, "the same inputs");
  assert(records[0].outputs !== records[1].outputs);
  const forecasts = lines.map((line) => parseLine(line)).flatMap((line) =>
    line?.kind === "forecast" ? [line.forecast] : []
  );
  assertEquals(forecasts.map(({ version }) => version), ["1", "2", "1", "2"], "monitor reads them as versions");
  assertEquals(
    (await verifyLog(tmp.path, { key: KEY, anchors: new Map() })).map(({ problem, records }) => [problem, records]),
    [[null, 6]],
  );
});

Deno.test("a share of the requests is answered by the challenger, by key, on every route; the answer says by whom", async () => {
  const { predict, ask, post, health } = await trial({ challenger: { share: 0.3 } });
  assertEquals([(await health()).state, (await health()).share], ["running", 0.3]);
  const keys = Array.from({ length: 60 }, (_, i) => `client-${i}`);
  for (const key of keys) {
    const wanted = { status: 200, version: isInShare(key, 0.3) ? "2" : "1" };
    assertEquals([await predict(key), await predict(key)], [wanted, wanted], key);
  }
  const inside = keys.find((key) => isInShare(key, 0.3))!, outside = keys.find((key) => !isInShare(key, 0.3))!;
  for (const [key, version] of [[inside, "2"], [outside, "1"]] as const) {
    const headers = { "x-canary-key": key };
    assertEquals((await (await ask("/v1/forecast", { headers })).json()).model.version, version);
    const scored = await post("/invocations", { inputs: [plainRow()] }, headers);
    assertEquals(scored.headers.get("x-model-version"), version);
    await scored.body?.cancel();
    const byId = await post("/predict", { features: plainRow() }, { "x-request-id": key });
    assertEquals((await byId.json()).model, await modelOf(version, ask));
    const malformed = { "x-request-id": key, "x-canary-key": "no key at all" };
    assertEquals((await (await ask("/v1/forecast", { headers: malformed })).json()).model.version, version);
  }
});

async function modelOf(version: string, ask: (path: string) => Promise<Response>) {
  const { model, challenger } = await (await ask("/health")).json();
  return version === "1" ? model : challenger.model;
}

Deno.test("a challenger that throws costs no answer, is stopped, and says so on /health, in metrics and to the operator", async () => {
  const failing = loader(() => Promise.reject(new Error("boom")));
  const { predict, health, metrics, stops, failures, service } = await trial({
    loadChallenger: failing,
    challenger: { share: 1 },
  });
  for (let i = 0; i < 25; i++) assertEquals(await predict(`k-${i}`), { status: 200, version: "1" });
  const { state, stopped } = await health();
  assertEquals([state, stopped?.version, stopped?.reason], ["stopped", "2", "errors"]);
  assertStringIncludes(stopped!.detail, "20 of its last 20 calls failed");
  assertEquals([stops.length, stops[0]!.detail, failures.length], [1, stopped!.detail, 0]);
  const text = await metrics();
  assertStringIncludes(text, `bitcoin_ml_challenger_stopped{reason="errors"} 1`);
  assertStringIncludes(text, `bitcoin_ml_challenger_calls_total{kind="canary",outcome="failed"} 20`);
  assertEquals(failing.disposed.length, 1);
  await service.challenger!.check();
  assertEquals(service.challenger!.state, "stopped", "the same version stays stopped");
});

Deno.test("another version at the alias is tried anew after a stop, and one that stays behind is let go", async () => {
  let isBroken = true;
  const disposed: number[] = [];
  let loads = 0;
  const load: LoadChallenger = async (files) => {
    const model = await loadForecastModel(files), number = ++loads;
    return {
      info: model.info,
      predict: (rows, count) =>
        isBroken ? Promise.reject(new Error("boom")) : Promise.resolve(model.predict(rows, count)),
      [Symbol.dispose]: () => disposed.push(number),
    };
  };
  const fixture = await trial({ loadChallenger: load, challenger: { share: 1 } });
  for (let i = 0; i < 20; i++) await fixture.predict(`k-${i}`);
  assertEquals(fixture.service.challenger!.state, "stopped");
  isBroken = false;
  await registerModel(fixture, modelFiles(harSpec({ logit: 0.7 })), { alias: "challenger" });
  await fixture.service.challenger!.check();
  assertEquals([(await fixture.health()).state, await fixture.predict("k")], ["running", {
    status: 200,
    version: "3",
  }]);
  assertEquals(disposed, [1, 1], "stopped, and dropped");
});

Deno.test("a challenger that never answers delays one request by the timeout, and none after it", async () => {
  const { predict, health, metrics } = await trial({
    loadChallenger: loader(() => new Promise(() => {})),
    challenger: { share: 1, timeoutMilliseconds: 40 },
  });
  const startedMs = performance.now();
  for (let i = 0; i < 25; i++) assertEquals(await predict(`k-${i}`), { status: 200, version: "1" });
  const tookMs = performance.now() - startedMs;
  assert(tookMs > 35 && tookMs < 25 * 40, `25 requests took ${tookMs} ms`);
  assertEquals((await health()).stopped?.reason, "errors");
  const text = await metrics();
  assertStringIncludes(text, `{kind="canary",outcome="timeout"} 1`);
  assertStringIncludes(text, `{kind="canary",outcome="hung"} 19`);
});

Deno.test("a challenger whose answers are too few or not finite answers nobody", async () => {
  for (
    const [predict, outcome] of [
      [(_: Float32Array, count: number) => count + 1, "failed"],
      [(_: Float32Array, count: number) => count, "not-finite"],
    ] as const
  ) {
    const { predict: ask, metrics } = await trial({
      loadChallenger: loader((rows, count) => {
        const length = predict(rows, count);
        const filled = new Float32Array(length).fill(NaN);
        return Promise.resolve({
          length,
          probabilityUp: filled,
          volatilityBps: filled,
          quantilesBps: new Float32Array(9 * length),
        });
      }),
      challenger: { share: 1 },
    });
    assertEquals(await ask("k"), { status: 200, version: "1" });
    assertStringIncludes(await metrics(), `{kind="canary",outcome="${outcome}"} 1`);
  }
});

Deno.test("a challenger of other features answers from its own where they are computed here, and else is refused", async () => {
  const other = featureEngines().find(({ digest }) => digest !== harSpec().featureSetDigest)!;
  const { ask, predict, health } = await trial({
    challenger: { share: 1 },
    challengerFiles: modelFiles({ ...harSpec({ engine: other, logit: 0.5 }) }),
  });
  assertEquals(await predict("k"), { status: 200, version: "1" }, "rows in the champion's features are the champion's");
  assertEquals((await (await ask("/v1/forecast")).json()).model.version, "2");
  assertEquals((await health()).state, "running");

  const unknown = await trial({
    challenger: { share: 1 },
    challengerFiles: modelFiles(harSpec({ engine: { ...other, digest: "0".repeat(64) } })),
  });
  assertEquals(await unknown.predict("k"), { status: 200, version: "1" });
  const told = await unknown.health();
  assertEquals([told.state, told.model, told.swap?.outcome], ["refused", null, "refused"]);
  assertEquals(unknown.challengerSwaps.at(-1)?.outcome, "refused");
  assertEquals(unknown.swaps.length, 1, "the champion's swaps are its own");

  const horizon = await trial({
    challenger: { share: 1 },
    challengerFiles: modelFiles(harSpec({ horizonMinutes: 60 })),
  });
  assertEquals([await horizon.predict("k"), (await horizon.health()).state], [
    { status: 200, version: "1" },
    "other-horizon",
  ]);
});

Deno.test("a challenger that vanishes or becomes the champion is not asked, and its files may be gone or damaged", async () => {
  const fixture = await trial({ challenger: { share: 1 } });
  const { predict, registry, service, health } = fixture;
  assertEquals((await predict("k")).version, "2");
  await registry.deleteAlias("bitcoin-model", "challenger");
  await service.challenger!.check();
  assertEquals([(await predict("k")).version, (await health()).state], ["1", "absent"]);
  await registry.setAlias("bitcoin-model", "challenger", "2");
  await service.challenger!.check();
  assertEquals((await predict("k")).version, "2");
  const bad = modelFiles(harSpec());
  bad.delete("forecast.json");
  await registerModel(fixture, bad, { alias: "challenger" });
  await service.challenger!.check();
  assertEquals([(await predict("k")).version, (await health()).state], ["1", "refused"]);
  await registry.setAlias("bitcoin-model", "challenger", "1");
  await service.challenger!.check();
  assertEquals([(await predict("k")).version, (await health()).state], ["1", "same-version"]);
});

Deno.test("a service whose challenger was never registered starts and serves", async () => {
  const defaults = defaultApiConfig();
  const { ask, service } = await startService({
    loadChallenger: loader(),
    config: { challenger: { ...defaults.challenger, alias: "nobody", share: 1 } },
  });
  await service.challenger!.check();
  assertEquals((await ask("/v1/forecast")).status, 200);
  assertEquals(service.challenger!.state, "absent");
});

Deno.test("no more is asked beside answers than a second allows", async () => {
  let calls = 0;
  const { predict, clock } = await trial({
    loadChallenger: loader((_, count) => {
      calls++;
      return Promise.reject(new Error(String(count)));
    }),
    challenger: { shadowPerSecond: 4, stop: { maxErrorShare: 0.5, minCalls: 200 } },
  });
  for (let i = 0; i < 20; i++) await predict(`k-${i}`);
  await settle();
  assertEquals(calls, 4);
  await clock.advance(1000);
  for (let i = 0; i < 20; i++) await predict(`k-${i}`);
  await settle();
  assertEquals(calls, 8);
});

/** Minutes of both versions, scored; the challenger's losses are the champion's plus `worse` and noise. */
function minutesOf(hours: number, worse: number, seed: number) {
  const random = seededRandom(seed);
  return Array.from({ length: hours * 60 }, (_, i) => {
    const of = (version: string, logLoss: number, qlike: number) => ({
      model: { name: "bitcoin-model", version, alias: null, runId: "", horizonMinutes: 15 },
      decisionTimeMs: i * MINUTE_MS,
      logLoss,
      qlike,
      isCovered: true,
    });
    const logLoss = Math.LN2 + 0.05 * random.normal(), qlike = 0.5 + 0.1 * random.normal() ** 2;
    return [of("1", logLoss, qlike), of("2", logLoss + 0.05 * random.normal(), qlike + worse + random.normal())];
  });
}

Deno.test("worse skill stops a challenger once it is sure; noise of the same size does not", async () => {
  const noisy = await trial({ challenger: { share: 1 } });
  for (const pair of minutesOf(24 * 20, 0, 5)) (noisy.service.challenger as Challenger).scored(pair);
  assertEquals([(await noisy.health()).state, noisy.stops.length], ["running", 0]);

  const worse = await trial({ challenger: { share: 1 } });
  let minutes = 0;
  for (const pair of minutesOf(24 * 20, 0.2, 5)) {
    (worse.service.challenger as Challenger).scored(pair);
    if (worse.stops.length === 0) minutes++;
  }
  const { state, stopped, lossDifference } = await worse.health();
  assertEquals([state, stopped?.reason, stopped?.version], ["stopped", "skill", "2"]);
  assertStringIncludes(stopped!.detail, "QLIKE");
  assert(minutes >= 12 * 60 && minutes < 3 * 1440, `stopped after ${minutes} minutes`);
  assert(lossDifference.find(({ loss }) => loss === "qlike")!.low! > 0);
  assertEquals((await worse.predict("k")).version, "1");
  assertStringIncludes(await worse.metrics(), `bitcoin_ml_challenger_stopped{reason="skill"} 1`);
  assertStringIncludes(await worse.metrics(), `bitcoin_ml_challenger_loss_difference{loss="qlike",bound="low"}`);
});

Deno.test("loadChallengerModel() answers from a Worker as the model does here, and refuses what does not prove itself", async () => {
  const files = modelFiles(harSpec({ logit: 0.5 }));
  using challenger = await loadChallengerModel(files);
  const here = await loadForecastModel(files);
  assertEquals(challenger.info, here.info);
  const rows = Float32Array.from([...plainRow(1), ...plainRow(2)]);
  assertEquals(await challenger.predict(rows, 2), here.predict(rows, 2));
  await assertRejects(() => challenger.predict(rows, 3), Error, "3 rows");
  assertEquals((await challenger.predict(rows, 2)).length, 2, "it goes on after an error");
  const bad = new Map(files);
  bad.set("forecast.json", new TextEncoder().encode("{"));
  const error = await assertRejects(() => loadChallengerModel(bad), DomainError);
  assertEquals(error.code, "model-invalid");
});

Deno.test("a challenger that computes for ever, or kills its Worker, takes nothing of the thread that answers", async () => {
  for (const [way, reason] of [["spin", "errors"], ["die", "errors"]] as const) {
    const workerModule = new URL(`./broken_challenger_worker.ts?${way}`, import.meta.url);
    const { predict, health, service } = await trial({
      loadChallenger: (files) => loadChallengerModel(files, { workerModule }),
      challenger: { share: 1, timeoutMilliseconds: 50 },
    });
    let lagMs = 0, lastMs = performance.now();
    const watch = setInterval(() => {
      lagMs = Math.max(lagMs, performance.now() - lastMs - 10);
      lastMs = performance.now();
    }, 10);
    for (let i = 0; i < 22; i++) assertEquals(await predict(`k-${i}`), { status: 200, version: "1" }, way);
    clearInterval(watch);
    // A model that computed for ever on this thread would stop it for good.
    assert(lagMs < 2000, `the thread stood still for ${lagMs} ms`);
    assertEquals((await health()).stopped?.reason, reason, way);
    assertEquals(service.challenger!.state, "stopped");
  }
});

Deno.test("a challenger that does not come to an end of loading is refused", async () => {
  const workerModule = new URL("./broken_challenger_worker.ts?stall", import.meta.url);
  await assertRejects(
    () => loadChallengerModel(modelFiles(harSpec()), { workerModule, loadMs: 100 }),
    DomainError,
    "longer than 100 ms",
  );
});
