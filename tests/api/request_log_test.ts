import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DomainError, seededRandom } from "../../src/core/mod.ts";
import { type AnsweredRequest, fileSink, type LogSink, RequestLog, type RequestLogOptions } from "../../src/api/mod.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { tmpDir } from "../fakes/tmp_dir.ts";
import { plainRow, startService } from "./service_fixture.ts";

const OK: AnsweredRequest = {
  requestId: "r-1",
  method: "GET",
  route: "/v1/forecast",
  status: 200,
  durationMs: 1.23456,
  waitedMs: 0,
  keyId: null,
  refusal: null,
};

/** A sink in memory that stalls or fails when told to. */
class MemorySink implements LogSink {
  text = "";
  error: Error | undefined;
  stall: Promise<void> = Promise.resolve();
  isClosed = false;

  async write(bytes: Uint8Array) {
    const text = new TextDecoder().decode(bytes);
    await this.stall;
    if (this.error !== undefined) throw this.error;
    this.text += text;
  }

  close() {
    this.isClosed = true;
  }

  get lines() {
    return this.text.trim().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }
}

function openLog(sink: LogSink, options: Partial<RequestLogOptions> = {}) {
  const clock = new ManualClock(Date.UTC(2024, 4, 31, 23, 59));
  return new RequestLog({ sink, format: "json", level: "info", sampleShare: 1, clock, ...options });
}

Deno.test("a request's line has its id, route, status, durations and key, and nothing of what was asked", async () => {
  const sink = new MemorySink();
  await using requestLog = openLog(sink);
  const { ask, post } = await startService({ requestLog });
  await ask("/v1/forecast", { headers: { "x-request-id": "f-1", authorization: "Bearer hidden-token" } });
  await post("/predict", { features: [77_777] }, { "x-request-id": "p-1" });
  await post("/predict", { features: plainRow() });
  await ask("/no/such/place?secret=1");
  await requestLog.flush();
  assertEquals(sink.lines.map(({ level, route, status }) => [level, route, status]), [
    ["info", "/v1/forecast", 200],
    ["warning", "/predict", 422],
    ["info", "/predict", 200],
    ["warning", "unmatched", 404],
  ]);
  const [first] = sink.lines;
  assertEquals(Object.keys(first), [
    "time",
    "level",
    "event",
    "requestId",
    "method",
    "route",
    "status",
    "durationMs",
    "waitedMs",
    "keyId",
    "refusal",
  ]);
  assertEquals([first.requestId, first.method, first.event], ["f-1", "GET", "request"]);
  assert(first.durationMs > 0 && first.durationMs < 10_000);
  for (const secret of ["77777", "hidden-token", "secret", "no/such"]) assert(!sink.text.includes(secret), secret);
});

Deno.test("the level decides which requests get a line, and only those that went well are sampled", async () => {
  const statuses = [200, 304, 404, 429, 503, 500];
  for (const [level, kept] of [["info", 6], ["warning", 4], ["error", 1]] as const) {
    const sink = new MemorySink();
    await using log = openLog(sink, { level });
    for (const status of statuses) log.request({ ...OK, status });
    await log.flush();
    assertEquals(sink.lines.map(({ status }) => status), statuses.slice(-kept));
  }
  const sink = new MemorySink();
  await using log = openLog(sink, { sampleShare: 0.1, random: seededRandom(1).uniform });
  for (let i = 0; i < 5000; i++) {
    log.request(OK);
    if (i % 100 === 0) log.request({ ...OK, status: 404 });
  }
  await log.flush();
  const good = sink.lines.filter(({ level }) => level === "info");
  assert(Math.abs(good.length - 500) < 75, `${good.length} of 5,000`);
  assert(good.every(({ sampleShare }) => sampleShare === 0.1));
  const bad = sink.lines.filter(({ level }) => level === "warning");
  assertEquals([bad.length, bad[0].sampleShare], [50, undefined]);
});

Deno.test("a sink that stalls costs lines, which are counted and told of, and no time", async () => {
  const sink = new MemorySink(), gate = Promise.withResolvers<void>();
  await using log = openLog(sink, { maxWaiting: 10 });
  sink.stall = gate.promise;
  log.request({ ...OK, requestId: "first" });
  const first = log.flush();
  await Promise.resolve();
  const startedMs = performance.now();
  for (let i = 0; i < 1000; i++) log.request({ ...OK, requestId: `r-${i}` });
  assert(performance.now() - startedMs < 100);
  assertEquals(log.dropped, 990);
  gate.resolve();
  await first;
  await log.flush();
  assertEquals(sink.lines.map(({ requestId, lines }) => requestId ?? lines), [
    "first",
    990,
    ...Array.from({ length: 10 }, (_, i) => `r-${i}`),
  ]);
  log.request(OK);
  await log.flush();
  assertEquals(sink.lines.length, 13, "told of once");
});

Deno.test("a sink that fails costs its lines, and the next ones are written", async () => {
  const sink = new MemorySink();
  await using log = openLog(sink);
  sink.error = new Error("disk full");
  log.request(OK);
  log.request(OK);
  await log.flush();
  assertEquals([log.dropped, log.problem], [2, "Cannot write the request log: disk full"]);
  sink.error = undefined;
  log.request({ ...OK, requestId: "after" });
  await log.flush();
  assertEquals(sink.lines.map(({ event, requestId }) => requestId ?? event), ["lines-dropped", "after"]);
  assertEquals(log.problem, undefined);
});

Deno.test("lines for a person are one line each, whatever an event says", async () => {
  const sink = new MemorySink();
  await using log = openLog(sink, { format: "text" });
  log.request({ ...OK, status: 429, refusal: "rate", keyId: "dash", waitedMs: 2 });
  log.event({ event: "bug", level: "error", message: "Request x hit a bug: Error\n  at y\n  at z" });
  await log.flush();
  assertEquals(sink.text.split("\n"), [
    "23:59:00.000 GET /v1/forecast 429 in 1.235 ms, waited 2 ms, rate, key dash, r-1",
    "23:59:00.000 Request x hit a bug: Error | at y | at z",
    "",
  ]);
});

Deno.test("fileSink() keeps one file before, loses no line, and goes on with the file that is there", async () => {
  await using tmp = await tmpDir();
  const path = `${tmp.path}/requests.jsonl`;
  for (const part of [0, 1]) {
    await using log = openLog(await fileSink(path, { maxBytes: 2000 }));
    for (let i = 0; i < 4; i++) {
      log.request({ ...OK, requestId: `${part}-${i}` });
      await log.flush();
    }
  }
  const idsIn = async (file: string) =>
    (await Deno.readTextFile(file)).trim().split("\n").map((line) => JSON.parse(line).requestId);
  assertEquals(await idsIn(path), ["0-0", "0-1", "0-2", "0-3", "1-0", "1-1", "1-2", "1-3"]);
  {
    await using log = openLog(await fileSink(path, { maxBytes: 2000 }));
    for (const requestId of ["2-0", "2-1", "2-2"]) {
      log.request({ ...OK, requestId });
      await log.flush();
    }
  }
  assertEquals([...await idsIn(`${path}.1`), ...await idsIn(path)].slice(-3), ["2-0", "2-1", "2-2"]);
  assertEquals((await idsIn(`${path}.1`))[0], "0-0");
  assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
  const error = await assertRejects(() => fileSink(`${tmp.path}/no/x`, { maxBytes: 1 }), DomainError, "no/x");
  assertStringIncludes(error.hint!, "requestLog.destination");
});
