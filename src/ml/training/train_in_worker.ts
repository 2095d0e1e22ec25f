import { createRequire } from "node:module";
import { type CallOptions, DomainError, isDomainError } from "../../core/mod.ts";
import { watchSilence } from "../silence_watch.ts";
import { requestStop } from "../stop_word.ts";
import { failureOf } from "../worker_failure.ts";
import { type Checkpoint, openCheckpoint } from "./checkpoint.ts";
import { weightCountOf } from "./engine_choice.ts";
import type { EpochReport, ResumedFrom, TrainingJob, TrainingOutcome, WorkerReply, WorkerRequest } from "./protocol.ts";
import { requireJob } from "./require_job.ts";
import { shareShards } from "./shard_group.ts";

/** Options of {@linkcode trainInWorker}. */
export interface TrainInWorkerOptions extends CallOptions {
  /** Called after the start and after each epoch. */
  readonly onEpoch?: (report: EpochReport) => void;
  /** Called a few times a second. */
  readonly onStep?: (step: { readonly epoch: number; readonly done: number; readonly total: number }) => void;
  /** Workers that share a batch; the weights are the same. @default 2, or 1 on one core */
  readonly workers?: 1 | 2;
  /**
   * Folder where each epoch's state is kept until the training ends, so that the same job goes on from it after a kill.
   *
   * @default none is kept
   */
  readonly checkpoints?: string;
  /** Whose training it is, told to whoever goes on from its checkpoint. */
  readonly owner?: string;
  /** Called, and waited for, before all else where the training goes on after an epoch of an earlier one. */
  readonly onResume?: (from: ResumedFrom) => void | Promise<void>;
  /** A Worker that says nothing for so long is taken for dead. @default 120000 */
  readonly silentMs?: number;
  /** Module of the Workers, for tests of what goes wrong in one. */
  readonly workerModule?: URL;
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
 * Trains in Workers of their own whose only permission is to read the WASM file; the caller's thread stays free. An
 * abort ends them at once and rejects with the signal's reason.
 *
 * @throws {DomainError} `input-invalid` and `config-invalid` as {@linkcode requireJob}; `check-failed` where the loss diverges;
 * `worker-lost` where a Worker died; `input-invalid`, `permission-denied` or `disk-full` where a checkpoint is damaged, or
 * cannot be read or written.
 */
export async function trainInWorker(job: TrainingJob, options: TrainInWorkerOptions = {}): Promise<TrainingOutcome> {
  const { signal, checkpoints, owner, onResume, workers = navigator.hardwareConcurrency > 1 ? 2 : 1 } = options;
  signal?.throwIfAborted();
  requireJob(job);
  const checkpoint = checkpoints === undefined ? undefined : await openCheckpoint(checkpoints, job, owner);
  if (checkpoint?.state !== undefined) {
    const { epoch, steps } = checkpoint.state;
    await onResume?.({ epoch, steps, owner: checkpoint.leftBy });
  }
  // What cannot be removed does no harm: the same job would go on from it, to the same end.
  const remove = () => checkpoint?.remove().catch(() => {});
  try {
    const outcome = await runWorkers(job, workers, checkpoint, options);
    await remove();
    return outcome;
  } catch (error) {
    // A loss that diverged would do so again from there. Whatever else ended the training may be mended.
    if (isDomainError(error, "check-failed")) await remove();
    throw error;
  }
}

async function runWorkers(
  job: TrainingJob,
  members: 1 | 2,
  checkpoint: Checkpoint | undefined,
  options: TrainInWorkerOptions,
): Promise<TrainingOutcome> {
  const { signal, onEpoch, onStep, silentMs = 120_000, workerModule = new URL("./worker.ts", import.meta.url) } =
    options;
  signal?.throwIfAborted(); // it may have been aborted while the checkpoint was opened, and says so once
  const { promise, resolve, reject } = Promise.withResolvers<TrainingOutcome>();
  const wasmFile = wasmFilePath(), shards = shareShards(weightCountOf(job), members);
  const onAbort = () => reject(signal!.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  let saving: Promise<void> = Promise.resolve();
  using watch = watchSilence(members, silentMs, (what) => reject(workerFailure(what)));
  const handle = (reply: WorkerReply, member: number) => {
    watch.heard(member);
    switch (reply.type) {
      case "step":
        return member === 0 ? onStep?.(reply) : undefined;
      case "epoch":
        if (reply.state !== undefined) {
          const { state } = reply;
          saving = saving.then(() => checkpoint?.save(state));
          saving.catch(reject);
        }
        return onEpoch?.(reply.report);
      case "done":
        return resolve(reply.outcome);
      case "failed":
        return reject(failureOf(reply));
    }
  };
  const started = Array.from({ length: members }, (_, member) => {
    const worker = new Worker(workerModule, trainingWorkerOptions(wasmFile));
    worker.onmessage = (event: MessageEvent<WorkerReply>) => handle(event.data, member);
    worker.onerror = (event) => {
      event.preventDefault(); // else it is thrown on this thread too
      reject(workerFailure(`failed: ${event.message}`));
    };
    const resume = checkpoint?.state;
    const request: WorkerRequest = {
      ...{ wasmFile, job, member, shards, checkpoints: checkpoint !== undefined },
      ...(resume === undefined ? {} : { resume }),
    };
    worker.postMessage(request);
    return worker;
  });
  try {
    return await promise;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    requestStop(shards.stop);
    for (const worker of started) worker.terminate();
    await saving.catch(() => {}); // its error is on its way to the caller already
  }
}

function workerFailure(what: string): DomainError {
  return new DomainError("worker-lost", `The training worker ${what}`, {
    hint: "Most likely memory ran out: take a shorter range, or a larger mlp.rowStride or sequence.everyMinutes",
  });
}
