import { DAY_MS, DomainError } from "../../core/mod.ts";
import { canonicalJson } from "../canonical_json.ts";
import { type Dataset, rowsOfFold } from "../dataset.ts";
import type { ExperimentSettings } from "../experiment/settings.ts";
import { experimentFolds } from "../experiment/experiment_folds.ts";
import type { Fold, Split } from "../labels/mod.ts";
import { sha256Of } from "../sha256.ts";

/** Another meaning of any field of a {@linkcode FitJob} is another version. */
const VERSION = 2;

/**
 * Fitting one model and scoring it on its validation rows, as plain JSON: with the data and the code that it names, it
 * alone decides the result, so that it can run in any Worker, in any order, today or on another machine.
 */
export interface FitJob {
  readonly version: typeof VERSION;
  readonly dataset: {
    /** sha256 over the days of candles that were read. */
    readonly sha256: string;
    readonly featureSetDigest: string;
  };
  /**
   * Which code fits, by its commit and lock file alone: edits that are not committed are not seen. Null outside of a
   * checkout.
   */
  readonly code: { readonly commit: string | null; readonly lockSha256: string | null };
  /** Everything else that decides the numbers, the seed included. */
  readonly settings: ExperimentSettings;
  /** What it fits on and is scored on; its test rows are never read. */
  readonly fold: Fold;
}

/** What {@linkcode fitJobOf} makes a job of. */
export interface FitJobSource extends Pick<FitJob, "dataset" | "code" | "settings"> {
  /** Fits on so many days before the validation. @default all of them */
  readonly trainingDays?: number;
}

/**
 * The job that fits `settings` on the training span of their first step, as `track` does: what is chosen by jobs is chosen
 * on rows that lie before any that is scored.
 *
 * @throws {DomainError} as {@linkcode experimentFolds}.
 */
export function fitJobOf({ dataset, code, settings, trainingDays }: FitJobSource): FitJob {
  const fold = experimentFolds(settings).folds[0]!;
  const newest = trainingDays === undefined ? -Infinity : fold.validation.startMs - trainingDays * DAY_MS;
  const startMs = Math.max(fold.train.startMs, newest);
  const trainingSpan = { ...fold.trainingSpan, startMs };
  return {
    version: VERSION,
    dataset,
    code,
    settings,
    fold: { ...fold, train: { ...fold.train, startMs }, trainingSpan },
  };
}

/** Name of a job: sha256 of its canonical JSON. */
export function fitJobDigest(job: FitJob): string {
  return sha256Of(canonicalJson(job));
}

/**
 * Rows of a job; those of the test are left out.
 *
 * @throws {DomainError} `input-invalid` where the dataset has other features than the job names.
 */
export function rowsOfJob({ dataset: named, fold }: FitJob, dataset: Dataset): Split {
  if (dataset.featureSetDigest !== named.featureSetDigest) {
    throw new DomainError(
      "input-invalid",
      `Cannot fit on features ${dataset.featureSetDigest} as the job is for ${named.featureSetDigest}`,
      { hint: "Run the job with the code that it names" },
    );
  }
  return { ...rowsOfFold(dataset, fold), test: new Int32Array(0) };
}
