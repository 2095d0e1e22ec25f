/**
 * A program that aborts work that would last for days, and has nothing left to do: it ends where its Workers do.
 * Usage: `aborted_training.ts network|network-job|trees-job`.
 */
import { runInWorker } from "../../../src/ml/jobs/run_in_worker.ts";
import { shareDataset } from "../../../src/ml/jobs/shared_dataset.ts";
import { trainInWorker } from "../../../src/ml/training/train_in_worker.ts";
import { SETTINGS, smallDataset, smallJob } from "../jobs/small_job.ts";
import { plantedJob } from "./planted_job.ts";

const controller = new AbortController(), { signal } = controller;
const abort = () => controller.abort(new Error("enough"));
const [kind] = Deno.args;
try {
  if (kind === "network") {
    const job = plantedJob({ training: { epochs: 1e9, patience: 1e9 } });
    await trainInWorker(job, { signal, onEpoch: ({ epoch }) => epoch === 1 && abort() });
  } else {
    const { mlp, gbdt } = SETTINGS;
    const job = kind === "network-job"
      ? smallJob({ mlp: { ...mlp, epochs: 1e6, patience: 1e6 } })
      : smallJob({ family: "gbdt", gbdt: { ...gbdt, trees: 1e5, patience: 1e5, maxLeaves: 255 } });
    const dataset = shareDataset(smallDataset());
    await runInWorker(job, dataset, { signal, onProgress: ({ note }) => note && abort() });
  }
} catch (error) {
  // deno-lint-ignore no-console -- it is what the test reads
  console.log((error as Error).message);
}
