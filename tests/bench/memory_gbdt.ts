/**
 * Trains a few boosted trees on two years of minutes with 90 features and prints the process's largest memory in bytes:
 * `memory_gbdt.ts columns|stream`.
 *
 * @module
 */
import { seededRandom } from "../../src/core/mod.ts";
import { fitGbdt } from "../../src/ml/gbdt/training/fit_gbdt.ts";
import { fitGbdtStream } from "../../src/ml/gbdt/training/fit_gbdt_stream.ts";
import { peakBytes } from "./peak_bytes.ts";
import type { GbdtRows } from "../../src/ml/gbdt/training/gbdt_rows.ts";

const ROWS = 2 * 365 * 1440, FEATURES = 90, BATCH_ROWS = 8192;
const featureNames = Array.from({ length: FEATURES }, (_, i) => `f${i}`);
const options = { loss: { kind: "logistic" }, trees: 3 } as const;

/** Fills a batch's columns with the same values each time; returns it with its labels. */
function fillBatch(columns: readonly Float32Array[], batch: number): GbdtRows {
  const random = seededRandom(batch), labels = new Float32Array(columns[0]!.length);
  for (const column of columns) for (let row = 0; row < column.length; row++) column[row] = random.uniform();
  for (let row = 0; row < labels.length; row++) labels[row] = Number(columns[0]![row]! > columns[1]![row]!);
  return { columns, labels };
}

const parts = Array.from({ length: Math.ceil(ROWS / BATCH_ROWS) }, (_, batch) => {
  const start = batch * BATCH_ROWS;
  return { batch, start, end: Math.min(start + BATCH_ROWS, ROWS) };
});

if (Deno.args[0] === "columns") {
  const columns = featureNames.map(() => new Float32Array(ROWS)), labels = new Float32Array(ROWS);
  for (const { batch, start, end } of parts) {
    labels.set(fillBatch(columns.map((column) => column.subarray(start, end)), batch).labels, start);
  }
  await fitGbdt({ featureNames, train: { columns, labels }, options }, { workers: 2 });
} else {
  const room = featureNames.map(() => new Float32Array(BATCH_ROWS));
  const train = {
    rows: ROWS,
    async *batches() {
      for (const { batch, start, end } of parts) {
        await Promise.resolve();
        yield fillBatch(room.map((column) => column.subarray(0, end - start)), batch);
      }
    },
  };
  await fitGbdtStream({ featureNames, train, options }, { workers: 2 });
}
// deno-lint-ignore no-console -- its one result
console.log(peakBytes());
