/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Module Worker that runs one job on a dataset in shared memory, all on its own thread, and ends. It may read what a
 * training Worker may, and nothing else.
 *
 * @module
 */
import { fitGbdtHere } from "../gbdt/training/fit_gbdt.ts";
import { throwIfStopped, WorkStopped } from "../stop_word.ts";
import { trainHere } from "../training/train_here.ts";
import { describeFailure } from "../worker_failure.ts";
import type { JobWorkerReply, JobWorkerRequest } from "./job_protocol.ts";
import { runFitJob } from "./run_fit_job.ts";
import { datasetOf } from "./shared_dataset.ts";

self.onmessage = async ({ data: { job, dataset, wasmFile, stop } }: MessageEvent<JobWorkerRequest>) => {
  const reply = (message: JobWorkerReply) => self.postMessage(message);
  try {
    const result = await runFitJob(job, datasetOf(dataset), {
      train: trainHere(wasmFile, stop),
      grow: (task, { onTree }) =>
        Promise.resolve(fitGbdtHere(task, (report) => {
          throwIfStopped(stop);
          onTree?.(report);
        })),
      progress: { update: (state) => reply({ type: "progress", state }), log() {} },
      onEpoch: (report, member) => reply({ type: "epoch", report, member }),
    });
    reply({ type: "done", result });
  } catch (error) {
    if (error instanceof WorkStopped) return; // whoever stopped it knows why
    reply({ type: "failed", ...describeFailure(error) });
  }
};
