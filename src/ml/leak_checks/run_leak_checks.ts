import { type CallOptions, type FeatureEngine, type Progress, SILENT_PROGRESS } from "../../core/mod.ts";
import { type Dataset, decisionTimesOf, oneByOne, readFold } from "../dataset.ts";
import { MinuteGrid } from "../features/mod.ts";
import { computeLabels, foldRows, type Split } from "../labels/mod.ts";
import { orAborted } from "../or_aborted.ts";
import { sideBySide } from "../side_by_side.ts";
import { checkLabels } from "./label_check.ts";
import { LEAK_CHECKS, type LeakCheck, type LeakCheckName } from "./leak_check.ts";
import type { LeakCheckInput, LeakCheckRun, Pipeline } from "./leak_check_run.ts";
import { type LineRows, readLineRows } from "./line_rows.ts";
import { checkMutation } from "./mutation.ts";
import { plainOutcomes, type RecomputeOutcomes } from "./plain_outcomes.ts";
import { checkPlantedFamily, checkPlantedLine } from "./planted.ts";
import { checkRotatedFamily, checkRotatedLines } from "./rotation.ts";
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

/** Figures of a check, one by one where they are taken side by side. */
const CHECKS: Readonly<Record<LeakCheckName, readonly ((run: LeakCheckRun) => Promise<LeakCheck[]>)[]>> = {
  truncation: [checkTruncation],
  mutation: [checkMutation],
  labels: [checkLabels],
  rotation: [checkRotatedLines, checkRotatedFamily],
  planted: [checkPlantedLine, checkPlantedFamily],
  split: [checkSplit],
  smell: [checkSmell],
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
  const parts = names.flatMap((name) => CHECKS[name].map((take) => ({ name, take })));
  const found: LeakCheck[][] = [], total = names.length;
  const tell = () => {
    const open = names.filter((name) => parts.some((part, i) => part.name === name && found[i] === undefined));
    progress.update({
      ...{ stage: "leak checks", done: total - open.length, total, unit: "checks" },
      ...(open.length === 0 ? {} : { note: open[0]! }),
    });
  };
  tell();
  let run: LeakCheckRun | undefined;
  // While the family is fitted for one figure, others are taken.
  await sideBySide(
    parts.map(({ take }, i) => async (either) => {
      const own = run ??= leakCheckRun(input, { ...deps, signal: either });
      await own.breathe();
      const checks = await take(own);
      either.throwIfAborted();
      found[i] = checks;
      tell();
    }),
    signal,
  );
  return found.flat();
}

/** Lets what waits for this thread in, and throws the signal's reason once it is aborted. */
function breatheUntil(signal: AbortSignal): () => Promise<void> {
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal.throwIfAborted();
  };
}

function leakCheckRun(
  input: LeakCheckInput,
  deps: LeakCheckDeps & { readonly signal: AbortSignal },
): LeakCheckRun {
  const { engine, signal, labelsOf = computeLabels } = deps, features = oneByOne(input.features);
  const { candles, scored, settings: { horizonMinutes, range } } = input;
  const decisionTimeMs = decisionTimesOf(candles, range);
  const run = {
    ...input,
    ...{ features, engine, labelsOf, decisionTimeMs },
    scored: scored && (() => orAborted(scored, signal)),
    labels: labelsOf(new MinuteGrid(candles), decisionTimeMs, { horizonMinutes }),
    source: { candles, features, engine, horizonMinutes, labelsOf },
    fitFold: (dataset: Dataset, split: Split) => deps.fitFold(dataset, split, { signal }),
    rowsOf: deps.rowsOf ?? foldRows,
    recompute: deps.recompute ??
      ((times: Float64Array, horizon: number) => Promise.resolve(plainOutcomes(candles, times, horizon))),
    breathe: breatheUntil(signal),
  };
  const readShort = async () => {
    const fold = shortFold(run.folds, horizonMinutes);
    return { fold, dataset: await readFold(run.source, fold, { shared: true }) };
  };
  let short: ReturnType<typeof readShort> | undefined, lineRows: Promise<LineRows> | undefined;
  return {
    ...run,
    shortFold: () => short ??= readShort(),
    lineRows: () => lineRows ??= readLineRows(run),
  };
}
