import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Scaler } from "../../../src/ml/models/scaler.ts";

Deno.test("Scaler.writeRows() writes to the bit what write() does, missing values, logarithms and flags among them", () => {
  const value = fc.oneof(fc.float({ noNaN: false }), fc.constantFrom(NaN, 0, -0, 1e38, 1e-38));
  const column = fc.record({
    values: fc.array(value, { minLength: 9, maxLength: 9 }),
    transform: fc.constantFrom("log" as const, "identity" as const),
    mean: fc.float({ min: -10, max: 10, noNaN: true }),
    scale: fc.float({ min: Math.fround(0.001), max: 10, noNaN: true }),
    isNullable: fc.boolean(),
  });
  // Few rows, or more than are scaled at once.
  const rows = fc.tuple(fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 9 }), fc.constantFrom(1, 100))
    .map(([few, times]) => Array.from({ length: times }, () => few).flat());
  fc.assert(fc.property(fc.array(column, { minLength: 1, maxLength: 7 }), rows, fc.nat(3), (parts, picked, spare) => {
    const columns = parts.map(({ values }) => Float32Array.from(values));
    const scaler = new Scaler({
      transforms: parts.map(({ transform }) => transform),
      means: parts.map(({ mean }) => mean),
      scales: parts.map(({ scale }) => scale),
      clip: 5,
    }, parts.map(({ isNullable }) => isNullable));
    const stride = scaler.width + spare, size = picked.length * stride + 2;
    const own = new Float64Array(size).fill(7), together = new Float64Array(size).fill(7);
    picked.forEach((row, i) => scaler.write((feature) => columns[feature]![row]!, own, 2 + i * stride));
    scaler.writeRows(columns, Int32Array.from(picked), together, 2, stride);
    assertEquals(together, own);
  }));
});
