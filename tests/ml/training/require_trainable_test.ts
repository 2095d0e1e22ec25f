import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DomainError } from "../../../src/core/mod.ts";
import type { Dataset } from "../../../src/ml/dataset.ts";
import { requireTrainable } from "../../../src/ml/training/require_trainable.ts";
import { trainInWorker } from "../../../src/ml/training/train_in_worker.ts";
import { plantedJob } from "./planted_job.ts";

const ROWS = Int32Array.from({ length: 300 }, (_, i) => i);

function dataset(change: (columns: Float32Array[], returnBps: Float32Array, variance: Float32Array) => void): Dataset {
  const columns = [3, 7, 11].map((step) => Float32Array.from(ROWS, (row) => (row * step) % 13));
  columns[2]!.fill(NaN, 0, 20);
  const returnBps = Float32Array.from(ROWS, (row) => (row % 3) - 1);
  const realizedVarianceBps2 = new Float32Array(ROWS.length).fill(9);
  change(columns, returnBps, realizedVarianceBps2);
  const decisionTimeMs = Float64Array.from(ROWS, (row) => Date.UTC(2024, 0, 1) + 60_000 * row);
  return {
    features: { length: ROWS.length, names: ["first", "second", "third"], columns, decisionTimeMs },
    labels: { returnBps, realizedVarianceBps2, horizonMinutes: 15 },
    nullable: [false, false, true],
  } as unknown as Dataset;
}

Deno.test("requireTrainable() names the column that nothing can be learnt from", { permissions: "none" }, () => {
  requireTrainable(dataset(() => {}), ROWS);
  const cases: readonly [change: Parameters<typeof dataset>[0], message: string][] = [
    [([first]) => first!.fill(2), "feature 'first' is 2 in every row"],
    [
      ([, second]) => second![40] = NaN,
      "feature 'second' is missing, which it never should be, in row 40, at 2024-01-01T00:40:00Z",
    ],
    [([, second]) => second![40] = -Infinity, "feature 'second' is -Infinity in row 40, at 2024-01-01T00:40:00Z"],
    [([, , third]) => third![5] = Infinity, "feature 'third' is Infinity in row 5"],
    [(_, returnBps) => returnBps[7] = NaN, "the return to forecast is NaN in row 7, at 2024-01-01T00:07:00Z"],
    [(_, __, variance) => variance[8] = Infinity, "the realised variance to forecast is Infinity in row 8"],
    [(_, __, variance) => variance[8] = -1, "the realised variance to forecast is -1 in row 8"],
    [([, , third]) => third!.fill(NaN), "feature 'third' is missing in every row"],
    [([first, second]) => second!.set(first!), "feature 'second' has the values of 'first'"],
    [(_, returnBps) => returnBps.fill(1), "no row of 300 goes down in 15 minutes"],
    [(_, returnBps) => returnBps.fill(0), "no row of 300 goes up in 15 minutes"],
  ];
  for (const [change, message] of cases) {
    const error = assertThrows(() => requireTrainable(dataset(change), ROWS), DomainError, message);
    assertEquals(error.code, "input-invalid");
    assertEquals(typeof error.hint, "string");
  }
  const later = dataset(([first]) => first![290] = Infinity);
  requireTrainable(later, ROWS.subarray(0, 290)); // outside of the rows that are learnt from
});

Deno.test("trainInWorker() refuses fewer rows than a step takes", async () => {
  const few = plantedJob({ trainRows: 255, validationRows: 50 });
  const error = await assertRejects(() => trainInWorker(few), DomainError, "255 rows");
  assertEquals(error.code, "input-invalid");
});
