/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Module Worker that trains one network, alone or as one of two, and ends. It may read the WASM file of tfjs, which it
 * loads for the `tensors` engine only, and nothing else.
 *
 * @module
 */
import { TrainModule } from "../kernels/train_module.ts";
import { WorkStopped } from "../stop_word.ts";
import { describeFailure } from "../worker_failure.ts";
import type { WorkerReply, WorkerRequest } from "./protocol.ts";
import { ShardGroup } from "./shard_group.ts";
import { engineOf, STEP_MESSAGE_EVERY_MS } from "./train_here.ts";
import { trainNetwork } from "./train_network.ts";

self.onmessage = async (event: MessageEvent<WorkerRequest>) => {
  const { job, wasmFile, member, shards, resume, checkpoints } = event.data;
  const reply = (message: WorkerReply) => self.postMessage(message);
  let toldAt = 0;
  try {
    const module = new TrainModule();
    const outcome = trainNetwork(job, {
      module,
      engine: await engineOf(module, job, wasmFile),
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
    if (error instanceof WorkStopped) return; // whoever stopped it knows why
    reply({ type: "failed", ...describeFailure(error) });
  }
};
