import { DAY_MS, DomainError, lowerBound, MINUTE_MS, startOfDay, type TimeRange, toIsoDay } from "../../core/mod.ts";
import type { Split } from "./split.ts";

/** One step of a walk-forward: half-open spans of decision times. */
export interface Fold {
  /** Place on the whole grid, from 0, whichever folds were asked for. */
  readonly index: number;
  /** What models are fitted on: labels end by the validation's start. */
  readonly train: TimeRange;
  /** Last days of the training span: labels end by the test's start. */
  readonly validation: TimeRange;
  /** `train`, `validation` and what the purge between them took: for models that choose nothing. */
  readonly trainingSpan: TimeRange;
  /** What is scored: labels end by the end of the range. */
  readonly test: TimeRange;
}

/** Options of {@linkcode walkForwardFolds}. */
export interface WalkForwardOptions {
  readonly horizonMinutes: number;
  /** Days of the training span. */
  readonly trainDays: number;
  /** Days from one test span to the next. */
  readonly stepDays: number;
  /** Days at the end of the training span that are kept for choices. */
  readonly validationDays: number;
  /** Minutes that a label must end before the span after it starts. @default 0 */
  readonly embargoMinutes?: number;
  /** Takes the last so many folds of the grid. @default all */
  readonly folds?: number;
}

/**
 * Folds with a training span of fixed length that rolls on by a step (evaluation section 4). Test spans begin at the first
 * UTC midnight with a whole training span behind it and follow each other without a hole; a last, shorter step is taken
 * where a day or more of it is left.
 *
 * @throws {RangeError} for options that are no positive whole numbers, or a validation as long as the training span.
 * @throws {DomainError} `input-invalid` where the range holds no fold, or fewer than were asked for.
 */
export function walkForwardFolds(range: TimeRange, options: WalkForwardOptions): Fold[] {
  requireSane(options);
  const { trainDays, stepDays, folds } = options;
  const gridStartMs = nextMidnight(range.startMs + trainDays * DAY_MS), starts: number[] = [];
  for (let startMs = gridStartMs; startMs + DAY_MS <= range.endMs; startMs += stepDays * DAY_MS) starts.push(startMs);
  const days = (range.endMs - range.startMs) / DAY_MS;
  if (starts.length === 0) {
    throw tooShort(
      `Cannot walk forward over ${days.toFixed(1)} days (${toIsoDay(range.startMs)} to ${toIsoDay(range.endMs)}) ` +
        `as a fold needs ${trainDays} days of training and one of test`,
      "Take or ingest a longer range, or a first look with: task track -- --quick",
    );
  }
  if (folds !== undefined && folds > starts.length) {
    throw tooShort(
      `Cannot score ${folds} folds as the range holds ${starts.length}`,
      `Ask for at most ${starts.length} folds, or take or ingest a longer range`,
    );
  }
  return starts.map((testStartMs, index) =>
    foldBetween({
      ...options,
      index,
      testStartMs,
      testEndMs: Math.min(testStartMs + stepDays * DAY_MS, range.endMs),
      labelsEndMs: range.endMs,
    })
  ).slice(-(folds ?? starts.length));
}

/** What {@linkcode foldBetween} makes a fold of. */
export interface FoldSpans
  extends Pick<WalkForwardOptions, "horizonMinutes" | "trainDays" | "validationDays" | "embargoMinutes"> {
  readonly index: number;
  /** First decision time that is scored. */
  readonly testStartMs: number;
  /** End of the test span. */
  readonly testEndMs: number;
  /** Labels of the test end by this. @default testEndMs */
  readonly labelsEndMs?: number;
}

/** The fold whose test span begins at an instant, with its training span before it, purged. */
export function foldBetween(spans: FoldSpans): Fold {
  const { index, horizonMinutes, testStartMs, testEndMs, labelsEndMs = testEndMs, embargoMinutes = 0 } = spans;
  /** First decision time whose label ends too late for this bound. */
  const purged = (boundMs: number, embargo: number) => boundMs - (horizonMinutes + embargo - 1) * MINUTE_MS;
  const startMs = testStartMs - spans.trainDays * DAY_MS,
    validationStartMs = testStartMs - spans.validationDays * DAY_MS;
  const learntEndMs = purged(testStartMs, embargoMinutes);
  return {
    index,
    train: { startMs, endMs: purged(validationStartMs, embargoMinutes) },
    validation: { startMs: validationStartMs, endMs: Math.max(validationStartMs, learntEndMs) },
    trainingSpan: { startMs, endMs: learntEndMs },
    test: { startMs: testStartMs, endMs: Math.max(testStartMs, Math.min(testEndMs, purged(labelsEndMs, 0))) },
  };
}

/** The scorable rows of a fold's spans. */
export function foldRows(
  rows: { readonly decisionTimeMs: Float64Array; readonly scorable: Uint8Array },
  fold: Fold,
): Split {
  const within = ({ startMs, endMs }: TimeRange) => {
    const first = lowerBound(rows.decisionTimeMs, startMs), end = lowerBound(rows.decisionTimeMs, endMs);
    const kept = new Int32Array(Math.max(0, end - first)); // a purge may leave nothing of a short span
    let count = 0;
    for (let row = first; row < end; row++) if (rows.scorable[row] === 1) kept[count++] = row;
    return kept.slice(0, count);
  };
  return {
    train: within(fold.train),
    validation: within(fold.validation),
    trainingSpan: within(fold.trainingSpan),
    test: within(fold.test),
  };
}

/** Rows whose minute since the epoch leaves `phase` when divided by `minutes`: neighbours tell little that is new. */
export function everyNthMinute(
  rows: Int32Array,
  decisionTimeMs: Float64Array,
  { minutes, phase = 0 }: { readonly minutes: number; readonly phase?: number },
): Int32Array {
  return rows.filter((row) => decisionTimeMs[row]! / MINUTE_MS % minutes === phase);
}

/**
 * Every n-th minute of each UTC day from a phase that moves on by one a day, so that over n days each minute of the hour counts
 * alike: with one phase, strides that share a factor with 60 would leave out the quarter hours that programs trade at, or
 * hold little else.
 */
export function rotatingMinutes(rows: Int32Array, decisionTimeMs: Float64Array, minutes: number): Int32Array {
  return rows.filter((row) => {
    const timeMs = decisionTimeMs[row]!, day = Math.floor(timeMs / DAY_MS);
    return (timeMs % DAY_MS / MINUTE_MS + day) % minutes === 0;
  });
}

function requireSane(
  { horizonMinutes, trainDays, stepDays, validationDays, embargoMinutes = 0, folds = 1 }: WalkForwardOptions,
): void {
  for (
    const [name, value, least] of [
      ["horizonMinutes", horizonMinutes, 1],
      ["trainDays", trainDays, 1],
      ["stepDays", stepDays, 1],
      ["validationDays", validationDays, 0],
      ["embargoMinutes", embargoMinutes, 0],
      ["folds", folds, 1],
    ] as const
  ) {
    if (Number.isInteger(value) && value >= least) continue;
    throw new RangeError(
      `Cannot walk forward as '${name}' must be a whole number of at least ${least}: current value is ${value}`,
    );
  }
  const keptMinutes = (trainDays - validationDays) * DAY_MS / MINUTE_MS;
  if (keptMinutes >= horizonMinutes + embargoMinutes) return;
  throw new RangeError(
    `Cannot walk forward as ${trainDays} days of training less ${validationDays} of validation hold no label of ${horizonMinutes} minutes`,
  );
}

function nextMidnight(ms: number): number {
  const midnight = startOfDay(ms);
  return midnight === ms ? ms : midnight + DAY_MS;
}

function tooShort(message: string, hint: string): DomainError {
  return new DomainError("input-invalid", message, { hint });
}
