/**
 * Plants each leak of `tests/ml/leak_checks/planted_bugs.ts` in a quick run on the bundled sample, and keeps which checks
 * catch it and what it would have scored in `docs/results/leaks.json`; clean runs, on an archive too, show how far below
 * the limits they stay: `deno task leaks [ARCHIVE_DIR]`.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command of its own
import { MODEL_CONFIG_SCHEMA } from "../src/config/model_config.ts";
import {
  type CandleColumns,
  DAY_MS,
  DomainError,
  type Horizon,
  LEAK_FIGURES,
  type ModelFamily,
  SILENT_PROGRESS,
} from "../src/core/mod.ts";
import { computedFeatures, givenFeatures } from "../src/ml/dataset.ts";
import { rowLosses, scoreForecasts } from "../src/ml/evaluation/scores.ts";
import { fitFamily } from "../src/ml/experiment/fit_family.ts";
import type { ExperimentSettings } from "../src/ml/experiment/mod.ts";
import { type Fold, walkForwardFolds } from "../src/ml/labels/mod.ts";
import { LEAK_CHECKS, type LeakCheck, type Pipeline, runLeakChecks } from "../src/ml/leak_checks/mod.ts";
import { PLANTED_BUGS } from "../tests/ml/leak_checks/planted_bugs.ts";
import { datasetOf, honestPipeline, quickRun, scoredBy } from "../tests/ml/leak_checks/scored_pipeline.ts";
import { archiveCandles } from "./archive_candles.ts";
import type { CleanRuns, LeakOutcome, LeakScores } from "./figure_blocks.ts";

const RESULTS = "docs/results/leaks.json", SAMPLE = "feature_store/sample";
const DAYS = 90, SEEDS = 10;
/** How a leak is scored: by a line, which cannot learn rows by heart, and by trees, which can. */
const SCORED = { line15: ["linear", 15], trees60: ["gbdt", 60] } as const;

interface Run {
  readonly candles: CandleColumns;
  readonly folds: readonly Fold[];
  readonly settings: ExperimentSettings;
}

function sampleRun(candles: CandleColumns, family: ModelFamily, horizonMinutes: Horizon): Run {
  const { settings, folds } = quickRun(candles, horizonMinutes, DAYS);
  return { candles, folds, settings: { ...settings, family, gbdt: MODEL_CONFIG_SCHEMA.parse({}).gbdt } };
}

/** Scores a run with a pipeline, and checks it; where training itself refuses its rows, by what fits nothing. */
async function scoreAndCheck({ candles, folds, settings }: Run, plant: (honest: Pipeline) => Pipeline) {
  const cheap = honestPipeline(settings), pipeline = plant(cheap), dataset = datasetOf(candles, pipeline, settings);
  const input = { candles, features: givenFeatures(dataset.features), folds, settings };
  const whole: Pipeline = {
    ...cheap,
    fitFold: (of, split) =>
      fitFamily(of, split, settings, { progress: SILENT_PROGRESS, train: () => Promise.reject() }),
  };
  try {
    const scored = await scoredBy(plant(whole), dataset, folds), { test, model } = scored;
    const { auc, accuracy, qlike } = scoreForecasts(test, model, rowLosses(test, model));
    const checks = await runLeakChecks({ ...input, scored: Promise.resolve(scored) }, pipeline);
    return { scores: { auc: auc!, accuracy: accuracy!, qlike: qlike! } satisfies LeakScores, checks };
  } catch (error) {
    if (!(error instanceof DomainError && error.code === "input-invalid")) throw error;
    const only = ["truncation", "labels", "split"] as const;
    return {
      scores: undefined,
      checks: await runLeakChecks(input, pipeline, { only }),
    };
  }
}

async function plantEach(candles: CandleColumns): Promise<LeakOutcome[]> {
  const outcomes: LeakOutcome[] = [];
  for (const { name, plant } of [{ name: "nothing", plant: (honest: Pipeline) => honest }, ...PLANTED_BUGS]) {
    console.error(`${name} …`);
    const scores: Partial<Record<keyof typeof SCORED, LeakScores>> = {}, caughtBy = new Set<string>();
    for (const [key, [family, horizonMinutes]] of Object.entries(SCORED)) {
      const seen = await scoreAndCheck(sampleRun(candles, family, horizonMinutes), plant);
      if (seen.scores !== undefined) scores[key as keyof typeof SCORED] = seen.scores;
      for (const { name: check, passed } of seen.checks) if (!passed) caughtBy.add(check);
    }
    outcomes.push({ bug: name, caughtBy: LEAK_CHECKS.filter((check) => caughtBy.has(check)), ...scores });
  }
  return outcomes;
}

/** Runs the checks with figures that chance has a part in, once a seed. */
async function cleanRuns(data: string, { candles, folds, settings }: Run, seeds: number): Promise<CleanRuns> {
  const pipeline = honestPipeline(settings);
  const features = computedFeatures(candles, pipeline.engine, settings.range.startMs);
  const checks: LeakCheck[] = [], startedMs = performance.now();
  for (let seed = 1; seed <= seeds; seed++) {
    const input = { candles, features, folds, settings: { ...settings, seed } };
    checks.push(...await runLeakChecks(input, pipeline, { only: ["rotation", "planted"] }));
  }
  const valuesOf = ({ figure }: { readonly figure: string }) =>
    checks.filter((check) => check.figure === figure && !check.skipped);
  const least = (of: readonly LeakCheck[]) => of.length === 0 ? null : Math.min(...of.map(({ value }) => value!));
  const nearest = (of: readonly LeakCheck[]) => Math.max(...of.map(({ value, limit }) => value! / limit!));
  return {
    ...{ data, horizonMinutes: settings.horizonMinutes, folds: folds.length, runs: seeds },
    fired: checks.filter(({ passed }) => !passed).length,
    rotationShare: nearest(valuesOf(LEAK_FIGURES.rotatedLine)),
    familyShare: nearest(valuesOf(LEAK_FIGURES.rotatedFamily)),
    leastLineT: least(valuesOf(LEAK_FIGURES.plantedLine)),
    leastFamilyT: least(valuesOf(LEAK_FIGURES.plantedFamily)),
    seconds: (performance.now() - startedMs) / 1000 / seeds,
  };
}

async function main(archiveDir: string): Promise<void> {
  const sample = await archiveCandles(SAMPLE), outcomes = await plantEach(sample), clean: CleanRuns[] = [];
  for (const horizonMinutes of [1, 5, 15, 60] as const) {
    console.error(`clean runs at ${horizonMinutes} minutes …`);
    clean.push(await cleanRuns(`sample, ${DAYS} days`, sampleRun(sample, "linear", horizonMinutes), SEEDS));
  }
  const candles = await archiveCandles(archiveDir), range = { startMs: candles.openTimeMs[0]!, endMs: 0 };
  range.endMs = Math.ceil(candles.openTimeMs.at(-1)! / DAY_MS) * DAY_MS;
  for (const horizonMinutes of [1, 5, 15, 60] as const) {
    console.error(`two years at ${horizonMinutes} minutes …`);
    const { settings } = sampleRun(sample, "linear", horizonMinutes);
    const folds = walkForwardFolds(range, { horizonMinutes, trainDays: 180, stepDays: 30, validationDays: 18 });
    clean.push(await cleanRuns("two years", { candles, folds, settings: { ...settings, range } }, 1));
  }
  await Deno.writeTextFile(RESULTS, `${JSON.stringify({ outcomes, clean }, null, 2)}\n`);
  console.error(`${RESULTS} is written; next: deno task figures`);
}

if (import.meta.main) await main(Deno.args[0] ?? "../shared/data");
