import { assert, assertEquals } from "@std/assert";
import { MINUTE_MS } from "../../src/core/mod.ts";
import { WeightPacer } from "../../src/data_ingestion_service/http/weight_pacer.ts";
import { SimulatedClock } from "../fakes/simulated_clock.ts";

const START = Date.UTC(2024, 0, 10, 12, 0, 20);

/** An exchange that counts weight by its own minute, `skewMs` away from ours, and answers after `latencyMs`. */
function exchange(clock: SimulatedClock, options: { latencyMs: number; skewMs: number; tellsWeight: boolean }) {
  const used = new Map<number, number>();
  return {
    used,
    nowMs: () => clock.nowMs() + options.skewMs,
    async request(weight: number, observe: (used: number) => void) {
      await clock.sleep(options.latencyMs / 2);
      const minute = Math.floor(this.nowMs() / MINUTE_MS);
      const total = (used.get(minute) ?? 0) + weight;
      used.set(minute, total);
      await clock.sleep(options.latencyMs / 2);
      if (options.tellsWeight) observe(total);
    },
  };
}

async function backfill(
  options: { latencyMs: number; skewMs: number; tellsWeight: boolean; limit: number; inFlight: number },
): Promise<number[]> {
  const clock = new SimulatedClock(START);
  const server = exchange(clock, options);
  const pacer = new WeightPacer({ clock, share: 1 });
  // The clock is read once, as an answer that left half a latency ago.
  pacer.configure(options.limit, server.nowMs() - options.latencyMs / 2);
  const worker = async () => {
    for (;;) await pacer.run(2, (observe) => server.request(2, observe));
  };
  await clock.run(Promise.all(Array.from({ length: options.inFlight }, worker)), 4 * MINUTE_MS);
  return [...server.used].sort(([a], [b]) => a - b).map(([, weight]) => weight);
}

Deno.test("WeightPacer uses nearly all of the allowed weight, and never more, by the exchange's minute", async () => {
  for (const skewMs of [0, -17_300, 41_111]) {
    for (const tellsWeight of [true, false]) {
      for (const [limit, inFlight] of [[1200, 8], [6000, 16], [100, 8]] as const) {
        const weights = await backfill({ latencyMs: 100, skewMs, tellsWeight, limit, inFlight });
        const whole = weights.slice(1, -1); // the first and the last minute are cut
        assert(whole.length >= 2, String(weights));
        for (const weight of weights) assert(weight <= limit, `${weight} of ${limit}`);
        for (const weight of whole) assert(weight >= 0.9 * limit, `${weight} of ${limit} (skew ${skewMs})`);
      }
    }
  }
});

Deno.test("WeightPacer believes the exchange where it says that more was used", async () => {
  const clock = new SimulatedClock(START);
  const pacer = new WeightPacer({ clock, share: 1 });
  pacer.configure(100, START);
  await clock.run(pacer.run(2, (observe) => Promise.resolve(observe(99))));
  await clock.run(pacer.run(2, () => Promise.resolve()));
  // The second had to wait for the next minute, which began 40 s later.
  assert(clock.monotonicMs() >= 40_000 && clock.monotonicMs() < 41_000, String(clock.monotonicMs()));
});

Deno.test("WeightPacer does not take an earlier minute's weight for this one's", async () => {
  const clock = new SimulatedClock(START);
  const pacer = new WeightPacer({ clock, share: 1 });
  pacer.configure(100, START);
  // Sent in one minute, answered in the next, with the weight of the first.
  await clock.run(pacer.run(2, async (observe) => {
    await clock.sleep(45_000);
    observe(100);
  }));
  const before = clock.monotonicMs();
  await clock.run(pacer.run(2, () => Promise.resolve()));
  assert(clock.monotonicMs() - before < 1_000);
});

Deno.test("WeightPacer goes on at the exchange's next minute where the local clock was two hours ahead", async () => {
  const clock = new SimulatedClock(START);
  const waits: string[] = [];
  const pacer = new WeightPacer({ clock, share: 1, onWait: (message) => waits.push(message) });
  await clock.run(pacer.run(20, () => Promise.resolve())); // exchangeInfo, by the local clock
  pacer.configure(40, clock.nowMs() - 120 * MINUTE_MS);
  const startedMs = clock.nowMs();
  await clock.run(Promise.all(Array.from({ length: 30 }, () => pacer.run(2, () => Promise.resolve()))));
  const tookMs = clock.nowMs() - startedMs;
  assert(tookMs > 0 && tookMs <= 2 * MINUTE_MS, String(tookMs));
  assert(/^waiting \d+ s for the next minute's weight of 40$/.test(waits[0]!), waits[0]);
});

Deno.test("WeightPacer uses the share it was given", async () => {
  const clock = new SimulatedClock(START);
  const pacer = new WeightPacer({ clock, share: 0.5 });
  pacer.configure(100, START);
  let sent = 0;
  const worker = async () => {
    for (;;) await pacer.run(10, () => Promise.resolve(sent++));
  };
  await clock.run(worker(), 30_000);
  assertEquals(sent, 5);
});

Deno.test("WeightPacer lets a waiting request be aborted", async () => {
  const clock = new SimulatedClock(START);
  const pacer = new WeightPacer({ clock, share: 1 });
  pacer.configure(10, START);
  await clock.run(pacer.run(10, () => Promise.resolve()));
  const controller = new AbortController();
  const waiting = pacer.run(10, () => Promise.resolve("ran"), { signal: controller.signal });
  controller.abort(new Error("stop"));
  assertEquals(await clock.run(waiting.catch((error: Error) => error.message)), "stop");
  // The queue goes on after it.
  assertEquals(await clock.run(pacer.run(1, () => Promise.resolve("next"))), "next");
});
