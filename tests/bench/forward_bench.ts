import { seededRandom } from "../../src/core/mod.ts";
import { layersOf, startNetwork } from "../../src/ml/models/network.ts";
import { allocateOutputs, FORWARD_ROWS, NetworkForward } from "../../src/ml/models/network_forward.ts";
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
    const forward = new NetworkForward(network), out = allocateOutputs();
    const inputs = Float64Array.from({ length: BATCH * INPUTS }, () => random.normal());
    /** Median milliseconds of a batch, so many rows a call. */
    const batchMsOf = (rows: number) => {
      const calls = Array.from(
        { length: BATCH / rows },
        (_, i) => inputs.subarray(i * rows * INPUTS, (i + 1) * rows * INPUTS),
      );
      const batchesMs: number[] = [];
      for (let i = 0; i < 200; i++) {
        const startedMs = performance.now();
        for (const own of calls) forward.run(own, rows, out);
        batchesMs.push(performance.now() - startedMs);
      }
      return median(batchesMs.slice(100));
    };
    const rowUs = 1000 * batchMsOf(1) / BATCH, batchMs = batchMsOf(FORWARD_ROWS);
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
