import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type AlertEvent, postEvents, type WebhookOptions } from "../../../src/monitoring/mod.ts";

const EVENT: AlertEvent = {
  ...{ status: "raised", at: "2023-03-01T00:00:00Z", since: "2023-03-01T00:00:00Z", code: "coverage-off" },
  ...{ name: "m", version: "1", message: "it covers 80 %", command: "task track" },
};

/** A server that answers by the given statuses, the last for good; what it got, and how long was waited. */
async function withServer(
  answers: readonly (number | "hang" | "redirect")[],
  use: (
    post: (options?: Partial<WebhookOptions>) => ReturnType<typeof postEvents>,
    seen: { readonly requests: Request[]; readonly waits: number[] },
  ) => Promise<void>,
): Promise<void> {
  const seen = { requests: [] as Request[], waits: [] as number[] }, hanging: (() => void)[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    seen.requests.push(request.clone());
    await request.body?.cancel();
    const answer = answers[Math.min(seen.requests.length, answers.length) - 1]!;
    if (answer === "hang") await new Promise<void>((resolve) => hanging.push(resolve));
    if (answer === "redirect") return new Response(null, { status: 307, headers: { location: "/elsewhere" } });
    return new Response(answer === 204 ? null : "body", { status: typeof answer === "number" ? answer : 200 });
  });
  const sleep = (ms: number) => {
    seen.waits.push(ms);
    return Promise.resolve();
  };
  const url = `http://127.0.0.1:${server.addr.port}/hook`;
  await use(
    (options) => postEvents([EVENT], { url, timeoutMs: 5000, attempts: 3, clock: { sleep }, ...options }),
    seen,
  );
  hanging.forEach((resolve) => resolve());
  await server.shutdown();
}

Deno.test("postEvents() tries again what may go well, with the same id and longer waits", async () => {
  await withServer([503, 429, 204], async (post, { requests, waits }) => {
    assertEquals(await post(), { delivered: true });
    assertEquals([requests.length, waits], [3, [1000, 2000]]);
    assertEquals(new Set(requests.map(({ headers }) => headers.get("x-delivery-id"))).size, 1);
    assertEquals(requests[0]!.headers.get("content-type"), "application/json");
    assertEquals(requests[0]!.headers.get("x-signature-256"), null, "unsigned without a secret");
  });
});

Deno.test("postEvents() gives up on what will not go well, and never throws", async () => {
  for (
    const [answers, reason, tries] of [
      [[401], "401", 1],
      [["redirect"], "307", 1],
      [[500], "500", 3],
    ] as const
  ) {
    await withServer(answers, async (post, { requests }) => {
      const delivery = await post();
      assert(!delivery.delivered);
      assertStringIncludes(delivery.reason, reason);
      assertEquals(requests.length, tries, "no redirect is followed");
    });
  }
  const nobody = await postEvents([EVENT], {
    ...{ url: "http://127.0.0.1:1/", timeoutMs: 1000, attempts: 2, clock: { sleep: () => Promise.resolve() } },
  });
  assertEquals(nobody.delivered, false);
});

Deno.test("postEvents() waits no longer than it may, and ends when it is stopped", async () => {
  await withServer(["hang"], async (post) => {
    const startedAt = performance.now();
    const delivery = await post({ timeoutMs: 60, attempts: 2 });
    assert(!delivery.delivered);
    assertStringIncludes(delivery.reason, "60 ms");
    assert(performance.now() - startedAt < 4000);
    const controller = new AbortController();
    const stopped = post({ attempts: 1, signal: controller.signal });
    controller.abort();
    assertEquals((await stopped).delivered, false);
  });
});
