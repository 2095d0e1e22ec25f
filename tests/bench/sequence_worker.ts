/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Takes training steps of a job on one backend of tfjs, some at a time, and tells how many rows a second they were.
 *
 * @module
 */
import { startStockBackend, startWasmBackend } from "../../src/ml/kernels/wasm_backend.ts";
import { TrainModule } from "../../src/ml/kernels/train_module.ts";
import { AdamW } from "../../src/ml/training/adam_w.ts";
import type { GradientEngine } from "../../src/ml/training/gradient_engine.ts";
import type { TrainingJob } from "../../src/ml/training/protocol.ts";
import { shardOf, SHARDS } from "../../src/ml/training/shard_group.ts";
import { tensorEngine } from "../../src/ml/training/tensor_engine.ts";
import { tapeGradients } from "../ml/training/tape_losses.ts";

/** What the Worker is told, first to start, then to work. */
export type StepsRequest =
  | { readonly type: "start"; readonly job: TrainingJob; readonly wasmFile: string; readonly stock: boolean }
  | { readonly type: "steps"; readonly count: number };

let job: TrainingJob, engine: GradientEngine, optimizer: AdamW, parts: Float32Array[], taken = 0;

self.onmessage = async ({ data }: MessageEvent<StepsRequest>) => {
  if (data.type === "start") {
    await (data.stock ? startStockBackend : startWasmBackend)(data.wasmFile);
    job = data.job;
    engine = data.stock ? tapeEngine(job) : tensorEngine(job);
    optimizer = new AdamW(new TrainModule(), engine.decays, { clipNorm: 1 });
    optimizer.weights.values.set(engine.start);
    parts = Array.from({ length: SHARDS }, () => new Float32Array(engine.start.length));
    return self.postMessage(0);
  }
  const startedMs = performance.now();
  for (let i = 0; i < data.count; i++) step();
  self.postMessage(data.count * job.options.batchSize / ((performance.now() - startedMs) / 1000));
};

/** Gradients by tfjs' own operations, as our kernels for a layer and for the losses are not there; the weights stay. */
function tapeEngine(job: TrainingJob): GradientEngine {
  return {
    ...tensorEngine(job),
    gradient(_weights, rows, scale, gradient) {
      const { sums, tensors } = tapeGradients(job, rows, scale);
      let at = 0;
      for (const values of tensors) {
        gradient.set(values, at);
        at += values.length;
      }
      return { ...sums, moved: 0 };
    },
  };
}

/** One step as the training loop takes it: two shards, their sum, AdamW. */
function step(): void {
  const { batchSize } = job.options, { trainRows } = job.rows, first = taken++ * batchSize;
  const picked = Int32Array.from({ length: batchSize }, (_, i) => (first + i) % trainRows);
  const weights = optimizer.weights.values.subarray(0, engine.start.length);
  const scale = { direction: 1 / batchSize, volatility: 1 / batchSize, quantiles: 1 / batchSize };
  parts.forEach((part, shard) => engine.gradient(weights, shardOf(picked, shard), scale, part));
  const [a, b] = parts as [Float32Array, Float32Array];
  for (let i = 0; i < a.length; i++) optimizer.gradient.values[i] = a[i]! + b[i]!;
  optimizer.apply(job.options.learningRate);
}
