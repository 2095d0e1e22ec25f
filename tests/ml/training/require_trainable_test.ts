import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DomainError } from "../../../src/core/mod.ts";
import type { Dataset } from "../../../src/ml/dataset.ts";
import { requireTrainable } from "../../../src/ml/training/require_trainable.ts";
import type { TrainingJob } from "../../../src/ml/training/protocol.ts";
import { trainHere } from "../../../src/ml/training/train_here.ts";
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
  const quiet = dataset(([first, second]) => [first!, second!].forEach((column) => column.fill(0)));
  const names = ["missing_minutes_1440", "zero_trade_share_60", "third"];
  requireTrainable({ ...quiet, features: { ...quiet.features, names } }, ROWS); // nothing failed in this span
  const later = dataset(([first]) => first![290] = Infinity);
  requireTrainable(later, ROWS.subarray(0, 290)); // outside of the rows that are learnt from
});

Deno.test("trainInWorker() and trainHere() refuse jobs whose parts do not fit", async () => {
  const { rows, options, ...rest } = plantedJob({ trainRows: 600, validationRows: 300 });
  const withRows = (change: Partial<TrainingJob["rows"]>) => ({ ...rest, options, rows: { ...rows, ...change } });
  const withOptions = (change: Partial<TrainingJob["options"]>) => ({
    ...rest,
    rows,
    options: { ...options, ...change },
  });
  const { lossWeights } = options;
  const cases: readonly [job: TrainingJob, code: string, message: string][] = [
    [
      withRows({ inputs: rows.inputs.subarray(1) }),
      "input-invalid",
      "column 'inputs' has 7199 values where 900 rows need",
    ],
    [withRows({ plainLogit: rows.plainLogit.subarray(1) }), "input-invalid", "column 'plainLogit' has 899 values"],
    [withRows({ returnBps: rows.returnBps.subarray(1) }), "input-invalid", "column 'returnBps' has 899 values"],
    [withRows({ trainRows: 600.5 }), "input-invalid", "'trainRows' must be a number of rows or inputs"],
    [
      withRows({ width: 4, inputs: rows.inputs.subarray(0, 3600) }),
      "input-invalid",
      "4 inputs where the network reads 8",
    ],
    [
      withOptions({ batchSize: 0 }),
      "config-invalid",
      "'batchSize' must be a whole number from 1 on: current value is 0",
    ],
    [withOptions({ epochs: 1.5 }), "config-invalid", "'epochs'"],
    [withOptions({ patience: NaN }), "config-invalid", "'patience'"],
    [withOptions({ rowStride: 0 }), "config-invalid", "'rowStride'"],
    [withOptions({ learningRate: 0 }), "config-invalid", "'learningRate' must be above 0"],
    [withOptions({ weightDecay: -1 }), "config-invalid", "'weightDecay'"],
    [withOptions({ clipNorm: 0 }), "config-invalid", "'clipNorm'"],
    [withOptions({ schedule: { warmUpSteps: -1 } }), "config-invalid", "'schedule.warmUpSteps'"],
    [withOptions({ lossWeights: { ...lossWeights, volatility: NaN } }), "config-invalid", "'lossWeights.volatility'"],
    [
      withOptions({ lossWeights: { direction: 0, volatility: 0, quantiles: 0 } }),
      "config-invalid",
      "'lossWeights' must",
    ],
    [{ ...rest, rows, options, correctionBound: 0 }, "config-invalid", "'correctionBound' must be above 0"],
  ];
  for (const [job, code, message] of cases) {
    for (const train of [trainInWorker, trainHere("never read")]) {
      const error = await assertRejects(() => train(job, { member: 1, atOnce: 1 }), DomainError, message);
      assertEquals(error.code, code);
    }
  }
});

Deno.test("trainInWorker() refuses fewer rows than a step takes", async () => {
  const few = plantedJob({ trainRows: 255, validationRows: 50 });
  const error = await assertRejects(() => trainInWorker(few), DomainError, "255 rows");
  assertEquals(error.code, "input-invalid");
});
