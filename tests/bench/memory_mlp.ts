/**
 * Trains the dense network for two epochs on two years of minutes with 90 features, split as the configuration splits
 * them, and prints the process's largest memory in bytes.
 *
 * @module
 */
import { MINUTE_MS, seededRandom } from "../../src/core/mod.ts";
import type { Dataset } from "../../src/ml/dataset.ts";
import { fitNetwork } from "../../src/ml/training/fit_network.ts";
import { trainInWorker } from "../../src/ml/training/train_in_worker.ts";
import { peakBytes } from "./peak_bytes.ts";

const ROWS = 2 * 365 * 1440, FEATURES = 90, HORIZON = 15;
const READ = ["rv_15", "rv_60", "rv_240", "rv_1440", "rv_10080", "return_15"];
const names = [...READ, ...Array.from({ length: FEATURES - READ.length }, (_, i) => `f${i}`)];
const random = seededRandom(1);
const column = (valueAt: () => number) => {
  const values = new Float32Array(ROWS);
  for (let row = 0; row < ROWS; row++) values[row] = valueAt();
  return values;
};
const columns = names.map((name) =>
  column(() => name.startsWith("rv_") ? 1 + random.uniform() : random.uniform() - 0.5)
);
const dataset: Omit<Dataset, "grid" | "candles"> = {
  features: {
    length: ROWS,
    decisionTimeMs: Float64Array.from({ length: ROWS }, (_, i) => i * MINUTE_MS),
    names,
    columns,
  },
  labels: {
    length: ROWS,
    horizonMinutes: HORIZON,
    returnBps: column(() => 10 * (random.uniform() - 0.5)),
    realizedVarianceBps2: column(() => 5 + random.uniform()),
    scorable: new Uint8Array(ROWS).fill(1),
  },
  featureSetDigest: "",
  nullable: names.map(() => false),
};
const rows = Int32Array.from({ length: ROWS }, (_, row) => row), trainEnd = ROWS * 5 / 8, validationEnd = ROWS * 3 / 4;
const split = {
  train: rows.subarray(0, trainEnd),
  validation: rows.subarray(trainEnd, validationEnd),
  trainingSpan: rows.subarray(0, validationEnd),
  test: rows.subarray(validationEnd),
};
await fitNetwork(dataset as Dataset, split, {
  hidden: [64, 64],
  correctionBound: 1,
  epochs: 2,
  batchSize: 2048,
  learningRate: 0.001,
  patience: 5,
  rowStride: 3,
  lossWeights: { direction: 1, volatility: 1, quantiles: 1 },
  seed: 1,
}, { family: "mlp", train: (job, options) => trainInWorker(job, { ...options, workers: 2 }) });
// deno-lint-ignore no-console -- its one result
console.log(peakBytes());
