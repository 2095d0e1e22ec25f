import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { seededRandom } from "../../../src/core/mod.ts";
import { startNetwork } from "../../../src/ml/models/network.ts";
import { Adam } from "../../../src/ml/training/adam.ts";
import type { EpochReport, TrainingJob } from "../../../src/ml/training/protocol.ts";
import { trainingWorkerOptions, trainInWorker, wasmFilePath } from "../../../src/ml/training/train_in_worker.ts";

const WIDTH = 8, TRAIN = 6_000, VALIDATION = 2_000;

/** Rows whose input 0 tells the direction a little, and whose input 1 tells the variance beyond the HAR line. */
function plantedJob(
  options: { direction?: number; variance?: number; seed?: number; epochs?: number } = {},
): TrainingJob {
  const { direction = 0.1, variance = 0.5, seed = 1, epochs = 12 } = options;
  const random = seededRandom(77), count = TRAIN + VALIDATION;
  const inputs = Float32Array.from({ length: count * WIDTH }, () => random.normal());
  const logVariance = Float32Array.from({ length: count }, (_, i) => 5 + variance * inputs[i * WIDTH + 1]!);
  const returnBps = Float32Array.from({ length: count }, (_, i) => {
    const sigma = Math.exp(logVariance[i]! / 2);
    return sigma * (random.normal() + direction * inputs[i * WIDTH]!);
  });
  return {
    rows: {
      trainRows: TRAIN,
      validationRows: VALIDATION,
      inputs,
      width: WIDTH,
      cellLogit: new Float32Array(count),
      harLogVariance: new Float32Array(count).fill(5 + variance ** 2 / 2),
      returnBps,
      realizedVarianceBps2: Float32Array.from(logVariance, (value) => Math.exp(value + 0.3 * random.normal() - 0.045)),
    },
    network: startNetwork({
      inputs: WIDTH,
      hidden: [16],
      flags: 2,
      quantiles: [-2.33, -1.64, -1.28, -0.67, 0, 0.67, 1.28, 1.64, 2.33],
      seed,
    }),
    correctionBound: 2,
    options: {
      epochs,
      batchSize: 256,
      learningRate: 0.01,
      patience: 12,
      rowStride: 1,
      lossWeights: { direction: 1, volatility: 1, quantiles: 1 },
      seed,
    },
  };
}

Deno.test("Adam.apply() takes the steps that the paper's formulas give", { permissions: "none" }, () => {
  const weights = [Float32Array.of(1, -2)];
  const adam = new Adam(weights, { learningRate: 0.1 });
  adam.apply(weights, [[0.5, -4]]);
  // The first step is the learning rate against the sign, whatever the gradient's size.
  assertAlmostEquals(weights[0]![0]!, 0.9, 1e-6);
  assertAlmostEquals(weights[0]![1]!, -1.9, 1e-6);
  adam.apply(weights, [[0.1, -4]]);
  const mean = (0.9 * 0.05 + 0.1 * 0.1) / (1 - 0.9 ** 2), square = (0.999 * 0.00025 + 0.001 * 0.01) / (1 - 0.999 ** 2);
  assertAlmostEquals(weights[0]![0]!, 0.9 - 0.1 * mean / (Math.sqrt(square) + 1e-8), 1e-6);
});

Deno.test("trainInWorker() finds a planted signal, and reports the start and each epoch", async () => {
  const reports: EpochReport[] = [];
  let steps = 0;
  const outcome = await trainInWorker(plantedJob(), {
    onEpoch: (report) => reports.push(report),
    onStep: () => steps++,
  });
  const first = reports[0]!, best = reports[outcome.bestEpoch]!;
  assertEquals(reports.map(({ epoch }) => epoch), Array.from({ length: outcome.epochs + 1 }, (_, i) => i));
  assertAlmostEquals(first.validation.direction, Math.log(2), 1e-5);
  // Variance: the planted part is .125 of QLIKE (half its variance); direction: .1 of a standard normal, worth .0030.
  assert(first.validation.volatility - best.validation.volatility > 0.1, JSON.stringify(best.validation));
  assert(first.validation.direction - best.validation.direction > 0.001, JSON.stringify(best.validation));
  assert(steps > 0);
});

Deno.test("trainInWorker() keeps the start where there is nothing to find", async () => {
  const job = plantedJob({ direction: 0, variance: 0, epochs: 6 });
  const reports: EpochReport[] = [];
  const outcome = await trainInWorker(job, { onEpoch: (report) => reports.push(report) });
  const best = reports[outcome.bestEpoch]!.validation;
  assert(best.total <= reports[0]!.validation.total);
  assert(Math.abs(best.direction - Math.log(2)) < 0.002, `${best.direction}`);
});

Deno.test("trainInWorker() gives equal bytes for equal jobs, other bytes for another seed", async () => {
  const bytesOf = async (seed: number) => {
    const { tensors } = await trainInWorker(plantedJob({ seed, epochs: 3 }));
    return tensors.map((tensor) => [...new Uint8Array(tensor.buffer)]);
  };
  const first = await bytesOf(4);
  assertEquals(await bytesOf(4), first);
  assert(JSON.stringify(await bytesOf(5)) !== JSON.stringify(first));
});

Deno.test("trainInWorker() leaves the weights of flags that were never raised at 0", async () => {
  const job = plantedJob({ epochs: 2 });
  for (let i = 0; i < TRAIN + VALIDATION; i++) job.rows.inputs.fill(0, i * WIDTH + 6, (i + 1) * WIDTH);
  const { tensors } = await trainInWorker(job);
  assertEquals([...tensors[0]!.subarray(6 * 16)], new Array(32).fill(0));
  assert(tensors[0]!.subarray(0, 16).some((value) => value !== 0));
});

Deno.test("trainInWorker() stops at once when it is aborted, and rejects with the reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const started = performance.now();
  const training = trainInWorker(plantedJob({ epochs: 100_000 }), {
    signal: controller.signal,
    onEpoch: ({ epoch }) => epoch === 1 && controller.abort(reason),
  });
  assertEquals(await assertRejects(() => training, Error, "enough"), reason);
  assert(performance.now() - started < 10_000);
  await assertRejects(() => trainInWorker(plantedJob(), { signal: controller.signal }), Error, "enough");
});

Deno.test("trainInWorker() tells what went wrong inside", async () => {
  const job = plantedJob();
  job.rows.realizedVarianceBps2.fill(NaN);
  await assertRejects(() => trainInWorker(job), Error, "Training diverged");
});

Deno.test("the training Worker may read the WASM file and nothing else", async () => {
  const probe = `self.onmessage = async () => {
    const tries = {
      read: () => Deno.readTextFile("deno.json"),
      write: () => Deno.writeTextFile("forbidden.txt", ""),
      env: () => Deno.env.get("HOME"),
      net: () => Deno.connect({ hostname: "127.0.0.1", port: 9 }),
      run: () => new Deno.Command("deno").output(),
      sys: () => Deno.hostname(),
    };
    const refused = [];
    for (const [name, attempt] of Object.entries(tries)) {
      try { await attempt(); } catch (error) { if (error instanceof Deno.errors.NotCapable) refused.push(name); }
    }
    self.postMessage(refused);
  };`;
  const url = URL.createObjectURL(new Blob([probe], { type: "text/javascript" }));
  const worker = new Worker(url, trainingWorkerOptions(wasmFilePath()));
  const refused = await new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage(0);
  });
  worker.terminate();
  assertEquals(refused, ["read", "write", "env", "net", "run", "sys"]);
});
