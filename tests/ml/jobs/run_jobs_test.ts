import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { runJobs } from "../../../src/ml/jobs/run_jobs.ts";

const later = (ms: number) => new Promise((done) => setTimeout(done, ms));

Deno.test("runJobs() gives the outcomes in the jobs' order, whatever ends first, and never runs more than it may", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ ms: fc.nat(3), fails: fc.boolean() }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      async (jobs, concurrency) => {
        let running = 0, most = 0;
        const slots = new Set<number>(), ended: number[] = [];
        const outcomes = await runJobs(jobs, async ({ ms, fails }, { index, slot }) => {
          most = Math.max(most, ++running);
          if (slots.has(slot)) throw new Error("two jobs in one slot");
          slots.add(slot);
          await later(ms);
          slots.delete(slot);
          running--;
          if (fails) throw new Error(`job ${index}`);
          return index * 10;
        }, { concurrency, onEnd: (index) => ended.push(index) });
        assertEquals(
          outcomes.map((outcome) =>
            outcome.state === "done" ? outcome.result : outcome.state === "failed" ? String(outcome.error) : "stopped"
          ),
          jobs.map(({ fails }, index) => fails ? `Error: job ${index}` : index * 10),
        );
        assertEquals(ended.toSorted((a, b) => a - b), jobs.map((_, index) => index));
        assertEquals(most <= concurrency, true);
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("runJobs() begins nothing once it is stopped, waits for what is under way, and rejects with the reason", async () => {
  const stop = new AbortController(), begun: number[] = [], ended: string[] = [];
  const running = runJobs([0, 1, 2, 3], async (job, { signal }) => {
    begun.push(job);
    await later(5);
    if (job === 1) stop.abort(new Error("Ctrl-C"));
    signal.throwIfAborted();
    return job;
  }, { concurrency: 1, signal: stop.signal, onEnd: (index, { state }) => ended.push(`${index} ${state}`) });
  await assertRejects(() => running, Error, "Ctrl-C");
  assertEquals([begun, ended], [[0, 1], ["0 done", "1 stopped"]]);
});

Deno.test("runJobs() refuses to run none at a time", async () => {
  await assertRejects(() => runJobs([1], () => Promise.resolve(1), { concurrency: 0 }), RangeError, "concurrency");
  assertEquals(await runJobs([], () => Promise.resolve(1), { concurrency: 2 }), []);
});
