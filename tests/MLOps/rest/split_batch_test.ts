import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { splitBatch } from "../../../src/MLOps/rest/split_batch.ts";
import { fromMetric } from "../../../src/MLOps/rest/wire.ts";

const pair = fc.record({ key: fc.string({ maxLength: 9 }), value: fc.string({ unit: "binary", maxLength: 9 }) });
const metric = fc.record({
  key: fc.string({ maxLength: 9 }),
  value: fc.double(),
  timestamp: fc.nat(),
  step: fc.integer(),
});

Deno.test("splitBatch() keeps every entry, in order, within MLflow's limits", { permissions: "none" }, () => {
  fc.assert(
    fc.property(
      fc.array(pair, { maxLength: 350 }),
      fc.array(pair, { maxLength: 350 }),
      fc.array(metric, { maxLength: 2_500, size: "max" }),
      (params, tags, metrics) => {
        const parts = splitBatch({ params, tags, metrics });
        assertEquals(parts.flatMap((part) => part.params), params);
        assertEquals(parts.flatMap((part) => part.tags), tags);
        assertEquals(parts.flatMap((part) => part.metrics), metrics.map(fromMetric));
        for (const part of parts) {
          assert(part.params.length <= 100 && part.tags.length <= 100 && part.metrics.length <= 1_000);
          assert(part.params.length + part.tags.length + part.metrics.length <= 1_000);
        }
        const isSmall = params.length <= 100 && tags.length <= 100 &&
          params.length + tags.length + metrics.length <= 1_000;
        if (isSmall) assertEquals(parts.length, 1);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("splitBatch() keeps bodies below a million bytes", { permissions: "none" }, () => {
  const tags = Array.from({ length: 100 }, (_, i) => ({ key: `k${i}`, value: "ä\u0001".repeat(4_000) }));
  const parts = splitBatch({ params: [], tags, metrics: [] });
  assertEquals(parts.flatMap((part) => part.tags), tags);
  assert(parts.length > 1);
  const run = "0".repeat(32);
  for (const part of parts) {
    assert(new TextEncoder().encode(JSON.stringify({ run_id: run, ...part })).length <= 1_000_000);
  }
});
