import * as tf from "@tensorflow/tfjs-core";
// Registers the gradients: the core's Node bundle has none, and its own list of them cannot be imported in Deno.
import "@tensorflow/tfjs-layers";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { installWasmKernels } from "./wasm_kernels.ts";

/** Starts tfjs on WASM with one thread (threads gain nothing here) and the faster kernels; later calls do nothing. */
export async function startWasmBackend(wasmFile: string): Promise<void> {
  if (tf.getBackend() === "wasm") return;
  await startStockBackend(wasmFile);
  installWasmKernels();
}

/** Starts tfjs on WASM as it is published: what the kernels are measured against. */
export async function startStockBackend(wasmFile: string): Promise<void> {
  // As a blob URL: the emscripten glue fetches it, which needs no permission, while a path makes it use node:fs.
  const url = URL.createObjectURL(new Blob([await Deno.readFile(wasmFile)]));
  setThreadsCount(1);
  setWasmPaths({
    "tfjs-backend-wasm.wasm": url,
    "tfjs-backend-wasm-simd.wasm": url,
    "tfjs-backend-wasm-threaded-simd.wasm": url,
  }, true);
  tf.enableProdMode();
  if (!await tf.setBackend("wasm")) throw new Error(`Cannot start the tfjs WASM backend from '${wasmFile}'`);
  URL.revokeObjectURL(url);
}
