import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { addOuterProducts, denseRows, LANE_ROWS } from "../../../src/ml/doubles/doubles.ts";

/** Usual numbers, and those that sums go wrong with: of any size, not finite, both zeros. */
const anyDouble = fc.oneof(fc.double({ min: -9, max: 9 }), fc.constantFrom(0, -0), fc.double());
const anyFloat = fc.oneof(fc.float({ min: -9, max: 9 }), fc.constantFrom(0, -0), fc.float());

const denseCase = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: 1, max: 11 }),
  fc.integer({ min: 1, max: 9 }),
)
  .chain(([lanes, inputs, units]) => {
    const rows = lanes * LANE_ROWS;
    const floats = (length: number) =>
      fc.array(anyFloat, { minLength: length, maxLength: length }).map((own) => Float32Array.from(own));
    const doubles = (length: number) =>
      fc.array(anyDouble, { minLength: length, maxLength: length }).map((own) => Float64Array.from(own));
    return fc.record({
      rows: fc.constant(rows),
      inputs: fc.constant(inputs),
      units: fc.constant(units),
      kernel: floats(inputs * units),
      bias: floats(units),
      x: doubles(rows * inputs),
      relu: fc.boolean(),
    });
  });

/** A layer as its contract has it: four inputs at a time, then one by one. */
function plainDense(
  { inputs, units, kernel, bias }: Parameters<typeof denseRows>[0],
  x: Float64Array,
  { rows, relu }: Parameters<typeof denseRows>[3],
): Float64Array {
  const out = new Float64Array(rows * units);
  for (let row = 0; row < rows; row++) {
    for (let unit = 0; unit < units; unit++) {
      const product = (i: number) => x[row * inputs + i]! * kernel[i * units + unit]!;
      let sum = bias[unit]!, i = 0;
      for (; i + 4 <= inputs; i += 4) sum += product(i) + product(i + 1) + product(i + 2) + product(i + 3);
      for (; i < inputs; i++) sum += product(i);
      out[row * units + unit] = relu && sum < 0 ? 0 : sum;
    }
  }
  return out;
}

/** To the bit but for NaN, whose bits say nothing. */
function assertSameNumbers(actual: Float64Array, expected: Float64Array): void {
  assertEquals([...actual], [...expected]);
}

Deno.test("denseRows() gives what plain loops do, to the bit, of any numbers", () => {
  fc.assert(fc.property(denseCase, ({ x, rows, relu, units, ...layer }) => {
    const out = new Float64Array(rows * units).fill(7);
    denseRows({ ...layer, units }, x, out, { rows, relu });
    assertSameNumbers(out, plainDense({ ...layer, units }, x, { rows, relu }));
  }));
});

Deno.test("addOuterProducts() gives what plain loops do, to the bit, of any numbers, after operands of any size", () => {
  const sized = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 3 }));
  fc.assert(fc.property(sized, fc.infiniteStream(anyDouble), ([size, lanes], numbers) => {
    const rows = lanes * LANE_ROWS;
    const take = (length: number) => Float64Array.from({ length }, () => numbers.next().value!);
    const lower = take(size * size), expected = lower.slice(), values = take(rows * size), weights = take(rows);
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < size; j++) {
        const scaled = weights[row]! * values[row * size + j]!;
        for (let i = 0; i <= j; i++) expected[j * size + i]! += scaled * values[row * size + i]!;
      }
    }
    addOuterProducts(lower, values, weights);
    assertSameNumbers(lower, expected);
  }));
});

Deno.test("operands that are too short are refused: what lies behind them is of an earlier call", () => {
  const layer = { inputs: 2, units: 3, kernel: new Float32Array(6), bias: new Float32Array(3) };
  const out = new Float64Array(12), take = { rows: 4, relu: false };
  assertThrows(() => denseRows(layer, new Float64Array(7), out, take), RangeError, "4 rows of 7 values");
  assertThrows(() => denseRows({ ...layer, units: 2 }, new Float64Array(8), out, take), RangeError, "2x2");
  assertThrows(() => denseRows(layer, new Float64Array(6), out, { rows: 3, relu: false }), RangeError, "3 rows");
  const weights = new Float64Array(4), values = new Float64Array(8);
  assertThrows(() => addOuterProducts(new Float64Array(5), values, weights), RangeError, "a matrix of 5 values");
  assertThrows(
    () => addOuterProducts(new Float64Array(16), new Float64Array(8), new Float64Array(2)),
    RangeError,
    "2 rows",
  );
});
