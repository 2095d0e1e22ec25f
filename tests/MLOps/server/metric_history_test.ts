import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Metric } from "../../../src/core/mod.ts";
import { sampleHistories } from "../../../src/MLOps/server/metric_history.ts";

const metric = (step: number, value = 0): Metric => ({ key: "m", value, timestamp: step, step });

Deno.test("sampleHistories() keeps all points where they are few", () => {
  const points = [metric(0), metric(1), metric(2)];
  const sample = sampleHistories([{ runId: "a", points }], { maxResults: 10 });
  assertEquals(sample.map(({ metric: { step } }) => step), [0, 1, 2]);
});

Deno.test("sampleHistories() picks the first point of each of equal buckets, and the last point of all", () => {
  const points = Array.from({ length: 10 }, (_, step) => metric(step));
  const sample = sampleHistories([{ runId: "a", points }], { maxResults: 4 });
  // Buckets of 3, 3, 2 and 2 begin at 0, 3, 6 and 8; the last gives way to 9. So does MLflow 3.17.2.
  assertEquals(sample.map(({ metric: { step } }) => step), [0, 3, 6, 9]);
});

Deno.test("sampleHistories() samples each run by itself, and counts points where they share a step", () => {
  const a = Array.from({ length: 100 }, (_, i) => metric(i));
  const b = Array.from({ length: 500 }, (_, i) => metric(41, i));
  const sample = sampleHistories([{ runId: "a", points: a }, { runId: "b", points: b }], { maxResults: 2 });
  const of = (id: string) =>
    sample.filter(({ runId }) => runId === id).map(({ metric }) => [metric.step, metric.value]);
  assertEquals(of("a"), [[0, 0], [99, 0]]);
  assertEquals(of("b"), [[41, 0], [41, 499]]);
});

Deno.test("sampleHistories() never gives more than is there, and always both ends of the range", () => {
  const history = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(
      history,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: -60, max: 60 }),
      (steps, maxResults, start) => {
        const points = steps.map((step, i) => metric(step, i));
        const sample = sampleHistories([{ runId: "a", points }], { maxResults, startStep: start, endStep: start + 40 });
        const inRange = steps.filter((step) => step >= start && step <= start + 40);
        assert(sample.length <= Math.min(inRange.length, maxResults));
        if (inRange.length === 0) {
          return;
        }
        if (maxResults > 1) assertEquals(sample[0]!.metric.step, Math.min(...inRange));
        assertEquals(sample.at(-1)!.metric.step, Math.max(...inRange));
      },
    ),
  );
});
