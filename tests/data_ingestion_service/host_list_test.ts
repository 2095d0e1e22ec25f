import { assert, assertEquals, assertRejects } from "@std/assert";
import { DomainError, seededRandom } from "../../src/core/mod.ts";
import { HostList } from "../../src/data_ingestion_service/http/host_list.ts";
import { backoffMs, HttpFailure, parseRetryAfter } from "../../src/data_ingestion_service/http/http_failure.ts";
import { SimulatedClock } from "../fakes/simulated_clock.ts";

const ORIGINS = ["https://a.example", "https://b.example", "https://c.example"];

function hosts(options: { origins?: readonly string[]; attempts?: number } = {}) {
  const clock = new SimulatedClock(0);
  const list = new HostList({ origins: ORIGINS, attempts: 4, clock, random: seededRandom(1), ...options });
  const asked: string[] = [];
  /** Answers of the script in order; then "ok". */
  const request = (script: readonly (HttpFailure | Error)[]) => {
    let next = 0;
    return clock.run(list.request((origin) => {
      asked.push(new URL(origin).host[0]!);
      const failure = script[next++];
      return failure === undefined ? Promise.resolve("ok") : Promise.reject(failure);
    }));
  };
  return { clock, list, asked, request };
}

const failure = (status: number, retryAfterMs?: number) => new HttpFailure("GET x", { status, retryAfterMs });

Deno.test("HostList tries again after a fault, waiting longer each time, on the next host after two", async () => {
  const { clock, list, asked, request } = hosts();
  assertEquals(await request([failure(503), failure(0), failure(502)]), "ok");
  assertEquals(asked.join(""), "aabb");
  assertEquals([list.retries, list.warnings.length], [3, 0]);
  assert(clock.monotonicMs() >= 125 + 250 + 500 && clock.monotonicMs() <= 250 + 500 + 1000);
});

Deno.test("HostList gives up after its attempts", async () => {
  const { request } = hosts();
  const error = await assertRejects(() => request(Array.from({ length: 9 }, () => failure(503))), DomainError);
  assertEquals([error.code, error.traits.exit], ["exchange-unavailable", 4]);
  assert(error.message.includes("was answered 503, 4 times"));
});

Deno.test("HostList obeys Retry-After of 429 and 418, on the same host", async () => {
  const { clock, asked, request } = hosts();
  assertEquals(await request([failure(429, 7_000), failure(418, 120_000)]), "ok");
  assertEquals([asked.join(""), clock.monotonicMs()], ["aaa", 127_000]);
});

Deno.test("HostList makes every request wait that one was told to", async () => {
  const { clock, list } = hosts();
  const sentAt: number[] = [];
  const one = (script: HttpFailure[]) =>
    list.request(() => {
      sentAt.push(clock.monotonicMs());
      const next = script.shift();
      return next === undefined ? Promise.resolve() : Promise.reject(next);
    });
  await clock.run(Promise.all([one([failure(429, 5_000)]), clock.sleep(10).then(() => one([]))]));
  assertEquals(sentAt, [0, 5_000, 5_000]);
});

Deno.test("HostList does not wait longer than it may", async () => {
  const { request } = hosts();
  const error = await assertRejects(() => request([failure(418, 3_600_000)]), DomainError, "3600 s");
  assertEquals([error.code, error.traits.exit], ["rate-limited", 4]);
});

Deno.test("HostList leaves a host that refuses for good, with a warning", async () => {
  const { list, asked, request } = hosts();
  assertEquals(await request([failure(451), failure(403)]), "ok");
  assertEquals(await request([]), "ok");
  assertEquals(asked.join(""), "abcc");
  assertEquals(list.warnings.map(({ code }) => code), ["host-refused", "host-refused"]);
  assert(list.warnings[0]!.message.includes("a.example does not serve this location (451)"));
});

Deno.test("HostList says why when every host refuses", async () => {
  const region = await assertRejects(
    () => hosts().request([451, 403, 451].map((status) => failure(status))),
    DomainError,
  );
  assertEquals([region.code, region.traits.exit], ["region-blocked", 4]);
  const refused = await assertRejects(
    () => hosts().request([403, 403, 403].map((status) => failure(status))),
    DomainError,
  );
  assertEquals(refused.code, "exchange-refused");
});

Deno.test("HostList leaves other failures to its caller, at once", async () => {
  const { asked, request } = hosts();
  assertEquals((await assertRejects(() => request([failure(400)]), HttpFailure)).status, 400);
  await assertRejects(() => request([new TypeError("a bug")]), TypeError);
  assertEquals(asked.join(""), "aa");
});

Deno.test({
  name: "backoffMs() doubles up to eight seconds, and is never none",
  permissions: "none",
  fn() {
    assertEquals([1, 2, 3].map((attempt) => backoffMs(attempt, 1)), [250, 500, 1000]);
    assertEquals([backoffMs(1, 0), backoffMs(20, 0), backoffMs(20, 1)], [125, 4000, 8000]);
  },
});

Deno.test({
  name: "parseRetryAfter() reads whole seconds",
  permissions: "none",
  fn() {
    assertEquals([parseRetryAfter("60"), parseRetryAfter(" 0 ")], [60_000, 0]);
    for (const text of [null, "", "soon", "-1", "1.5", "Wed, 21 Oct 2015 07:28:00 GMT"]) {
      assertEquals(parseRetryAfter(text), undefined);
    }
  },
});
