import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  DomainError,
  isDomainError,
  type ModelFamily,
  type Progress,
  type ProgressState,
  SILENT_PROGRESS,
} from "../../../src/core/mod.ts";
import { computedFeatures, rowsOfFold } from "../../../src/ml/dataset.ts";
import { fitFamily } from "../../../src/ml/experiment/fit_family.ts";
import {
  checkLeaksAlone,
  experimentFolds,
  type ExperimentSettings,
  type FoldScorer,
  quickSettings,
  runExperiment,
  type RunExperimentDeps,
} from "../../../src/ml/experiment/mod.ts";
import { defaultFeatureEngine } from "../../../src/ml/features/mod.ts";
import { type LeakCheckDeps, type LeakCheckInput, runLeakChecks } from "../../../src/ml/leak_checks/mod.ts";
import { modelDigest } from "../../../src/ml/jobs/run_fit_job.ts";
import { ModelWorkers } from "../../../src/ml/jobs/model_workers.ts";
import type { TrainNetwork } from "../../../src/ml/training/fit_network.ts";
import { tensorsOf } from "../../../src/ml/models/network.ts";
import { trainInWorker } from "../../../src/ml/training/train_in_worker.ts";
import { SETTINGS, smallCandles, smallDataset } from "./small_job.ts";

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
        openWorkers: () => new ModelWorkers({ workers }),
        // Groups of steps over windows of the features, as of a long range, and all at once, as of a short one.
        ...(workers === 1 ? { foldsAtOnce: 2, fewBytes: 0 } : {}),
        // Read as from a store, which gives each reading rows of its own, or a window that the next one overwrites.
        features: computedFeatures(smallCandles(), defaultFeatureEngine(), WALK.range.startMs),
        checkLeaks: () => Promise.resolve([]),
        onFold: ({ fold }: { fold: { index: number } }) => seen.push(fold.index),
      });
      assertEquals(modelDigest(there.model), modelDigest(here.model));
      assertEquals(there.goldenRows, here.goldenRows);
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
  using scorer = new ModelWorkers({ workers: 2 }), other = new ModelWorkers({ workers: 2 });
  const mlp = { ...WALK.mlp, learningRate: 1e30 };
  const dataset = await new Promise<Parameters<FoldScorer["score"]>[0]>((resolve, reject) => {
    const score: FoldScorer["score"] = (given) => (resolve(given), Promise.reject(new Error("taken")));
    run({}, { openWorkers: () => ({ score, fit: () => Promise.reject(), [Symbol.dispose]() {} }) })
      .catch((error) => error.message === "taken" ? undefined : reject(error));
  });
  const { folds } = experimentFolds(WALK);
  const error = await assertRejects(() => scorer.score(dataset, folds, { ...WALK, mlp }, { onEnd: () => {} }));
  assert(isDomainError(error, "check-failed") && error.message.includes("Training diverged"), `${error}`);
  const stop = new AbortController();
  const places: number[] = [];
  await scorer.score(dataset, folds.slice(0, 2), WALK, { onEnd: (place) => places.push(place) });
  assertEquals(places.sort(), [0, 1], "others have taken the place of the Workers that ended");
  const stopped = other.score(dataset, folds, { ...WALK, mlp: { ...WALK.mlp, epochs: 5000, patience: 5000 } }, {
    signal: stop.signal,
    onEnd: () => {},
  });
  setTimeout(() => stop.abort(new DomainError("interrupted", "Stopped by SIGINT")), 1500);
  const startedMs = performance.now();
  await assertRejects(() => stopped, DomainError, "SIGINT");
  assert(performance.now() - startedMs < 4000);
});

const DATASET = smallDataset(), { folds: FOLDS } = experimentFolds(WALK);
const SPLITS = [rowsOfFold(DATASET, FOLDS[0]!), rowsOfFold(DATASET, FOLDS[1]!)];
const HERE = { progress: SILENT_PROGRESS, train: trainInWorker, withoutDetails: true };

for (const family of ["mlp", "gbdt", "linear"] as const satisfies readonly ModelFamily[]) {
  Deno.test(`ModelWorkers fits ${family} to the bit as it is fitted here, one after the other or side by side`, async () => {
    const settings = { ...WALK, family };
    const expected = [];
    for (const split of SPLITS) expected.push(modelDigest((await fitFamily(DATASET, split, settings, HERE)).model));
    assert(expected[0] !== expected[1]);
    for (const workers of [1, 2]) {
      using fitter = new ModelWorkers({ workers });
      const fitted = await Promise.all(SPLITS.map((split) => fitter.fit(DATASET, split, settings, {})));
      assertEquals(fitted.map(({ model }) => modelDigest(model)), expected);
    }
  });
}

Deno.test("ModelWorkers tells why a fit failed, stops at an abort, and leaves none waiting when it is disposed of", async () => {
  const [split] = SPLITS, endless = { ...WALK, mlp: { ...WALK.mlp, epochs: 5000, patience: 5000 } };
  const diverging = { ...WALK, mlp: { ...WALK.mlp, learningRate: 1e30 } };
  using failing = new ModelWorkers(), stopped = new ModelWorkers();
  await assertRejects(() => failing.fit(DATASET, split!, diverging, {}), DomainError, "Training diverged");
  const stop = new AbortController();
  const under = stopped.fit(DATASET, split!, endless, { signal: stop.signal });
  setTimeout(() => stop.abort(new DomainError("interrupted", "Stopped by SIGINT")), 300);
  await assertRejects(() => under, DomainError, "SIGINT");
  const disposed = new ModelWorkers();
  const asked = [disposed.fit(DATASET, split!, endless, {}), disposed.fit(DATASET, split!, endless, {})];
  setTimeout(() => disposed[Symbol.dispose](), 300);
  using aborted = new ModelWorkers({ workers: 2 });
  const none = aborted.fit(DATASET, split!, endless, { signal: stop.signal });
  const one = aborted.fit(DATASET, split!, endless, {});
  await assertRejects(() => none, DomainError, "SIGINT");
  aborted[Symbol.dispose]();
  await assertRejects(() => one, DOMException);
  for (const fit of asked) assertEquals((await assertRejects(() => fit, DOMException)).name, "AbortError");
});

Deno.test("leak checks take the same figures whoever fits", async () => {
  const check = (deps: { readonly openWorkers?: () => ModelWorkers }) =>
    checkLeaksAlone(smallCandles(), WALK, { ...HERE, engine: defaultFeatureEngine(), ...deps });
  const aside = await check({ openWorkers: () => new ModelWorkers() });
  assertEquals(aside, await check({}));
  assert(aside.filter(({ skipped }) => !skipped).length > 5, "figures are taken");
});

Deno.test("leaks that are looked for while steps are scored are those that are looked for after them", async () => {
  const checkLeaks: RunExperimentDeps["checkLeaks"] = (input, deps) => runLeakChecks(input, deps);
  const here = await run({}, { checkLeaks });
  assert(here.leakChecks!.filter(({ skipped }) => !skipped).length > 5, "figures are taken");
  for (const fewBytes of [0, 2 ** 30]) {
    const told: ProgressState[] = [];
    const progress: Progress = { update: (state) => void told.push(state), log() {} };
    const openWorkers = () => new ModelWorkers({ workers: 2 });
    const there = await run({}, { checkLeaks, progress, openWorkers, fewBytes, foldsAtOnce: 2 });
    assertEquals(there.leakChecks, here.leakChecks);
    const stages = told.map(({ stage }) => stage), checks = told.filter(({ stage }) => stage === "leak checks");
    assert(stages.lastIndexOf("walk forward") < stages.indexOf("leak checks"), "one thing is told of at a time");
    assertEquals(checks.at(-1)!.done, 7);
    if (fewBytes === 0) assertEquals(checks[0]!.done, 0, "it is told from the start");
    const steps = told.filter(({ stage }) => stage === "track");
    assertEquals(steps.map(({ done }) => done), [0, 1, 2, 3, 4]);
    assertEquals(steps[2]!.note, "leak checks");
  }
});

Deno.test("a leak check that fails ends the steps beside it", async () => {
  const failing = new DomainError("store-busy", "Another process writes"), folds: number[] = [];
  let failedAtMs = 0;
  const recompute = async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    failedAtMs = performance.now();
    throw failing;
  };
  const error = await assertRejects(() =>
    run({ mlp: { ...WALK.mlp, epochs: 5000, patience: 5000 } }, {
      checkLeaks: (input: LeakCheckInput, deps: LeakCheckDeps) => runLeakChecks(input, { ...deps, recompute }),
      train: ({ network }: Parameters<TrainNetwork>[0]) =>
        Promise.resolve({ tensors: tensorsOf(network), bestEpoch: 0, epochs: 0, steps: 0 }),
      openWorkers: () => new ModelWorkers({ workers: 2 }),
      onFold: ({ fold }: { fold: { index: number } }) => folds.push(fold.index),
    })
  );
  assertEquals(error, failing);
  assertEquals(folds, []);
  assert(performance.now() - failedAtMs < 2000, `${performance.now() - failedAtMs} ms`);
});

Deno.test("a fit that waits for its turn hears of an abort at once", async () => {
  const [split] = SPLITS, endless = { ...WALK, mlp: { ...WALK.mlp, epochs: 5000, patience: 5000 } };
  for (const workers of [1, 4]) {
    const fitter = new ModelWorkers({ workers }), stop = new AbortController();
    const busy = [0, 1].map(() => fitter.fit(DATASET, split!, endless, {}));
    const waits = fitter.fit(DATASET, split!, endless, { signal: stop.signal });
    const startedMs = performance.now();
    setTimeout(() => stop.abort(new DomainError("interrupted", "Stopped by SIGINT")), 50);
    await assertRejects(() => waits, DomainError, "SIGINT");
    assert(performance.now() - startedMs < 1000);
    fitter[Symbol.dispose]();
    for (const fit of busy) assertEquals((await assertRejects(() => fit, DOMException)).name, "AbortError");
  }
});

Deno.test("a run whose steps or leak checks fail ends with that, and the other does not go on", async () => {
  const workers = () => new ModelWorkers({ workers: 2 });
  const failing = new DomainError("input-invalid", "No labels to check");
  let seen: unknown;
  const checkLeaks: RunExperimentDeps["checkLeaks"] = async ({ scored }, { signal }) => {
    await scored!.catch((error) => seen = error);
    signal!.throwIfAborted();
    return [];
  };
  const onFold = () => {
    throw failing;
  };
  assertEquals(await assertRejects(() => run({}, { checkLeaks, openWorkers: workers, onFold })), failing);
  assertEquals(seen, failing, "whoever waits for the scores hears of it");
  const folds: number[] = [];
  const error = await assertRejects(() =>
    run({}, {
      checkLeaks: () => Promise.reject(failing),
      openWorkers: workers,
      onFold: ({ fold }: { fold: { index: number } }) => folds.push(fold.index),
    })
  );
  assertEquals(error, failing);
  assert(folds.length < 5, `${folds.length} steps were scored`);
});
