import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { rowsByScore } from "../../../src/ml/evaluation/rank_rows.ts";

const pure = { permissions: "none" } as const;

Deno.test("rowsByScore() of floats is the stable order of their values", pure, () => {
  const scores = fc.array(fc.oneof(fc.float({ noNaN: true }), fc.constantFrom(-0, 0, 0.5, -0.5, Infinity, -Infinity)), {
    maxLength: 60,
  });
  fc.assert(fc.property(scores, fc.integer({ min: 1, max: 3 }), (values, step) => {
    const rows = Uint32Array.from(values.keys()).filter((row) => row % step === 0);
    const expected = [...rows].sort((a, b) => values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : a - b);
    assertEquals([...rowsByScore(Float32Array.from(values), rows)], expected);
    assertEquals(
      [...rowsByScore(values, rows.slice())].map((row) => values[row]! + 0),
      expected.map((row) => values[row]! + 0),
    );
  }));
});

Deno.test("rowsByScore() puts what is no number last, and leaves the rows as they were", pure, () => {
  const rows = Uint32Array.of(0, 1, 2, 3);
  assertEquals([...rowsByScore(Float32Array.of(NaN, 2, -1, NaN), rows)], [2, 1, 0, 3]);
  assertEquals([...rows], [0, 1, 2, 3]);
});
