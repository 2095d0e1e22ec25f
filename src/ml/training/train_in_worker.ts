import { createRequire } from "node:module";
import type { CallOptions } from "../../core/mod.ts";
import type { EpochReport, TrainingJob, TrainingOutcome, WorkerReply, WorkerRequest } from "./protocol.ts";

/** Options of {@linkcode trainInWorker}. */
export interface TrainInWorkerOptions extends CallOptions {
  /** Called after the start and after each epoch. */
  readonly onEpoch?: (report: EpochReport) => void;
  /** Called a few times a second. */
  readonly onStep?: (step: { readonly epoch: number; readonly done: number; readonly total: number }) => void;
}

/** The SIMD build of the WASM backend, inside the installed package. */
export function wasmFilePath(): string {
  return createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm");
}

/** A module Worker that may read the WASM file and nothing else; in the compiled binary, the packages inside it. */
export function trainingWorkerOptions(wasmFile: string): WorkerOptions & { readonly type: "module" } {
  // A Worker of the binary resolves its packages at run time, which counts as reading them.
  const packages = wasmFile.slice(0, wasmFile.indexOf("node_modules") + "node_modules".length);
  const readable = Deno.build.standalone ? packages : wasmFile;
  return {
    type: "module",
    name: "train",
    deno: {
      permissions: { read: [readable], write: false, net: false, env: false, run: false, ffi: false, sys: false },
    },
  };
}

/**
 * Trains in a Worker of its own whose only permission is to read the WASM file; the caller's thread stays free. An
 * abort ends the Worker at once and rejects with the signal's reason.
 */
export function trainInWorker(job: TrainingJob, options: TrainInWorkerOptions = {}): Promise<TrainingOutcome> {
  const { signal, onEpoch, onStep } = options;
  signal?.throwIfAborted();
  const wasmFile = wasmFilePath();
  const worker = new Worker(new URL("./worker.ts", import.meta.url), trainingWorkerOptions(wasmFile));
  const { promise, resolve, reject } = Promise.withResolvers<TrainingOutcome>();
  const onAbort = () => reject(signal!.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  worker.onmessage = (event: MessageEvent<WorkerReply>) => {
    const reply = event.data;
    switch (reply.type) {
      case "step":
        return onStep?.(reply);
      case "epoch":
        return onEpoch?.(reply.report);
      case "done":
        return resolve(reply.outcome);
      case "failed":
        return reject(Object.assign(new Error(reply.message), { stack: reply.stack }));
    }
  };
  worker.onerror = (event) => {
    event.preventDefault(); // else it is thrown on this thread too
    reject(new Error(`The training worker failed: ${event.message}`));
  };
  worker.postMessage({ wasmFile, job } satisfies WorkerRequest);
  return promise.finally(() => {
    signal?.removeEventListener("abort", onAbort);
    worker.terminate();
  });
}
