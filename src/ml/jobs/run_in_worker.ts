import { type CallOptions, DomainError, type ProgressState } from "../../core/mod.ts";
import { watchSilence } from "../silence_watch.ts";
import { newStopWord, requestStop } from "../stop_word.ts";
import type { EpochReport } from "../training/protocol.ts";
import { trainingWorkerOptions, wasmFilePath } from "../training/train_in_worker.ts";
import { failureOf } from "../worker_failure.ts";
import type { FitJob } from "./fit_job.ts";
import type { JobTask, JobWorkerReply, JobWorkerRequest, TravelledFold } from "./job_protocol.ts";
import type { FitJobResult } from "./run_fit_job.ts";
import type { SharedDataset } from "./shared_dataset.ts";

/** Options of {@linkcode runInWorker}. */
export interface RunInWorkerOptions extends CallOptions {
  /** Called a few times a second. */
  readonly onProgress?: (state: ProgressState) => void;
  /** Called after the start and after each epoch of each network, counted from 1. */
  readonly onEpoch?: (report: EpochReport, member: number) => void;
  /** A Worker that says nothing for so long is taken for dead; lines and trees are fitted without a word. @default 600000 */
  readonly silentMs?: number;
  /** Module of the Worker, for tests of what goes wrong in one. */
  readonly workerModule?: URL;
}

/**
 * Runs one job in a Worker of its own, which sees the shared dataset and whose only permission is to read the WASM file.
 * An abort ends it at once and rejects with the signal's reason.
 *
 * @throws {DomainError} as `runFitJob`; `worker-lost` where the Worker died.
 */
export async function runInWorker(
  job: FitJob,
  dataset: SharedDataset,
  options: RunInWorkerOptions = {},
): Promise<FitJobResult> {
  return (await runTask({ kind: "validate", job }, dataset, options))!;
}

/** Options of {@linkcode runTask}. */
export interface RunTaskOptions extends RunInWorkerOptions {
  /** Takes each step of a `score` as it ends. */
  readonly onFold?: (place: number, outcome: TravelledFold) => void;
}

/** Runs any task in a Worker of its own; gives the result of `validate`. @throws as {@linkcode runInWorker}. */
export async function runTask(
  task: JobTask,
  dataset: SharedDataset,
  options: RunTaskOptions,
): Promise<FitJobResult | undefined> {
  const { signal, onProgress, onEpoch, onFold, silentMs = 600_000 } = options;
  const { workerModule = new URL("./worker.ts", import.meta.url) } = options;
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<FitJobResult | undefined>();
  const onAbort = () => reject(signal!.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  using watch = watchSilence(1, silentMs, (what) => reject(lost(what)));
  const wasmFile = wasmFilePath(), stop = newStopWord();
  const worker = new Worker(workerModule, { ...trainingWorkerOptions(wasmFile), name: "job" });
  const handle = (reply: JobWorkerReply) => {
    switch (reply.type) {
      case "progress":
        return onProgress?.(reply.state);
      case "epoch":
        return onEpoch?.(reply.report, reply.member);
      case "fold":
        return onFold?.(reply.place, reply.outcome);
      case "done":
        return resolve(reply.result);
      case "failed":
        return reject(failureOf(reply));
    }
  };
  worker.onmessage = ({ data }: MessageEvent<JobWorkerReply>) => {
    watch.heard(0);
    try {
      handle(data);
    } catch (error) {
      reject(error); // of a listener: nobody else would see it
    }
  };
  worker.onerror = (event) => {
    event.preventDefault(); // else it is thrown on this thread too
    reject(lost(`failed: ${event.message}`));
  };
  try {
    worker.postMessage({ task, dataset, wasmFile, stop } satisfies JobWorkerRequest);
    return await promise;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    requestStop(stop);
    worker.terminate();
  }
}

function lost(what: string): DomainError {
  return new DomainError("worker-lost", `The worker of the job ${what}`, {
    hint: "Most likely memory ran out: run fewer jobs side by side, or take a shorter range",
  });
}
