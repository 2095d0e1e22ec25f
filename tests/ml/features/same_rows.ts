import { assertEquals } from "@std/assert";
import type { FeatureMatrix } from "../../../src/core/mod.ts";

/** Rows `[start, end)` of `all` equal the rows of `part`, bit by bit. */
export function assertSameRows(all: FeatureMatrix, part: FeatureMatrix, start: number, end: number): void {
  assertEquals(part.length, end - start);
  for (let row = start; row < end; row++) {
    assertEquals(part.decisionTimeMs[row - start], all.decisionTimeMs[row]);
    all.names.forEach((name, j) => {
      const a = all.columns[j]![row]!, b = part.columns[j]![row - start]!;
      if (!Object.is(a, b)) assertEquals(b, a, `${name} at row ${row}`);
    });
  }
}

/** A value of a matrix by name. */
export function valueOf(matrix: FeatureMatrix, name: string, row: number): number {
  const at = matrix.names.indexOf(name);
  if (at < 0) throw new RangeError(`Cannot find feature '${name}'`);
  return matrix.columns[at]![row]!;
}
