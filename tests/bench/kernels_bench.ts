import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm"; // registers the stock kernels, which are kept before ours replace them
import { startWasmBackend } from "../../src/ml/kernels/wasm_backend.ts";
import { wasmFilePath } from "../../src/ml/training/train_in_worker.ts";
import { type Bench, type BenchResult, median } from "./bench.ts";

const ROUNDS = 7, CALLS = 5;

/** One use of a kernel, as training a network makes it. */
interface Case {
  readonly name: string;
  /** Kernels that are stock in the peer's turn. */
  readonly kernels: readonly string[];
  /** Makes the operands; the returned function runs the kernel once. */
  prepare(): () => tf.Tensor | tf.Tensor[];
}

const CASES: readonly Case[] = [
  {
    name: "weight_gradient",
    kernels: ["BatchMatMul"],
    prepare: () => {
      const x = tf.randomNormal([1024, 64]), delta = tf.randomNormal([1024, 64]);
      return () => tf.matMul(x, delta, true, false);
    },
  },
  {
    name: "input_gradient",
    kernels: ["BatchMatMul"],
    prepare: () => {
      const delta = tf.randomNormal([1024, 64]), kernel = tf.randomNormal([64, 64]);
      return () => tf.matMul(delta, kernel, false, true);
    },
  },
  {
    name: "batched_product",
    kernels: ["BatchMatMul"],
    prepare: () => {
      const a = tf.randomNormal([32, 64, 64]), b = tf.randomNormal([32, 64, 64]);
      return () => tf.matMul(a, b);
    },
  },
  {
    name: "bias_gradient",
    kernels: ["Sum"],
    prepare: () => {
      const delta = tf.randomNormal([16_384, 64]);
      return () => tf.sum(delta, 0);
    },
  },
  {
    name: "transpose",
    kernels: ["Transpose"],
    prepare: () => {
      const x = tf.randomNormal([4096, 256]);
      return () => tf.transpose(x);
    },
  },
  {
    name: "unstack_60_steps",
    kernels: ["Slice", "SplitV", "Unpack", "Reshape", "Identity"],
    prepare: () => {
      const x = tf.randomNormal([60, 256, 64]);
      return () => tf.unstack(x);
    },
  },
  {
    name: "clone",
    kernels: ["Identity"],
    prepare: () => {
      const x = tf.randomNormal([1_000_000]);
      return () => tf.clone(x);
    },
  },
  ...(["tanh", "softplus"] as const).map((name) => ({
    name,
    kernels: [name === "tanh" ? "Tanh" : "Softplus"],
    prepare: () => {
      const x = tf.randomNormal([1_000_000]);
      return () => tf[name](x);
    },
  })),
];

/** Our kernels for the WASM backend of tfjs beside the stock ones, by turns on the same tensors. */
export const bench: Bench = {
  name: "kernels",
  async run() {
    const stock = kernelsByName();
    await startWasmBackend(wasmFilePath());
    const ours = kernelsByName();
    return CASES.map((one) => measure(one, stock, ours));
  },
};

type Kernels = ReadonlyMap<string, tf.KernelConfig>;

function kernelsByName(): Kernels {
  return new Map(tf.getKernelsForBackend("wasm").map((kernel) => [kernel.kernelName, kernel]));
}

function measure({ name, kernels, prepare }: Case, stock: Kernels, ours: Kernels): BenchResult {
  const run = prepare(), stockMs: number[] = [], oursMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    use(kernels, stock);
    stockMs.push(callMs(run));
    use(kernels, ours);
    oursMs.push(callMs(run));
  }
  const value = median(oursMs), peer = { name: "stock tfjs", value: median(stockMs) };
  return { name: `kernels.${name}`, unit: "ms", value, peer, target: "≤ peer", passed: value <= peer.value };
}

function use(names: readonly string[], kernels: Kernels): void {
  for (const name of names) {
    tf.unregisterKernel(name, "wasm");
    tf.registerKernel(kernels.get(name)!);
  }
}

/** Middle time of a few calls. */
function callMs(run: () => tf.Tensor | tf.Tensor[]): number {
  const times = Array.from({ length: CALLS }, () => {
    const startedMs = performance.now();
    const out = run();
    const tookMs = performance.now() - startedMs;
    tf.dispose(out);
    return tookMs;
  });
  return median(times);
}
