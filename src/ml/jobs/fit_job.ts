import { DAY_MS, DomainError } from "../../core/mod.ts";
import { canonicalJson } from "../canonical_json.ts";
import type { Dataset } from "../dataset.ts";
import type { ExperimentSettings } from "../experiment/settings.ts";
import { splitBounds } from "../experiment/split_bounds.ts";
import { chronologicalSplit, type Split, type SplitBounds } from "../labels/mod.ts";
import { sha256Of } from "../sha256.ts";

/** Another meaning of any field of a {@linkcode FitJob} is another version. */
const VERSION = 1;

/** Which rows a job fits on and is scored on; rows from `testStartMs` on are never read. */
export interface Fold extends SplitBounds {
  /** First decision time that is fitted on. */
  readonly trainStartMs: number;
}

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
  readonly fold: Fold;
}

/** What {@linkcode fitJobOf} makes a job of. */
export interface FitJobSource extends Pick<FitJob, "dataset" | "code" | "settings"> {
  /** Fits on so many days before the validation. @default all of them */
  readonly trainingDays?: number;
}

/**
 * The job that fits `settings` on the training span of their split, as `track` does.
 *
 * @throws {DomainError} as {@linkcode splitBounds}.
 */
export function fitJobOf({ dataset, code, settings, trainingDays }: FitJobSource): FitJob {
  const bounds = splitBounds(settings);
  const newest = trainingDays === undefined ? -Infinity : bounds.validationStartMs - trainingDays * DAY_MS;
  const fold = { trainStartMs: Math.max(settings.range.startMs, newest), ...bounds };
  return { version: VERSION, dataset, code, settings, fold };
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
export function rowsOfJob({ dataset: named, settings, fold }: FitJob, dataset: Dataset): Split {
  if (dataset.featureSetDigest !== named.featureSetDigest) {
    throw new DomainError(
      "input-invalid",
      `Cannot fit on features ${dataset.featureSetDigest} as the job is for ${named.featureSetDigest}`,
      { hint: "Run the job with the code that it names" },
    );
  }
  const { decisionTimeMs } = dataset.features;
  const split = chronologicalSplit(
    { decisionTimeMs, scorable: dataset.labels.scorable },
    { ...fold, horizonMinutes: settings.horizonMinutes },
  );
  const isKept = (row: number) => decisionTimeMs[row]! >= fold.trainStartMs;
  return {
    train: split.train.filter(isKept),
    validation: split.validation,
    trainingSpan: split.trainingSpan.filter(isKept),
    test: new Int32Array(0),
  };
}
