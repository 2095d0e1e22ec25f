/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Module Worker that trains one network, alone or as one of two, and ends. It may read the WASM file of tfjs, which it
 * loads for the `tensors` engine only, and nothing else.
 *
 * @module
 */
import { DomainError } from "../../core/mod.ts";
import { TrainModule } from "../kernels/train_module.ts";
import { engineNameOf } from "./engine_choice.ts";
import { fusedEngine } from "./fused_engine.ts";
import type { GradientEngine } from "./gradient_engine.ts";
import type { WorkerReply, WorkerRequest } from "./protocol.ts";
import { ShardGroup } from "./shard_group.ts";
import { trainNetwork } from "./train_network.ts";

const STEP_MESSAGE_EVERY_MS = 200;

self.onmessage = async (event: MessageEvent<WorkerRequest>) => {
  const { job, member, shards, resume, checkpoints } = event.data;
  const reply = (message: WorkerReply) => self.postMessage(message);
  let toldAt = 0;
  try {
    const module = new TrainModule();
    const outcome = trainNetwork(job, {
      module,
      engine: await engineOf(module, event.data),
      group: new ShardGroup(shards, member),
      ...(resume === undefined ? {} : { resume }),
      listener: {
        step(epoch, done, total) {
          const now = performance.now();
          if (now - toldAt < STEP_MESSAGE_EVERY_MS && done < total) return;
          toldAt = now;
          reply({ type: "step", epoch, done, total });
        },
        epoch(report, state) {
          if (member === 0) reply({ type: "epoch", report, ...(checkpoints ? { state: state() } : {}) });
        },
      },
    });
    if (member === 0) reply({ type: "done", outcome });
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    const { code, hint } = error instanceof DomainError ? error : {};
    reply({
      ...{ type: "failed", message, stack: stack ?? "" },
      ...(code === undefined ? {} : { code }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
};

async function engineOf(module: TrainModule, { job, wasmFile }: WorkerRequest): Promise<GradientEngine> {
  if (engineNameOf(job) === "fused") return fusedEngine(module, job);
  const { startWasmBackend } = await import("../kernels/wasm_backend.ts");
  const { tensorEngine } = await import("./tensor_engine.ts");
  await startWasmBackend(wasmFile);
  return tensorEngine(job);
}
