import v8 from "node:v8";
import vm from "node:vm";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { seededRandom } from "../../../src/core/mod.ts";
import { TrainModule } from "../../../src/ml/kernels/train_module.ts";
import { startWasmBackend } from "../../../src/ml/kernels/wasm_backend.ts";
import { tensorsOf } from "../../../src/ml/models/network.ts";
import { fusedEngine, fusedWeightCount } from "../../../src/ml/training/fused_engine.ts";
import { ShardGroup, shareShards } from "../../../src/ml/training/shard_group.ts";
import { tensorEngine } from "../../../src/ml/training/tensor_engine.ts";
import { wasmFilePath } from "../../../src/ml/training/train_in_worker.ts";
import { trainNetwork } from "../../../src/ml/training/train_network.ts";
import { movedJob, plantedJob } from "./planted_job.ts";
import { tapeGradients } from "./tape_losses.ts";

v8.setFlagsFromString("--expose-gc");
const collectGarbage: () => void = vm.runInNewContext("gc");

async function startBackend(): Promise<void> {
  await startWasmBackend(wasmFilePath());
  await tf.setBackend("wasm");
}

Deno.test("both engines have the losses and gradients of tfjs' own operations within 1e-5, whatever the shape", async () => {
  await startBackend();
  const arbitrary = fc.record({
    width: fc.integer({ min: 2, max: 23 }),
    hidden: fc.array(fc.integer({ min: 1, max: 21 }), { minLength: 0, maxLength: 3 }),
    rows: fc.integer({ min: 1, max: 150 }),
    seed: fc.integer({ min: 1, max: 1000 }),
  });
  fc.assert(
    fc.property(arbitrary, ({ width, hidden, rows, seed }) => {
      const random = seededRandom(seed);
      const plain = plantedJob({ width, hidden, seed, trainRows: 150, validationRows: 10 });
      for (let i = 0; i < 150; i += 7) plain.rows.returnBps[i] = 0; // ties are left out of the direction's loss
      plain.rows.plainLogit.forEach((_, i) => plain.rows.plainLogit[i] = random.normal() / 3);
      const job = movedJob(plain, seed);
      const picked = Int32Array.from({ length: rows }, () => random.integer(150));
      const scale = { direction: 0.7 / 150, volatility: 1.1 / 150, quantiles: 1.3 / 150 };
      const expected = tapeGradients(job, picked, scale);
      const moves = picked.reduce((sum, row) => sum + Number(job.rows.returnBps[row] !== 0), 0);
      for (const engine of [fusedEngine(new TrainModule(), job), tensorEngine(job)]) {
        const gradient = new Float32Array(engine.start.length);
        const sums = engine.gradient(engine.start, picked, scale, gradient);
        const alone = engine.losses(engine.start, picked);
        for (const found of [sums, alone]) {
          assertEquals(found.moved, moves);
          for (const key of ["direction", "volatility", "quantiles"] as const) {
            assertAlmostEquals(found[key], expected.sums[key], 1e-5 * Math.max(1, Math.abs(expected.sums[key])), key);
          }
        }
        engine.tensors(gradient).forEach((values, t) =>
          values.forEach((value, i) => assertAlmostEquals(value, expected.tensors[t]![i]!, 1e-5, `tensor ${t} at ${i}`))
        );
      }
    }),
    { numRuns: 60, seed: 6 },
  );
});

Deno.test("a shard without rows has no loss, and a gradient of zero, in both engines", async () => {
  await startBackend();
  const job = plantedJob(), scale = { direction: 1, volatility: 1, quantiles: 1 };
  for (const engine of [fusedEngine(new TrainModule(), job), tensorEngine(job)]) {
    const gradient = new Float32Array(engine.start.length).fill(7);
    const sums = engine.gradient(engine.start, new Int32Array(), scale, gradient);
    assertEquals(sums, { direction: 0, volatility: 0, quantiles: 0, moved: 0 });
    assert(gradient.every((value) => value === 0));
  }
});

Deno.test("fusedEngine() gives the network's own tensors back, and decays kernels alone", () => {
  const job = plantedJob({ hidden: [5, 7] });
  const engine = fusedEngine(new TrainModule(), job);
  assertEquals(engine.start.length, fusedWeightCount(job.network));
  assertEquals(engine.tensors(engine.start), tensorsOf(job.network));
  const decays = engine.tensors(Float32Array.from(engine.decays));
  decays.forEach((values, i) => assert(values.every((value) => value === (i % 2 === 0 ? 1 : 0)), `tensor ${i}`));
});

Deno.test("both engines reach the same loss in training", async () => {
  await startBackend();
  const losses = (["fused", "tensors"] as const).map((engine) => {
    const { best } = trainHere(engine);
    return best;
  });
  assertAlmostEquals(losses[0]!, losses[1]!, 2e-4);
});

Deno.test("memory stays flat over epochs: tensors, the heap of tfjs and the heap of JavaScript", async () => {
  await startBackend();
  const buffers: number[] = [], bytes: number[] = [], heap: number[] = [];
  trainHere("tensors", 12, () => {
    buffers.push(tf.memory().numDataBuffers);
    bytes.push(tf.memory().numBytes);
    collectGarbage();
    heap.push(Deno.memoryUsage().heapUsed);
  });
  assertEquals(new Set(buffers.slice(1)).size, 1, `${buffers}`);
  assertEquals(new Set(bytes.slice(1)).size, 1, `${bytes}`);
  // An epoch's batches are 8 MB: one that stayed would show.
  assert(heap.at(-1)! - heap[2]! < 2e6, `${heap}`);
});

function trainHere(engineName: "fused" | "tensors", epochs = 6, onEpoch = () => {}) {
  const job = plantedJob({ training: { epochs, patience: 99 } });
  const module = new TrainModule(), engine = engineName === "fused" ? fusedEngine(module, job) : tensorEngine(job);
  let best = Infinity;
  const outcome = trainNetwork(job, {
    module,
    engine,
    group: new ShardGroup(shareShards(fusedWeightCount(job.network), 1), 0),
    listener: {
      step() {},
      epoch({ validation }) {
        best = Math.min(best, validation.total);
        onEpoch();
      },
    },
  });
  return { best, outcome };
}
