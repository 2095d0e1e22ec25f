import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { listen, type PendingRecord, type PredictionLog } from "../../src/api/mod.ts";
import { defaultFeatureEngine } from "../../src/ml/mod.ts";
import { SpecForecastModel } from "../../src/ml/models/spec_forecast_model.ts";
import { FORMATS, fuzzedBodies, type FuzzedBody } from "./body_fuzz.ts";
import { type Verdict, verdictOn } from "./body_fuzz_oracle.ts";
import { harSpec } from "./model_fixture.ts";
import { startService } from "./service_fixture.ts";

const { names, nullable } = defaultFeatureEngine();
const CONTRACT = { names, nullable, maxRows: 4096 };
const BODIES = 100_000;
/** One in so many goes over a socket. */
const SOCKET_EVERY = 50;
const MODEL = new SpecForecastModel(harSpec());

/** Keeps the features that a model was asked for, which the log would only hash. */
class LastFeatures {
  features: Float32Array = new Float32Array();
  readonly problem = undefined;
  readonly lost = 0;
  readonly head = { n: 0, link: "" };

  append(record: PendingRecord): void {
    this.features = record.features;
  }
}

Deno.test(`of ${BODIES} fuzzed bodies none crashes a handler, and each number comes from a whole, finite row`, async () => {
  const seen = new LastFeatures();
  const { service, failures } = await startService({ log: seen as unknown as PredictionLog });
  const server = listen(service.fetch, { host: "127.0.0.1", port: 0, hasKeys: false, shutdownMs: 1000 });
  const good = new Map<string, number>(), statuses = new Map<number, number>();
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(fuzzedBodies(names, nullable), async (body) => {
      const init = { method: "POST", body: body.text, headers: { "content-type": body.type } };
      const response = ++sent % SOCKET_EVERY === 0
        ? await fetch(`${server.url}${body.path}`, init)
        : await service.fetch(new Request(`http://127.0.0.1${body.path}`, init), undefined);
      const verdict = verdictOn(body, CONTRACT);
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      checkAnswer(body, verdict, response.status, await response.json(), seen.features);
      if (verdict !== undefined) good.set(body.format, (good.get(body.format) ?? 0) + 1);
    }),
    { numRuns: BODIES, seed: 8, endOnFailure: true },
  );
  await server.stop();
  assertEquals(failures, []);
  for (const format of FORMATS) {
    assert(
      (good.get(format) ?? 0) > BODIES / 100,
      `few good bodies, the test says little: ${JSON.stringify([...good])}`,
    );
  }
  assertEquals([...statuses.keys()].sort(), [200, 400, 422]);
});

interface Answer {
  readonly predictions?: unknown;
  readonly errors?: readonly unknown[];
}

function checkAnswer(body: FuzzedBody, verdict: Verdict, status: number, answer: Answer, features: Float32Array): void {
  const about = () => `${body.path} ${body.type} ${status} ${JSON.stringify(answer).slice(0, 300)}: ${body.text}`;
  if (verdict === undefined) {
    assert(status === 400 || status === 422, `a bad body was taken: ${about()}`);
    assert(answer.predictions === undefined && answer.errors!.length > 0, about());
    return;
  }
  const rows = Float32Array.from(verdict.flat());
  const expected = MODEL.predict(rows, verdict.length);
  const outputs = [...expected.probabilityUp, ...expected.volatilityBps, ...expected.quantilesBps];
  if (!outputs.every(Number.isFinite)) return assertEquals(status, 422, about());
  assertEquals(status, 200, `a good body was refused: ${about()}`);
  assertEquals(features, rows, about());
  assertEquals(numbersIn(answer.predictions).sort(), outputs.sort(), about());
}

/** Every leaf, which must be a finite number. */
function numbersIn(value: unknown): number[] {
  if (typeof value === "number" && Number.isFinite(value)) return [value];
  assert(typeof value === "object" && value !== null, `no number: ${String(value)}`);
  return Object.values(value).flatMap(numbersIn);
}

Deno.test("a long bad body is refused as fast as it is read", async () => {
  const { ask } = await startService();
  const header = names.join();
  for (const cell of ["1".repeat(4_000_000) + "x", '"'.repeat(4_000_000), "1e".repeat(2_000_000)]) {
    const fromMs = performance.now();
    const headers = { "content-type": "text/csv" };
    const answer = await ask("/predict", {
      method: "POST",
      headers,
      body: `${header}\n${cell}${",1".repeat(names.length - 1)}`,
    });
    assertEquals(answer.status, 422);
    assert(performance.now() - fromMs < 1000, `${performance.now() - fromMs} ms`);
  }
  const wide = await ask("/predict", {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: ",".repeat(4_000_000),
  });
  assertEquals(wide.status, 422);
  const tall = await ask("/predict", {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: header + "\n".repeat(4_099),
  });
  assertEquals(tall.status, 413);
});
