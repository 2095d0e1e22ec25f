import { TrainModule } from "../kernels/train_module.ts";
import { newStopWord, type StopWord } from "../stop_word.ts";
import type { TrainNetwork } from "./fit_network.ts";
import { engineNameOf, weightCountOf } from "./engine_choice.ts";
import { fusedEngine } from "./fused_engine.ts";
import type { GradientEngine } from "./gradient_engine.ts";
import type { TrainingJob } from "./protocol.ts";
import { requireJob } from "./require_job.ts";
import { ShardGroup, shareShards } from "./shard_group.ts";
import { trainNetwork } from "./train_network.ts";

/** Tells of steps at most this often. */
export const STEP_MESSAGE_EVERY_MS = 200;

/**
 * Trains on the thread of the caller, for Workers that fit whole models: the same bytes as in Workers of its own. The
 * thread is not free before it ends, so an abort is for whoever owns the Worker and shares the stop word.
 *
 * @param wasmFile of tfjs, which the `tensors` engine alone loads.
 * @param stop Looked at once a step.
 */
export function trainHere(wasmFile: string, stop: StopWord = newStopWord()): TrainNetwork {
  return async (job, { onEpoch, onStep }) => {
    requireJob(job);
    const module = new TrainModule();
    let toldAt = -Infinity;
    return trainNetwork(job, {
      module,
      engine: await engineOf(module, job, wasmFile),
      group: new ShardGroup(shareShards(weightCountOf(job), 1, stop), 0),
      listener: {
        step(epoch, done, total) {
          const now = performance.now();
          if (now - toldAt < STEP_MESSAGE_EVERY_MS && done < total) return;
          toldAt = now;
          onStep?.({ epoch, done, total });
        },
        epoch: (report) => onEpoch?.(report),
      },
    });
  };
}

/** What computes a job's gradients; tfjs is loaded for the `tensors` engine only. */
export async function engineOf(module: TrainModule, job: TrainingJob, wasmFile: string): Promise<GradientEngine> {
  if (engineNameOf(job) === "fused") return fusedEngine(module, job);
  const { startWasmBackend } = await import("../kernels/wasm_backend.ts");
  const { tensorEngine } = await import("./tensor_engine.ts");
  await startWasmBackend(wasmFile);
  return tensorEngine(job);
}
