import { assert, assertEquals, assertRejects } from "@std/assert";
import { DomainError, type ModelFamily, SILENT_PROGRESS } from "../../../src/core/mod.ts";
import { rowsOfFold } from "../../../src/ml/dataset.ts";
import { fitFamily } from "../../../src/ml/experiment/fit_family.ts";
import { checkLeaksAlone, experimentFolds, quickSettings } from "../../../src/ml/experiment/mod.ts";
import { defaultFeatureEngine } from "../../../src/ml/features/mod.ts";
import { FitWorkers } from "../../../src/ml/jobs/fit_workers.ts";
import { modelDigest } from "../../../src/ml/jobs/run_fit_job.ts";
import { trainInWorker } from "../../../src/ml/training/train_in_worker.ts";
import { SETTINGS, smallCandles, smallDataset } from "./small_job.ts";

const WALK = quickSettings({ ...SETTINGS, split: { ...SETTINGS.split, kind: "walk-forward" } });
const dataset = smallDataset(), { folds } = experimentFolds(WALK);
const splits = [rowsOfFold(dataset, folds[0]!), rowsOfFold(dataset, folds[1]!)];
const here = { progress: SILENT_PROGRESS, train: trainInWorker, withoutDetails: true };

for (const family of ["mlp", "gbdt", "linear"] as const satisfies readonly ModelFamily[]) {
  Deno.test(`FitWorkers fits ${family} to the bit as it is fitted here, one after the other or side by side`, async () => {
    const settings = { ...WALK, family };
    const expected = [];
    for (const split of splits) expected.push(modelDigest((await fitFamily(dataset, split, settings, here)).model));
    assert(expected[0] !== expected[1]);
    for (const workers of [1, 2]) {
      using fitter = new FitWorkers({ workers });
      const fitted = await Promise.all(splits.map((split) => fitter.fit(dataset, split, settings, {})));
      assertEquals(fitted.map(({ model }) => modelDigest(model)), expected);
    }
  });
}

Deno.test("FitWorkers tells why a fit failed, stops at an abort, and leaves none waiting when it is disposed of", async () => {
  const [split] = splits, endless = { ...WALK, mlp: { ...WALK.mlp, epochs: 5000, patience: 5000 } };
  const diverging = { ...WALK, mlp: { ...WALK.mlp, learningRate: 1e30 } };
  using failing = new FitWorkers(), stopped = new FitWorkers();
  await assertRejects(() => failing.fit(dataset, split!, diverging, {}), DomainError, "Training diverged");
  const stop = new AbortController();
  const under = stopped.fit(dataset, split!, endless, { signal: stop.signal });
  setTimeout(() => stop.abort(new DomainError("interrupted", "Stopped by SIGINT")), 300);
  await assertRejects(() => under, DomainError, "SIGINT");
  const disposed = new FitWorkers();
  const asked = [disposed.fit(dataset, split!, endless, {}), disposed.fit(dataset, split!, endless, {})];
  setTimeout(() => disposed[Symbol.dispose](), 300);
  using aborted = new FitWorkers({ workers: 2 });
  const none = aborted.fit(dataset, split!, endless, { signal: stop.signal });
  const one = aborted.fit(dataset, split!, endless, {});
  await assertRejects(() => none, DomainError, "SIGINT");
  aborted[Symbol.dispose]();
  await assertRejects(() => one, DOMException);
  for (const fit of asked) assertEquals((await assertRejects(() => fit, DOMException)).name, "AbortError");
});

Deno.test("leak checks take the same figures whoever fits", async () => {
  const check = (deps: { readonly openFitter?: () => FitWorkers }) =>
    checkLeaksAlone(smallCandles(), WALK, { ...here, engine: defaultFeatureEngine(), ...deps });
  const aside = await check({ openFitter: () => new FitWorkers() });
  assertEquals(aside, await check({}));
  assert(aside.filter(({ skipped }) => !skipped).length > 5, "figures are taken");
});
