/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * Module Worker that fits models on a dataset in shared memory, all on its own thread, and ends. It may read what a
 * training Worker may, and nothing else.
 *
 * @module
 */
import { collectGarbage, spareGarbage } from "../collect_garbage.ts";
import { type Dataset, datasetOf } from "../dataset.ts";
import { fitFamily, type FitFamilyDeps } from "../experiment/fit_family.ts";
import { scoreFold } from "../experiment/score_fold.ts";
import { fitGbdtHere } from "../gbdt/training/fit_gbdt.ts";
import { type StopWord, throwIfStopped, WorkStopped } from "../stop_word.ts";
import type { TrainNetwork } from "../training/fit_network.ts";
import { trainHere } from "../training/train_here.ts";
import { describeFailure } from "../worker_failure.ts";
import type { JobTask, JobWorkerReply, JobWorkerRequest } from "./job_protocol.ts";
import { runFitJob } from "./run_fit_job.ts";
import type { SharedDataset } from "./shared_dataset.ts";

/** Trains on this thread, without what the lines before it have left behind. */
function trainLean(wasmFile: string, stop: StopWord): TrainNetwork {
  const train = trainHere(wasmFile, stop);
  return (job, options) => {
    collectGarbage();
    return train(job, options);
  };
}

self.onmessage = async ({ data: { task, dataset, dataAreFew, wasmFile, stop } }: MessageEvent<JobWorkerRequest>) => {
  spareGarbage(dataAreFew);
  try {
    await run(task, dataset, {
      train: trainLean(wasmFile, stop),
      grow: (task, { onTree }) =>
        Promise.resolve(fitGbdtHere(task, (report) => {
          throwIfStopped(stop);
          onTree?.(report);
        })),
      progress: { update: (state) => reply({ type: "progress", state }), log() {} },
      breathe: () => Promise.resolve(throwIfStopped(stop)),
    });
  } catch (error) {
    if (error instanceof WorkStopped) return; // whoever stopped it knows why
    reply({ type: "failed", ...describeFailure(error) });
  }
};

async function run(
  task: JobTask,
  shared: SharedDataset,
  deps: FitFamilyDeps & { readonly breathe: () => Promise<void> },
): Promise<void> {
  const dataset = datasetOf(shared);
  if (task.kind === "validate") {
    const onEpoch: FitFamilyDeps["onEpoch"] = (report, member) => reply({ type: "epoch", report, member });
    return reply({ type: "done", result: await runFitJob(task.job, dataset, { ...deps, onEpoch }) });
  }
  if (task.kind === "fit") {
    const { model } = await fitFamily(dataset, task.split, task.settings, { ...deps, withoutDetails: true });
    reply({ type: "fitted", model: { spec: model.spec, parts: model.parts } });
    collectGarbage(); // its training rows
    return reply({ type: "done" });
  }
  await scoreAndReply(task, dataset, deps);
  collectGarbage(); // what scores and baselines were made of, before the next window is read
  reply({ type: "done" });
}

async function scoreAndReply(
  { settings, fold, withoutBaselines }: ScoreTask,
  dataset: Dataset,
  deps: FitFamilyDeps,
): Promise<void> {
  const outcome = await scoreFold(dataset, fold, settings, { ...deps, withoutBaselines });
  const { spec, parts } = outcome.fitted;
  reply({ type: "fold", outcome: { ...outcome, fitted: { spec, parts } } });
}

type ScoreTask = Extract<JobTask, { readonly kind: "score" }>;

function reply(message: JobWorkerReply): void {
  self.postMessage(message);
}
