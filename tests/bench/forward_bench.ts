import { seededRandom } from "../../src/core/mod.ts";
import { layersOf, startNetwork } from "../../src/ml/models/network.ts";
import { NetworkForward } from "../../src/ml/models/network_forward.ts";
import { type Bench, median } from "./bench.ts";

const INPUTS = 90;
const BATCH = 256;
const ROW_TARGET_US = 15;
const BATCH_TARGET_MS = 2;

/** The forward pass that serves, on a net of 90-64-64-11 with random weights. */
export const bench: Bench = {
  name: "forward",
  run() {
    const random = seededRandom(1);
    const quantiles = [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2];
    const network = startNetwork({ inputs: INPUTS, hidden: [64, 64], flags: 0, quantiles, seed: 1 });
    for (const { kernel } of layersOf(network)) {
      for (let i = 0; i < kernel.length; i++) kernel[i] = 0.1 * random.normal();
    }
    const forward = new NetworkForward(network), increments = new Float64Array(quantiles.length);
    const rows = Array.from({ length: BATCH }, () => Float64Array.from({ length: INPUTS }, () => random.normal()));
    const batchesMs: number[] = [];
    for (let i = 0; i < 200; i++) {
      const startedMs = performance.now();
      for (const row of rows) forward.run(row, increments);
      batchesMs.push(performance.now() - startedMs);
    }
    const batchMs = median(batchesMs.slice(100)), rowUs = 1000 * batchMs / BATCH;
    return Promise.resolve([
      {
        name: "forward.one_row",
        unit: "µs",
        value: rowUs,
        target: `≤ ${ROW_TARGET_US}`,
        passed: rowUs <= 2 * ROW_TARGET_US,
      },
      {
        name: "forward.256_rows",
        unit: "ms",
        value: batchMs,
        target: `≤ ${BATCH_TARGET_MS}`,
        passed: batchMs <= 2 * BATCH_TARGET_MS,
      },
    ]);
  },
};
