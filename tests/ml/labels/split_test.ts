import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MINUTE_MS } from "../../../src/core/mod.ts";
import { chronologicalSplit } from "../chronological_split.ts";

Deno.test("chronologicalSplit() purges every label that reaches into a later span", { permissions: "none" }, () => {
  fc.assert(fc.property(
    fc.integer({ min: 3, max: 400 }),
    fc.constantFrom(1, 5, 15, 60),
    fc.integer({ min: 1, max: 399 }),
    fc.integer({ min: 1, max: 399 }),
    fc.infiniteStream(fc.boolean()),
    (length, horizonMinutes, a, b, scorableAt) => {
      fc.pre(a !== b);
      const decisionTimeMs = Float64Array.from({ length }, (_, i) => i * MINUTE_MS);
      const scorable = Uint8Array.from({ length }, () => scorableAt.next().value ? 1 : 0);
      const validationStartMs = Math.min(a, b) * MINUTE_MS, testStartMs = Math.max(a, b) * MINUTE_MS;
      const split = chronologicalSplit({ decisionTimeMs, scorable }, {
        horizonMinutes,
        validationStartMs,
        testStartMs,
      });
      const labelEnd = (row: number) => decisionTimeMs[row]! + horizonMinutes * MINUTE_MS;
      assert(split.train.every((row) => labelEnd(row) <= validationStartMs));
      assert(
        split.validation.every((row) => decisionTimeMs[row]! >= validationStartMs && labelEnd(row) <= testStartMs),
      );
      assert(split.test.every((row) => decisionTimeMs[row]! >= testStartMs));
      assert([...split.train, ...split.validation, ...split.test].every((row) => scorable[row] === 1));
      assert([...split.train, ...split.validation].every((row) => split.trainingSpan.includes(row)));
      // Nothing is dropped that a purge does not ask for.
      const dropped = scorable.reduce((sum, value) => sum + value, 0) - split.trainingSpan.length - split.test.length;
      assert(dropped <= horizonMinutes - 1);
    },
  ));
});

Deno.test(
  "chronologicalSplit() refuses a validation that does not come before the test",
  { permissions: "none" },
  () => {
    const rows = { decisionTimeMs: new Float64Array(3), scorable: new Uint8Array(3) };
    assertThrows(
      () => chronologicalSplit(rows, { horizonMinutes: 1, validationStartMs: 5, testStartMs: 5 }),
      RangeError,
      "before the test",
    );
    assertEquals(chronologicalSplit(rows, { horizonMinutes: 1, validationStartMs: 1, testStartMs: 2 }).test.length, 0);
  },
);
