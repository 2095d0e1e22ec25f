import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { concatCandles, DomainError, MINUTE_MS, sliceCandles, toIso } from "../../src/core/mod.ts";
import { defaultApiConfig } from "../../src/config/api_config.ts";
import { encodeMlModel } from "../../src/MLOps/mod.ts";
import { defaultFeatureEngine, windowFeatureEngine } from "../../src/ml/mod.ts";
import { encodeModelFiles } from "../../src/ml/models/model_files.ts";
import { SpecForecastModel } from "../../src/ml/models/spec_forecast_model.ts";
import { randomCandles } from "../ml/candles.ts";
import { randomNetworkModel, sampleDataset } from "../ml/models/sample_models.ts";
import { harSpec, modelFiles, registerModel } from "./model_fixture.ts";
import { startService } from "./service_fixture.ts";

const WALK = randomCandles(3 * 1440);

Deno.test("GET /v1/forecast equals the model on the engine's newest row", async () => {
  const { ask } = await startService({ candles: WALK, ageSeconds: 42 });
  const response = await ask("/v1/forecast?horizon=15");
  assertEquals(response.status, 200);
  const body = await response.json();
  const endMs = WALK.openTimeMs[WALK.length - 1]! + MINUTE_MS;
  const matrix = defaultFeatureEngine().compute(WALK, { fromMs: endMs });
  assertEquals([matrix.length, matrix.decisionTimeMs[0]], [1, endMs]);
  const expected = new SpecForecastModel(harSpec()).predict(
    Float32Array.from(matrix.columns, (column) => column[0]!),
    1,
  );
  assertEquals(body.volatilityBps, expected.volatilityBps[0]);
  assertEquals(body.probabilityUp, expected.probabilityUp[0]);
  assertEquals(Object.values(body.quantilesBps), Array.from(expected.quantilesBps));
  assertEquals(body.asOf, toIso(endMs));
  assertEquals(body.endsAt, toIso(endMs + 15 * MINUTE_MS));
  assertEquals(body.candle.openTime, toIso(endMs - MINUTE_MS));
  assertEquals(body.candle.close, WALK.close[WALK.length - 1]);
  assertEquals(body.data, { asOf: toIso(endMs), ageSeconds: 42, stale: false });
  assertEquals([body.horizonMinutes, body.model.version], [15, "1"]);
});

Deno.test("GET /v1/forecast computes each model's own features, also after a swap to one that reads windows", async () => {
  const { ask, clock, tracker, registry, service } = await startService({ candles: WALK });
  const gru = randomNetworkModel(sampleDataset(), { family: "gru" });
  const golden = new Float32Array(gru.info.featureNames.length).map((_, i) => 1 + (i % 7) / 3);
  const identity = { modelId: "m", runId: "r", artifactUri: "memory:/m", createdAtMs: 0, metadata: {} };
  await registerModel({ tracker, registry }, encodeModelFiles(gru, golden, identity, encodeMlModel));
  const before = await (await ask("/v1/forecast")).json();
  await clock.advance(60_000);
  await service.host.check();
  const after = await (await ask("/v1/forecast")).json();
  assertEquals([before.model.version, after.model.version, after.asOf], ["1", "2", before.asOf]);
  const endMs = WALK.openTimeMs[WALK.length - 1]! + MINUTE_MS;
  const matrix = windowFeatureEngine().compute(WALK, { fromMs: endMs });
  const row = Float32Array.from(matrix.columns, (column) => column[0]!);
  const expected = gru.predict(row, 1);
  assertEquals([after.volatilityBps, after.probabilityUp], [expected.volatilityBps[0], expected.probabilityUp[0]]);
  const predicted = await ask("/predict", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ features: Array.from(row, (value) => Number.isNaN(value) ? null : value) }),
  });
  assertEquals((await predicted.json()).predictions[0].volatilityBps, expected.volatilityBps[0]);
});

Deno.test("GET /v1/forecast follows new candles and opens the store only when it changed", async () => {
  const { ask, feed, clock } = await startService({ candles: sliceCandles(WALK, 0, 4000) });
  const first = await (await ask("/v1/forecast")).json();
  await clock.advance(5000);
  await (await ask("/v1/forecast")).body?.cancel();
  assertEquals(feed.reads, 1);
  feed.put(sliceCandles(WALK, 0, 4001));
  await clock.advance(1000);
  const second = await (await ask("/v1/forecast")).json();
  assertEquals(Date.parse(second.asOf) - Date.parse(first.asOf), MINUTE_MS);
  assert(second.volatilityBps !== first.volatilityBps);
  assertEquals(feed.reads, 2);
});

Deno.test("GET /v1/forecast says what it cannot do: horizon, query, candles", async () => {
  const { ask, feed, clock } = await startService({ candles: WALK });
  for (
    const [query, status] of [
      ["?horizon=15", 200],
      ["?horizon=60", 404],
      ["?horizon=7", 404],
      ["?horizon=0", 422],
      ["?horizon=x", 422],
      ["?horizon=", 422],
      ["?horizon=1.5", 422],
      ["?horizon=15&horizon=15", 422],
      ["?symbol=BTC", 422],
      ["", 200],
    ] as const
  ) {
    const response = await ask(`/v1/forecast${query}`);
    assertEquals([query, response.status], [query, status]);
    const { title } = await response.json();
    assert(status === 200 || !/body/i.test(title), `${query}: ${title}`);
  }
  assertStringIncludes((await (await ask("/v1/forecast?horizon=60")).json()).detail, "15 minutes");
  feed.put(sliceCandles(WALK, 0, 0));
  await clock.advance(1000);
  const empty = await ask("/v1/forecast");
  assertEquals(empty.status, 503);
  const problem = await empty.json();
  assertStringIncludes(problem.detail, "holds no candles of BTC/USDT 1m");
  assertEquals(problem.type, "/docs#problem-data-stale");
});

Deno.test("a store that cannot be read leaves the last row, and without one gives the reason", async () => {
  const { ask, feed, clock } = await startService({ candles: WALK });
  feed.put(WALK);
  feed.error = new Error("held by another");
  await clock.advance(1000);
  assertEquals((await ask("/v1/forecast")).status, 200);
  const fresh = await startService({ candles: WALK });
  fresh.feed.put(undefined);
  await fresh.clock.advance(1000);
  const response = await fresh.ask("/v1/forecast");
  assertEquals(response.status, 503);
});

Deno.test("GET /v1/forecast is 503 where candles just before it are missing", async () => {
  const gap = randomCandles(2000, { missing: (i) => i === 1990 });
  const { ask } = await startService({ candles: gap });
  const response = await ask("/v1/forecast");
  assertEquals(response.status, 503);
  assertStringIncludes((await response.json()).detail, "return_15");
});

Deno.test("old candles are stale on /health, not ready on /readyz, and refused only by config", async () => {
  const { ask } = await startService({ candles: WALK, ageSeconds: 181 });
  const health = await ask("/health");
  assertEquals(health.status, 200);
  assertEquals((await health.json()).data.stale, true);
  const ready = await ask("/readyz");
  assertEquals(ready.status, 503);
  assertEquals((await ready.json()).checks.find((check: { name: string }) => check.name === "data").passed, false);
  const forecast = await ask("/v1/forecast");
  assertEquals(forecast.status, 200);
  assertEquals((await forecast.json()).data.stale, true);
  const config = { data: { ...defaultApiConfig().data, refuseAfterSeconds: 180 } };
  const strict = await startService({ candles: WALK, ageSeconds: 181, config });
  const refused = await strict.ask("/v1/forecast");
  assertEquals(refused.status, 503);
  assertStringIncludes((await refused.json()).detail, "181 s ago");
});

Deno.test("a swap to another horizon moves what /v1/forecast answers", async () => {
  const fixture = await startService({ candles: WALK });
  await registerModel(fixture, modelFiles(harSpec({ horizonMinutes: 60 })));
  await fixture.service.host.check();
  assertEquals((await fixture.ask("/v1/forecast?horizon=15")).status, 404);
  assertEquals((await (await fixture.ask("/v1/forecast?horizon=60")).json()).horizonMinutes, 60);
});

Deno.test("the window follows the store by reading the last hour, and gives what reading it whole gives", async () => {
  const { ask, feed, clock } = await startService({ candles: sliceCandles(WALK, 0, 3000) });
  const fresh = async () => {
    await clock.advance(1000);
    return (await (await ask("/v1/forecast")).json()).volatilityBps as number;
  };
  const whole = async () =>
    (await (await (await startService({ candles: feed.candles! })).ask("/v1/forecast")).json()).volatilityBps;
  const expectLoads = async (minutes: (last: number) => boolean, what: string) => {
    assertEquals(await fresh(), await whole(), what);
    assert(minutes(feed.loadedMinutes.at(-1)!), `${what}: read ${feed.loadedMinutes.at(-1)} minutes`);
  };
  feed.put(sliceCandles(WALK, 0, 3005));
  await expectLoads((last) => last === 65, "five new minutes");
  const revised = concatCandles([sliceCandles(WALK, 0, 3006)]);
  revised.close[2990] = revised.close[2990]! * 1.01;
  feed.put(revised);
  await expectLoads((last) => last === 61, "a revision within the last hour");
  const holed = concatCandles([sliceCandles(revised, 0, 1000), sliceCandles(revised, 1010, 3006)]);
  feed.put(holed);
  await expectLoads((last) => last > 3000, "older minutes that went");
  feed.put(revised);
  await expectLoads((last) => last > 3000, "older minutes that came back");
  const old = concatCandles([revised]);
  old.close[500] = old.close[500]! * 1.05;
  feed.put(old);
  await clock.advance(3_600_000);
  await expectLoads((last) => last > 3000, "an older revision, after an hour");
  feed.put(sliceCandles(WALK, 0, 2000));
  await expectLoads((last) => last > 3000, "a store that was begun anew and is shorter");
});

Deno.test("GET /v1/forecast does not wait for a store that is held: it answers from the candles it has, or 503", async () => {
  const data = { ...defaultApiConfig().data, waitMilliseconds: 30 };
  const { ask, feed, clock } = await startService({ config: { data } });
  const held = Promise.withResolvers<never>();
  feed.read = () => held.promise;
  feed.put(feed.candles);
  await clock.advance(2000);
  const from = performance.now();
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask("/v1/forecast")));
  assert(performance.now() - from < 2000, "it waited for the store");
  for (const answer of answers) {
    assertEquals(answer.status, 200);
    assertEquals((await answer.json()).data.ageSeconds, 32);
  }
  held.reject(new Error("the store is held"));
});

Deno.test("a store that cannot be read is told once, with its reason on /readyz and /health, while old candles answer", async () => {
  const { ask, feed, clock, storeReasons } = await startService({ candles: WALK });
  const look = async () => {
    await clock.advance(1000);
    await ask("/v1/forecast");
  };
  const data = async () => {
    const { checks } = await (await ask("/readyz")).json();
    const health = (await (await ask("/health")).json()).data.reason;
    const readable = /^bitcoin_ml_data_readable (\d)$/m.exec(await (await ask("/metrics")).text())![1];
    const { passed, reason } = checks.find(({ name }: { name: string }) => name === "data");
    return { passed, reason, health, readable };
  };
  assertEquals(await data(), { passed: true, reason: null, health: null, readable: "1" });
  for (let held = 1; held <= 3; held++) {
    feed.error = new DomainError("store-damaged", `Cannot read the store, seen ${held} times`);
    feed.stamp = `damaged ${held}`;
    await look();
  }
  assertEquals(storeReasons, ["Cannot read the store, seen 1 times"]);
  const reason = "Cannot read the store, seen 3 times";
  assertEquals(await data(), { passed: true, reason, health: reason, readable: "0" });
  await clock.advance(180_000);
  const stale = await data();
  assertEquals(stale.passed, false);
  assertMatch(stale.reason, /ended \d+ s ago, more than 180 s: Cannot read the store, seen 3 times/);
  feed.error = undefined;
  feed.stamp = undefined; // the file is put back as it was
  await look();
  assertEquals([storeReasons.length, storeReasons.at(-1)], [2, undefined]);
  assertEquals((await data()).health, null);
  feed.put(undefined);
  await look();
  assertStringIncludes(storeReasons.at(-1)!, "holds no candles");
});
