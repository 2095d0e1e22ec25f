import { assert, assertEquals, assertRejects } from "@std/assert";
import { DomainError, isDomainError, type ModelFamily, SILENT_PROGRESS } from "../../../src/core/mod.ts";
import {
  type ExperimentSettings,
  type FoldScorer,
  quickSettings,
  runExperiment,
} from "../../../src/ml/experiment/mod.ts";
import { defaultFeatureEngine } from "../../../src/ml/features/mod.ts";
import { modelDigest } from "../../../src/ml/jobs/run_fit_job.ts";
import { FoldWorkers } from "../../../src/ml/jobs/score_folds.ts";
import { trainInWorker } from "../../../src/ml/training/train_in_worker.ts";
import { SETTINGS, smallCandles } from "./small_job.ts";

const WALK = quickSettings({ ...SETTINGS, split: { ...SETTINGS.split, kind: "walk-forward" } });
const run = (settings: Partial<ExperimentSettings>, extra = {}) =>
  runExperiment(smallCandles(), { ...WALK, ...settings }, {
    engine: defaultFeatureEngine(),
    train: trainInWorker,
    progress: SILENT_PROGRESS,
    ...extra,
  });

for (const family of ["mlp", "gbdt"] as const satisfies readonly ModelFamily[]) {
  Deno.test(`steps of ${family} give the same bytes here, in one Worker and in three`, async () => {
    const here = await run({ family });
    assertEquals(here.folds.map(({ fold }) => fold.index), [0, 1, 2, 3, 4]);
    const seen: number[] = [];
    for (const workers of [1, 3]) {
      const there = await run({ family }, {
        openScorer: () => new FoldWorkers({ workers }),
        foldsAtOnce: workers === 1 ? 2 : 5,
        onFold: ({ fold }: { fold: { index: number } }) => seen.push(fold.index),
      });
      assertEquals(
        there.folds.map(({ fitted }) => modelDigest(fitted)),
        here.folds.map(({ fitted }) => modelDigest(fitted)),
      );
      assertEquals(there.evaluation, here.evaluation);
      for (const [path, bytes] of here.files) assertEquals(there.files.get(path), bytes, path);
    }
    assertEquals(seen.slice(0, 5), [0, 1, 2, 3, 4]);
    assertEquals(seen.slice(5).sort(), [0, 1, 2, 3, 4]);
    assertEquals(
      new Set(here.folds.map(({ fitted }) => modelDigest(fitted))).size,
      5,
      "each step has a model of its own",
    );
  });
}

Deno.test("each step is scored by a model of the days before it, and only by those", async () => {
  const { folds, model } = await run({ family: "har" });
  for (const { fold, fitted } of folds) assertEquals(fitted.spec.trainingRanges.train, fold.train);
  const changed = { ...smallCandles(), close: smallCandles().close.slice() };
  const second = folds[1]!.fold.train.endMs + 14 * 60_000;
  for (let i = changed.openTimeMs.indexOf(second); i < changed.length; i++) changed.close[i]! *= 1 + (i % 13) / 100;
  const again = await runExperiment(changed, { ...WALK, family: "har" }, {
    engine: defaultFeatureEngine(),
    train: trainInWorker,
    progress: SILENT_PROGRESS,
  });
  const digests = (of: typeof folds) => of.map(({ fitted }) => modelDigest(fitted));
  assertEquals(digests(again.folds).slice(0, 2), digests(folds).slice(0, 2));
  assert(digests(again.folds).slice(2).every((digest, i) => digest !== digests(folds)[2 + i]));
  assert(modelDigest(again.model) !== modelDigest(model));
});

Deno.test("a step that cannot be fitted ends all steps at once, and says why", async () => {
  using scorer = new FoldWorkers({ workers: 2 }), other = new FoldWorkers({ workers: 2 });
  const mlp = { ...WALK.mlp, learningRate: 1e30 };
  const dataset = await new Promise<Parameters<FoldScorer["score"]>[0]>((resolve, reject) => {
    const score: FoldScorer["score"] = (given) => (resolve(given), Promise.reject(new Error("taken")));
    run({}, { openScorer: () => ({ score, [Symbol.dispose]() {} }) })
      .catch((error) => error.message === "taken" ? undefined : reject(error));
  });
  const { experimentFolds } = await import("../../../src/ml/experiment/mod.ts");
  const { folds } = experimentFolds(WALK);
  const error = await assertRejects(() => scorer.score(dataset, folds, { ...WALK, mlp }, { onEnd: () => {} }));
  assert(isDomainError(error, "check-failed") && error.message.includes("Training diverged"), `${error}`);
  const stop = new AbortController();
  await assertRejects(() => scorer.score(dataset, folds, WALK, { onEnd: () => {} }), DomainError, "Training diverged");
  const stopped = other.score(dataset, folds, { ...WALK, mlp: { ...WALK.mlp, epochs: 5000, patience: 5000 } }, {
    signal: stop.signal,
    onEnd: () => {},
  });
  setTimeout(() => stop.abort(new DomainError("interrupted", "Stopped by SIGINT")), 1500);
  const startedMs = performance.now();
  await assertRejects(() => stopped, DomainError, "SIGINT");
  assert(performance.now() - startedMs < 4000);
});
