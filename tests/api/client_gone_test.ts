import { assertEquals, assertStringIncludes } from "@std/assert";
import { type ConnectionInfo, listen, RequestLog } from "../../src/api/mod.ts";
import { ManualClock } from "../fakes/manual_clock.ts";
import { startService } from "./service_fixture.ts";

const REMOTE: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 1 };

/** A request whose body breaks off after its first byte, with or without a promised length. */
function brokenRequest(length?: number): Request {
  let isBegun = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (isBegun) controller.error(new Deno.errors.BadResource("Cannot read body as underlying resource unavailable"));
      else controller.enqueue(new TextEncoder().encode("{"));
      isBegun = true;
    },
  });
  const headers = {
    "content-type": "application/json",
    ...(length === undefined ? {} : { "content-length": `${length}` }),
  };
  return new Request("http://127.0.0.1:8000/predict", { method: "POST", headers, body });
}

async function startLogged() {
  const lines: string[] = [];
  const sink = {
    write: (bytes: Uint8Array) => Promise.resolve(void lines.push(new TextDecoder().decode(bytes))),
    close() {},
  };
  const requestLog = new RequestLog({
    ...{ sink, format: "json", level: "info", sampleShare: 1, clock: new ManualClock(0) },
  });
  return { lines, requestLog, ...await startService({ requestLog }) };
}

Deno.test("a client that vanishes in mid-body is 499 in log and metrics, and no failure of the service", async () => {
  const { service, ask, lines, requestLog, failures } = await startLogged();
  for (const length of [100, undefined]) {
    const response = await service.fetch(brokenRequest(length), { remoteAddr: REMOTE });
    assertEquals([response.status, (await response.json()).type], [499, "/docs#problem-client-gone"]);
  }
  await requestLog[Symbol.asyncDispose]();
  const logged = lines.join("").trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(logged.map(({ status, refusal, level }) => [status, refusal, level]), [
    [499, "client-gone", "warning"],
    [499, "client-gone", "warning"],
  ]);
  const text = await (await ask("/metrics")).text();
  assertStringIncludes(text, 'bitcoin_ml_http_refusals_total{reason="client-gone"} 2\n');
  assertStringIncludes(text, '_count{method="POST",route="/predict",status="499"} 2\n');
  assertEquals([text.includes('status="5'), failures], [false, []]);
});

Deno.test("a body that the end of the service's own socket breaks off is the service's 503, as before", async () => {
  const { service, lines, requestLog } = await startLogged();
  const response = await service.fetch(brokenRequest(100), { remoteAddr: REMOTE, listener: { isClosing: true } });
  assertEquals([response.status, (await response.json()).type], [503, "/docs#problem-unavailable"]);
  await requestLog[Symbol.asyncDispose]();
  const { status, refusal } = JSON.parse(lines.join(""));
  assertEquals([status, refusal], [503, null]);
});

Deno.test("listen() tells a body that its stop breaks off from one whose client went away", async () => {
  const seen: unknown[] = [], begun: (() => void)[] = [];
  const fetch = async (request: Request, info?: ConnectionInfo) => {
    begun.shift()?.();
    await request.text().catch(() => seen.push(info?.listener?.isClosing));
    return new Response();
  };
  const server = listen(fetch, { host: "127.0.0.1", port: 0, hasKeys: false, shutdownMs: 20 });
  const open = async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    begun.push(resolve);
    const socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(server.url).port) });
    await socket.write(new TextEncoder().encode("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"));
    await promise;
    return socket;
  };
  (await open()).close();
  while (seen.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
  using _late = await open();
  await server.stop();
  while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(seen, [false, true]);
});
