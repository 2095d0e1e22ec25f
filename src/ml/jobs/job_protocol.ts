import type { ProgressState } from "../../core/mod.ts";
import type { FoldOutcome } from "../experiment/score_fold.ts";
import type { ExperimentSettings } from "../experiment/settings.ts";
import type { Fold, Split } from "../labels/mod.ts";
import type { SpecForecastModel } from "../models/spec_forecast_model.ts";
import type { StopWord } from "../stop_word.ts";
import type { EpochReport } from "../training/protocol.ts";
import type { WorkerFailure } from "../worker_failure.ts";
import type { FitJob } from "./fit_job.ts";
import type { FitJobResult } from "./run_fit_job.ts";
import type { SharedDataset } from "./shared_dataset.ts";

/** What a job Worker is to do. */
export type JobTask =
  /** Fits a model on rows of the dataset. */
  | { readonly kind: "fit"; readonly settings: ExperimentSettings; readonly split: Split }
  /** Fits a model and scores it on its validation rows. */
  | { readonly kind: "validate"; readonly job: FitJob }
  /** Fits and scores a step of a walk-forward. */
  | {
    readonly kind: "score";
    readonly settings: ExperimentSettings;
    readonly fold: Fold;
    readonly withoutBaselines: boolean;
  };

/** What a job Worker is asked, once. */
export interface JobWorkerRequest {
  readonly task: JobTask;
  readonly dataset: SharedDataset;
  /** Whether memory is of no concern, see `spareGarbage`. */
  readonly dataAreFew: boolean;
  /** WASM build of tfjs. */
  readonly wasmFile: string;
  /** Looked at once a step of a network, and once a tree. */
  readonly stop: StopWord;
}

/** A model as it travels: its spec and parts are plain. */
export type TravelledModel = Pick<SpecForecastModel, "spec" | "parts">;

/** A step's outcome as it travels. */
export interface TravelledFold extends Omit<FoldOutcome, "fitted"> {
  readonly fitted: TravelledModel;
}

/** Messages from a job Worker. */
export type JobWorkerReply =
  | { readonly type: "progress"; readonly state: ProgressState }
  | { readonly type: "epoch"; readonly report: EpochReport; readonly member: number }
  | { readonly type: "fitted"; readonly model: TravelledModel }
  | { readonly type: "fold"; readonly outcome: TravelledFold }
  /** The end; the result of `validate`. */
  | { readonly type: "done"; readonly result?: FitJobResult }
  | { readonly type: "failed" } & WorkerFailure;
