import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { pickRows, type ScoredRows, sliceRows } from "../../src/monitoring/scored_rows.ts";

/** Rows whose every value tells which row it is of. */
function rowsOf(length: number, offset: number, names: readonly string[] = ["a"]): ScoredRows {
  const column = (scale: number, width = 1) =>
    Float32Array.from(
      { length: length * width },
      (_, i) => scale * 1000 + offset + Math.floor(i / width) + i % width / 16,
    );
  return {
    forecasts: { length, probabilityUp: column(1), volatilityBps: column(2), quantilesBps: column(3, 9) },
    outcomes: {
      ...{ length, horizonMinutes: 15, returnBps: column(4), realizedVarianceBps2: column(5) },
      decisionTimeMs: Float64Array.from({ length }, (_, row) => offset + row),
    },
    baselines: Object.fromEntries(
      names.map((name, i) => [
        name,
        i === 0 ? { volatilityBps: column(6), quantilesBps: column(7, 9) } : {
          probabilityUp: column(8),
        },
      ]),
    ),
  };
}

Deno.test("sliceRows() and pickRows() take the same rows of every column", { permissions: "none" }, () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(11), fc.nat(11), (length, a, b) => {
    const from = Math.min(a, b, length - 1), to = Math.max(from + 1, Math.min(length, Math.max(a, b)));
    const rows = rowsOf(length, 0, ["a", "b"]);
    const picked = pickRows(Array.from({ length: to - from }, (_, i) => ({ of: rows, row: from + i })));
    assertEquals(picked, sliceRows(rows, from, to));
    assertEquals(sliceRows(rows, 0, length), rows);
  }));
});

Deno.test("pickRows() mixes versions, with the baselines that all of them have", { permissions: "none" }, () => {
  const left = rowsOf(3, 0, ["a", "b"]), right = rowsOf(3, 10);
  const picked = pickRows([{ of: left, row: 2 }, { of: right, row: 0 }, { of: left, row: 1 }]);
  assertEquals([...picked.outcomes.decisionTimeMs], [2, 10, 1]);
  assertEquals(Object.keys(picked.baselines), ["a"]);
  assertEquals([...picked.baselines["a"]!.volatilityBps!], [6002, 6010, 6001]);
  assertEquals([...picked.baselines["a"]!.quantilesBps!.subarray(9, 11)], [7010, 7010.0625]);
  assertThrows(() => pickRows([]), RangeError, "no rows");
});
