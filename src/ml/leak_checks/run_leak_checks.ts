import { type CallOptions, type FeatureEngine, type Progress, SILENT_PROGRESS } from "../../core/mod.ts";
import { type Dataset, decisionTimesOf, readFold } from "../dataset.ts";
import { MinuteGrid } from "../features/mod.ts";
import { computeLabels, foldRows } from "../labels/mod.ts";
import { sideBySide } from "../side_by_side.ts";
import { checkLabels } from "./label_check.ts";
import { LEAK_CHECKS, type LeakCheck, type LeakCheckName } from "./leak_check.ts";
import type { LeakCheckInput, LeakCheckRun, Pipeline } from "./leak_check_run.ts";
import { type LineRows, readLineRows } from "./line_rows.ts";
import { checkMutation } from "./mutation.ts";
import { plainOutcomes, type RecomputeOutcomes } from "./plain_outcomes.ts";
import { checkPlanted } from "./planted.ts";
import { checkRotation } from "./rotation.ts";
import { shortFold } from "./short_fold.ts";
import { checkSmell } from "./smell.ts";
import { checkSplit } from "./split_check.ts";
import { checkTruncation } from "./truncation.ts";

/** What the checks need from outside. */
export interface LeakCheckDeps extends CallOptions, Pick<Pipeline, "fitFold"> {
  readonly engine: FeatureEngine;
  /** Outcomes by SQL over the stored candles. @default plain loops over the candles given */
  readonly recompute?: RecomputeOutcomes;
  /** @default the labels that every dataset has */
  readonly labelsOf?: Pipeline["labelsOf"];
  /** @default the rows of a fold as they are fitted and scored */
  readonly rowsOf?: Pipeline["rowsOf"];
  readonly progress?: Progress;
}

/** Options of {@linkcode runLeakChecks}. */
export interface LeakCheckOptions {
  /** Those to run. @default all */
  readonly only?: readonly LeakCheckName[];
}

const CHECKS: Readonly<Record<LeakCheckName, (run: LeakCheckRun) => Promise<LeakCheck[]>>> = {
  truncation: checkTruncation,
  mutation: checkMutation,
  labels: checkLabels,
  rotation: checkRotation,
  planted: checkPlanted,
  split: checkSplit,
  smell: checkSmell,
};

/**
 * Looks for leaks in a run by the seven checks of evaluation section 6. The family is fitted four times, on one short fold;
 * the rest are features of a few cut points and lines of least squares.
 *
 * @throws {DomainError} what a fit throws; the signal's reason.
 */
export async function runLeakChecks(
  input: LeakCheckInput,
  deps: LeakCheckDeps,
  { only = LEAK_CHECKS }: LeakCheckOptions = {},
): Promise<LeakCheck[]> {
  const { progress = SILENT_PROGRESS, signal } = deps, names = LEAK_CHECKS.filter((name) => only.includes(name));
  const found = new Map<LeakCheckName, LeakCheck[]>(), total = names.length;
  const tell = () => {
    const note = names.find((name) => !found.has(name)); // the first that is not through
    progress.update({
      ...{ stage: "leak checks", done: found.size, total, unit: "checks" },
      ...(note === undefined ? {} : { note }),
    });
  };
  tell();
  // While the family is fitted for one check, another goes on.
  const run = leakCheckRun(input, deps);
  await sideBySide(
    names.map((name) => async (either) => {
      const own = { ...run, breathe: breatheUntil(either) };
      await own.breathe();
      const checks = await CHECKS[name](own);
      either.throwIfAborted();
      found.set(name, checks);
      tell();
    }),
    signal,
  );
  return names.flatMap((name) => found.get(name)!);
}

/** Lets what waits for this thread in, and throws the signal's reason once it is aborted. */
function breatheUntil(signal?: AbortSignal): () => Promise<void> {
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal?.throwIfAborted();
  };
}

function leakCheckRun(input: LeakCheckInput, deps: LeakCheckDeps): LeakCheckRun {
  const { engine, signal, labelsOf = computeLabels } = deps;
  const { candles, features, settings: { horizonMinutes, range } } = input;
  const decisionTimeMs = decisionTimesOf(candles, range);
  const run = {
    ...input,
    ...{ engine, labelsOf, decisionTimeMs },
    labels: labelsOf(new MinuteGrid(candles), decisionTimeMs, { horizonMinutes }),
    source: { candles, features, engine, horizonMinutes, labelsOf },
    fitFold: deps.fitFold,
    rowsOf: deps.rowsOf ?? foldRows,
    recompute: deps.recompute ??
      ((times: Float64Array, horizon: number) => Promise.resolve(plainOutcomes(candles, times, horizon))),
    breathe: breatheUntil(signal),
  };
  let shortRows: Promise<Dataset> | undefined, lineRows: Promise<LineRows> | undefined;
  return {
    ...run,
    shortRows: () => shortRows ??= readFold(run.source, shortFold(run.folds, horizonMinutes), { shared: true }),
    lineRows: () => lineRows ??= readLineRows(run),
  };
}
