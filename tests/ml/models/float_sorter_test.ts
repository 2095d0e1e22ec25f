import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { floatSorter } from "../../../src/ml/models/float_sorter.ts";

Deno.test("floatSorter() sorts as sort() does, to the sign of zero", { permissions: "none" }, () => {
  const sort = floatSorter(300), edges = [0, -0, Infinity, -Infinity, 1e-45, -1e-45, 3.4e38, -3.4e38];
  const value = fc.oneof(fc.float({ noNaN: true }), fc.constantFrom(...edges));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 300 }), (numbers) => {
      const values = Float32Array.from(numbers), known = values.slice().sort();
      sort(values);
      assertEquals(new Uint32Array(values.buffer), new Uint32Array(known.buffer));
    }),
    { numRuns: 500 },
  );
});

Deno.test("floatSorter() sorts a part of an array and leaves the rest", { permissions: "none" }, () => {
  const values = Float32Array.of(9, 3, -2, 1, -9);
  floatSorter(3)(values.subarray(1, 4));
  assertEquals([...values], [9, -2, 1, 3, -9]);
});
