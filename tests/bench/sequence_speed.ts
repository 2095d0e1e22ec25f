import { allocateOutputs, NetworkForward } from "../../src/ml/models/network_forward.ts";
import { type SequenceFamily, sequenceShape } from "../../src/ml/models/sequence_shapes.ts";
import type { TrainingJob } from "../../src/ml/training/protocol.ts";
import { wasmFilePath } from "../../src/ml/training/train_in_worker.ts";
import { movedJob, plantedJob } from "../ml/training/planted_job.ts";
import { type Bench, type BenchResult, median } from "./bench.ts";
import type { StepsRequest } from "./sequence_worker.ts";

/** Base features, a window of 60 minutes of four values, flags: as `track` has them. */
const STATIC = 27, WINDOW = { start: STATIC, steps: 60, channels: 4 }, FLAGS = 75, UNITS = 32;
const BATCH = 512, ROUNDS = 5;
/** Steps of a round; the first ones compile, and are not counted. */
const STEPS = 6, STOCK_STEPS = 1, WARM_STEPS = 2;
const FORWARD_ROWS = 256;

/** What a family is to reach. */
export interface SequenceTargets {
  /** Windows of 60 steps a second in training. */
  readonly windows: number;
  /** Microseconds of the forward pass that serves. */
  readonly forwardUs: number;
}

/**
 * Training of a sequence family with the joint loss by the tape of tfjs in one Worker, batch 512, beside the same on tfjs as
 * it is published, by turns; and the plain forward of one row.
 */
export function sequenceBench(family: SequenceFamily, targets: SequenceTargets): Bench {
  return {
    name: family,
    async run() {
      const job = plantedJob({
        ...{ trainRows: 16 * BATCH, validationRows: 64, width: STATIC + 240 + FLAGS, hidden: [UNITS] },
        sequence: { shape: sequenceShape(family, UNITS), window: WINDOW },
        training: { batchSize: BATCH, learningRate: 0.001 },
      });
      using own = await startWorker(job, { stock: false }), stock = await startWorker(job, { stock: true });
      const rates: number[] = [], peerRates: number[] = [];
      await own.steps(WARM_STEPS);
      await stock.steps(1);
      for (let round = 0; round < ROUNDS; round++) {
        peerRates.push(await stock.steps(STOCK_STEPS));
        rates.push(await own.steps(STEPS));
      }
      const value = median(rates), ratio = median(rates.map((rate, i) => rate / peerRates[i]!));
      return [
        {
          ...{ name: `${family}.train`, unit: "windows/s", value },
          peer: { name: "tfjs as published", value: median(peerRates) },
          target: `≥ ${targets.windows.toLocaleString("en")}`,
          passed: value >= targets.windows || (value >= targets.windows / 2 && ratio >= SLOWER),
        },
        forwardResult(family, job, targets),
      ];
    },
  };
}

/** On a machine that others use, half of the target passes where the peer of the same run is so many times slower. */
const SLOWER = 3;

interface StepsWorker extends Disposable {
  /** Windows a second of so many steps. */
  steps(count: number): Promise<number>;
}

async function startWorker(job: TrainingJob, { stock }: { readonly stock: boolean }): Promise<StepsWorker> {
  const worker = new Worker(new URL("./sequence_worker.ts", import.meta.url), { type: "module" });
  const ask = (request: StepsRequest) =>
    new Promise<number>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`The Worker of the bench failed: ${event.message}`));
      };
      worker.postMessage(request);
    });
  await ask({ type: "start", job, wasmFile: wasmFilePath(), stock });
  return { steps: (count) => ask({ type: "steps", count }), [Symbol.dispose]: () => worker.terminate() };
}

function forwardResult(family: SequenceFamily, job: TrainingJob, { forwardUs }: SequenceTargets): BenchResult {
  const { network, rows } = movedJob(job, 1), forward = new NetworkForward(network), out = allocateOutputs();
  const inputs = Array.from(
    { length: FORWARD_ROWS },
    (_, i) => Float64Array.from(rows.inputs.subarray(i * rows.width, (i + 1) * rows.width)),
  );
  const batchesMs = Array.from({ length: 20 }, () => {
    const startedMs = performance.now();
    for (const row of inputs) forward.run(row, 1, out);
    return performance.now() - startedMs;
  });
  const value = 1000 * median(batchesMs.slice(10)) / FORWARD_ROWS;
  return {
    ...{ name: `${family}.forward_row`, unit: "µs", value, target: `≤ ${forwardUs}` },
    passed: value <= 2 * forwardUs,
  };
}
