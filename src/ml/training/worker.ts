/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Module Worker that trains one network on the tfjs WASM backend and ends. It may read the WASM file and nothing else.
 *
 * @module
 */
import { startWasmBackend } from "../kernels/wasm_backend.ts";
import type { WorkerReply, WorkerRequest } from "./protocol.ts";
import { trainNetwork } from "./train_network.ts";

const STEP_MESSAGE_EVERY_MS = 200;

self.onmessage = async (event: MessageEvent<WorkerRequest>) => {
  const reply = (message: WorkerReply) => self.postMessage(message);
  let toldAt = 0;
  try {
    await startWasmBackend(event.data.wasmFile);
    const outcome = trainNetwork(event.data.job, {
      step(epoch, done, total) {
        const now = performance.now();
        if (now - toldAt < STEP_MESSAGE_EVERY_MS && done < total) return;
        toldAt = now;
        reply({ type: "step", epoch, done, total });
      },
      epoch: (report) => reply({ type: "epoch", report }),
    });
    reply({ type: "done", outcome });
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    reply({ type: "failed", message, stack: stack ?? "" });
  }
};
