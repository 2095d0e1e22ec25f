import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../../src/core/mod.ts";
import { sampleRows } from "../../../src/ml/leak_checks/sample_rows.ts";

Deno.test("sampleRows() draws distinct rows in order, one from each part, and all of a short range", () => {
  fc.assert(fc.property(
    fc.nat(50_000),
    fc.integer({ min: 1, max: 1500 }),
    fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    (length, count, seed) => {
      const rows = sampleRows(length, count, seededRandom(seed)), parts = Math.min(length, count);
      assertEquals(rows.length, parts);
      rows.forEach((row, part) => {
        assert(row >= Math.floor(part * length / parts) && row < Math.floor((part + 1) * length / parts), `${row}`);
        assert(part === 0 || row > rows[part - 1]!);
      });
    },
  ));
});

Deno.test("sampleRows() can draw any row", () => {
  const seen = new Set<number>();
  for (let seed = 1; seed <= 300; seed++) for (const row of sampleRows(25, 10, seededRandom(seed))) seen.add(row);
  assertEquals(seen.size, 25);
});
