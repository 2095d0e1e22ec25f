import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RequestGate } from "../../src/api/access/request_gate.ts";
import { TokenBucket } from "../../src/api/access/token_bucket.ts";
import { Deadlines } from "../../src/api/http/deadlines.ts";
import { RefusalError } from "../../src/api/http/problem.ts";

Deno.test("TokenBucket gives a second's worth at once, then one each 1/rate seconds", { permissions: "none" }, () => {
  const bucket = new TokenBucket(4);
  assertEquals(Array.from({ length: 5 }, () => bucket.take(1000)), [0, 0, 0, 0, 250]);
  assertEquals([bucket.take(1249), bucket.take(1250), bucket.take(1250)], [1, 0, 250]);
  assertEquals(bucket.take(500), 250, "a clock that goes back gives nothing");
  const third = new TokenBucket(3);
  assertEquals(Array.from({ length: 4 }, () => third.take(0)), [0, 0, 0, 333.334]);
  assertEquals(Array.from({ length: 5 }, () => bucket.take(99_000)), [0, 0, 0, 0, 250], "no more than its capacity");
  const slow = new TokenBucket(0.5);
  assertEquals([slow.take(0), slow.take(0), slow.take(2000)], [0, 2000, 0]);
});

Deno.test("TokenBucket never gives more than capacity + rate × time in any span, and its wait is exact", {
  permissions: "none",
}, () => {
  const steps = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(fc.integer({ min: 1, max: 50 }), steps, (rate, gapsMs) => {
    const bucket = new TokenBucket(rate), givenMs: number[] = [];
    let nowMs = 0;
    for (const gap of gapsMs) {
      nowMs += gap;
      const waitMs = bucket.take(nowMs);
      if (waitMs === 0) givenMs.push(nowMs);
      else {
        assert(bucket.take(nowMs + waitMs * 0.99) > 0, "it gave before the time it said");
        nowMs += Math.ceil(waitMs);
        assertEquals(bucket.take(nowMs), 0, "it did not give at the time it said");
        givenMs.push(nowMs);
      }
    }
    for (let i = 0; i < givenMs.length; i++) {
      for (let j = i; j < givenMs.length; j++) {
        const most = Math.max(1, rate) + rate * (givenMs[j]! - givenMs[i]!) / 1000;
        assert(j - i + 1 <= most + 1e-6, `${j - i + 1} in ${givenMs[j]! - givenMs[i]!} ms at ${rate}/s`);
      }
    }
  }));
});

Deno.test("RequestGate lets in as many as it may, queues in order, and turns the rest away", async () => {
  const gate = new RequestGate({ maxInFlight: 2, maxQueued: 2, queueMs: 60_000 });
  assertEquals([gate.enter(performance.now()), gate.enter(performance.now())], [undefined, undefined]);
  const order: string[] = [];
  const first = gate.enter(performance.now())!.then(() => order.push("first"));
  const second = gate.enter(performance.now())!.then(() => order.push("second"));
  assertEquals(gate.queued, 2);
  const error = assertThrows(() => gate.enter(performance.now()), RefusalError);
  assertEquals([error.traits.status, error.reason, error.headers["retry-after"]], [503, "overloaded", "1"]);
  gate.leave();
  await first;
  assertEquals(order, ["first"]);
  gate.leave();
  await second;
  gate.leave();
  gate.leave();
  assertEquals([gate.enter(performance.now()), gate.enter(performance.now()), gate.queued], [undefined, undefined, 0]);
});

Deno.test("RequestGate turns away who waits too long, and gives their place to nobody", async () => {
  const gate = new RequestGate({ maxInFlight: 1, maxQueued: 5, queueMs: 20 });
  gate.enter(performance.now());
  const error = await assertRejects(() => gate.enter(performance.now())!, RefusalError, "20 ms");
  assertEquals([error.reason, gate.queued], ["queue-timeout", 0]);
  gate.leave();
  assertEquals(gate.enter(performance.now()), undefined);
});

Deno.test("RequestGate turns away what comes late into a turn of the event loop, and nothing in the next", async () => {
  const gate = new RequestGate({ maxInFlight: 100, maxQueued: 0, queueMs: 50 });
  assertEquals([gate.enter(1000), gate.enter(1050)], [undefined, undefined]);
  const error = assertThrows(() => gate.enter(1051), RefusalError, "took 51 ms");
  assertEquals(error.reason, "overloaded");
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([gate.enter(1052), gate.enter(1102)], [undefined, undefined]);
  await new Promise((resolve) => setTimeout(resolve, 0));
});

Deno.test("RequestGate never has more than maxInFlight in, and loses no place", { permissions: "none" }, async () => {
  const limits = fc.record({ maxInFlight: fc.integer({ min: 1, max: 4 }), maxQueued: fc.integer({ min: 0, max: 4 }) });
  const moves = fc.array(fc.boolean(), { maxLength: 60 });
  await fc.assert(fc.asyncProperty(limits, moves, async ({ maxInFlight, maxQueued }, arrivals) => {
    const gate = new RequestGate({ maxInFlight, maxQueued, queueMs: 60_000 });
    let inside = 0, waiting = 0;
    for (const arrives of arrivals) {
      if (arrives) {
        try {
          const place = gate.enter(performance.now());
          if (place === undefined) inside++;
          else {
            waiting++;
            void place.then(() => (waiting--, inside++));
          }
        } catch {
          assertEquals([inside, waiting], [maxInFlight, maxQueued], "turned away though there was room");
        }
      } else if (inside > 0) {
        inside--;
        gate.leave();
      }
      await Promise.resolve();
      await Promise.resolve();
      assert(inside <= maxInFlight && waiting <= maxQueued);
      assert(waiting === 0 || inside === maxInFlight, "somebody waits beside a free place");
      assertEquals(gate.queued, waiting);
    }
    while (inside > 0) {
      inside--;
      gate.leave();
      await Promise.resolve();
      await Promise.resolve();
    }
    assertEquals(waiting, 0);
  }));
});

Deno.test("Deadlines hands on what comes in time, and rejects what does not", async () => {
  const deadlines = new Deadlines(30);
  assertEquals(await deadlines.watch(Promise.resolve(1), () => new Error("late")), 1);
  await assertRejects(
    () => deadlines.watch(Promise.reject(new Error("own")), () => new Error("late")),
    Error,
    "own",
  );
  const never = new Promise<never>(() => {});
  const from = performance.now();
  const first = assertRejects(() => deadlines.watch(never, () => new Error("late")), Error, "late");
  await new Promise((resolve) => setTimeout(resolve, 15));
  const second = assertRejects(() => deadlines.watch(never, () => new Error("later")), Error, "later");
  await first;
  await second;
  assert(performance.now() - from >= 44, "the second had its whole time");
});
