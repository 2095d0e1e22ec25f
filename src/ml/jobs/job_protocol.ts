import type { ProgressState } from "../../core/mod.ts";
import type { StopWord } from "../stop_word.ts";
import type { EpochReport } from "../training/protocol.ts";
import type { WorkerFailure } from "../worker_failure.ts";
import type { FitJob } from "./fit_job.ts";
import type { FitJobResult } from "./run_fit_job.ts";
import type { SharedDataset } from "./shared_dataset.ts";

/** What a job Worker is asked, once. */
export interface JobWorkerRequest {
  readonly job: FitJob;
  readonly dataset: SharedDataset;
  /** WASM build of tfjs. */
  readonly wasmFile: string;
  /** Looked at once a step of a network, and once a tree. */
  readonly stop: StopWord;
}

/** Messages from a job Worker. */
export type JobWorkerReply =
  | { readonly type: "progress"; readonly state: ProgressState }
  | { readonly type: "epoch"; readonly report: EpochReport; readonly member: number }
  | { readonly type: "done"; readonly result: FitJobResult }
  | { readonly type: "failed" } & WorkerFailure;
