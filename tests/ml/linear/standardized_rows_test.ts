import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { seededRandom } from "../../../src/core/mod.ts";
import {
  addScaled,
  addScaledRows,
  addWeightedProducts,
  dotAt,
  inputMoments,
  type LinearRows,
  rowProducts,
} from "../../../src/ml/linear/normal_equations.ts";
import { StandardizedRows } from "../../../src/ml/linear/standardized_rows.ts";

Deno.test("addWeightedProducts() gives the sums of one row after the other, to the bit, and leaves the rest alone", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 13 }), fc.nat(), (size, rows, seed) => {
      const random = seededRandom(seed + 1),
        normals = (length: number) => Float64Array.from({ length }, () => random.normal());
      const values = normals(size * rows), weights = normals(rows), own = normals(size * size), together = own.slice();
      for (let row = 0; row < rows; row++) {
        for (let j = 0; j < size; j++) {
          const scaled = weights[row]! * values[row * size + j]!;
          for (let i = 0; i <= j; i++) own[j * size + i]! += scaled * values[row * size + i]!;
        }
      }
      addWeightedProducts(together, values, weights);
      assertEquals(together, own);
    }),
  );
});

Deno.test("rowProducts() and addScaledRows() give what one row after the other does, to the bit", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 13 }), fc.nat(), (size, rows, seed) => {
      const random = seededRandom(seed + 1),
        normals = (length: number) => Float64Array.from({ length }, () => random.normal());
      const vector = normals(size), values = normals(size * rows), factors = normals(rows);
      const products = new Float64Array(rows), sums = normals(size), expected = sums.slice();
      rowProducts(vector, values, products);
      addScaledRows(sums, factors, values);
      for (let row = 0; row < rows; row++) addScaled(expected, factors[row]!, values, row * size);
      assertEquals(products, factors.map((_, row) => dotAt(vector, values, row * size)));
      assertEquals(sums, expected);
    }),
  );
});

/** A problem of normal inputs, every third row without a weight. */
function problemOf(length: number, width: number): LinearRows {
  const random = seededRandom(3), values = Float64Array.from({ length: length * width }, () => random.normal());
  return {
    rows: Int32Array.from({ length }, (_, i) => i),
    names: Array.from({ length: width }, (_, j) => `x${j}`),
    inputsOf: (row) => values.subarray(row * width, (row + 1) * width),
    targetOf: (row) => row % 2,
    weightOf: (row) => row % 3 === 0 ? 0 : 1,
  };
}

Deno.test("StandardizedRows gives the rows with a weight, alike in each pass, kept or not", () => {
  // The second is too large to be kept: 100 MB.
  for (const [length, width] of [[1000, 3], [200_000, 97]] as const) {
    const problem = problemOf(length, width), moments = inputMoments(problem), { means, scales } = moments;
    const rows = new StandardizedRows(problem, moments);
    for (let pass = 0; pass < 2; pass++) {
      let count = 0;
      for (const { rows: numbers, values } of rows.blocks()) {
        assertEquals(values.length, numbers.length * (width + 1));
        for (const i of [0, numbers.length - 1]) {
          const row = numbers[i]!, inputs = problem.inputsOf(row);
          assertEquals(row % 3 !== 0, true);
          const expected = [1, ...Array.from(inputs, (value, j) => (value - means[j]!) / scales[j]!)];
          assertEquals([...values.subarray(i * (width + 1), (i + 1) * (width + 1))], expected);
        }
        count += numbers.length;
      }
      assertEquals(count, length - Math.ceil(length / 3));
    }
  }
});
