import { type CandleColumns, LEAK_CHECKS_FILE, REFIT_FILE } from "../../core/mod.ts";
import { collectGarbage } from "../collect_garbage.ts";
import { type Ablation, joinAblations } from "../evaluation/ablation.ts";
import { evaluate, type Evaluation } from "../evaluation/evaluate.ts";
import { encodeBaselines, encodePredictions } from "../evaluation/prediction_files.ts";
import { encodeRefit } from "../evaluation/refit_file.ts";
import { refitEvidence, refitSpread } from "../evaluation/refit_spread.ts";
import type { TriedBefore } from "../evaluation/money_scores.ts";
import { judge, type Verdict } from "../evaluation/verdict.ts";
import { encodeLeakChecks } from "../leak_checks/mod.ts";
import { ABLATED_PARTS } from "../models/ablations.ts";
import { type ExperimentDeps, fitAndScore, type FittedAndScored } from "./fit_and_score.ts";
import type { ExperimentSettings } from "./settings.ts";

/** A fitted, scored and judged model with its evidence: no score is the model's own, but of the recipe that it is of. */
export interface ExperimentResult extends Omit<FittedAndScored, "scored"> {
  readonly evaluation: Evaluation;
  readonly verdict: Verdict;
  /** What each part of the models brings. */
  readonly ablation: Ablation;
  /** `evaluation/…` by path. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** Steps that {@linkcode runExperiment} tells of beside training. */
const STEPS = 5;

/** What {@linkcode runExperiment} needs from outside. */
export interface RunExperimentDeps extends ExperimentDeps {
  /** What was tried before with this symbol and horizon. @default not known */
  readonly tried?: TriedBefore;
}

/**
 * Fits, scores and judges a family on candles.
 *
 * @param candles those of the range and of the look-back before it.
 */
export async function runExperiment(
  candles: CandleColumns,
  settings: ExperimentSettings,
  deps: RunExperimentDeps,
): Promise<ExperimentResult> {
  const { progress, signal, tried = null } = deps;
  // Lets a pending Ctrl-C in, which the loops of this thread would hold up.
  const breathe = async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    signal?.throwIfAborted();
  };
  let stepsDone = 0;
  const stage = async (note: string) => {
    progress.update({ stage: "track", done: stepsDone++, total: STEPS, unit: "steps", note });
    await breathe();
  };
  const { scored, ...fitted } = await fitAndScore(candles, settings, { ...deps, stage, breathe });
  collectGarbage();
  await stage("scores");
  const evaluation = evaluate(scored, { ...settings, tried });
  const ablation = joinAblations(fitted.folds.map((fold) => fold.ablation), ABLATED_PARTS, settings);
  await stage("files");
  const { leakChecks, model, goldenRows, folds } = fitted, refit = refitEvidence(goldenRows, folds);
  const predictions = withoutGarbage(() => encodePredictions(scored));
  const baselines = withoutGarbage(() => encodeBaselines(scored));
  return {
    ...fitted,
    evaluation,
    ablation,
    verdict: judge(evaluation, settings.verdict, { leakChecks, refit: refitSpread(model, refit) }),
    files: new Map([
      ["evaluation/predictions.parquet", predictions],
      ["evaluation/baselines.parquet", baselines],
      ["evaluation/ablation.json", utf8(`${JSON.stringify(ablation, null, 1)}\n`)],
      [REFIT_FILE, utf8(encodeRefit(refit))],
      ...(leakChecks === null ? [] : [[LEAK_CHECKS_FILE, utf8(encodeLeakChecks(leakChecks))] as const]),
    ]),
  };
}

/** Encodes a file of many rows, and lets go of the columns and pieces that it was made of. */
function withoutGarbage<T>(encode: () => T): T {
  collectGarbage();
  try {
    return encode();
  } finally {
    collectGarbage();
  }
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
