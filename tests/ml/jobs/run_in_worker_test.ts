import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DAY_MS, DomainError, isDomainError, type ProgressState, SILENT_PROGRESS } from "../../../src/core/mod.ts";
import { runExperiment } from "../../../src/ml/experiment/mod.ts";
import { defaultFeatureEngine } from "../../../src/ml/features/mod.ts";
import { type FitJob, fitJobDigest, rowsOfJob } from "../../../src/ml/jobs/fit_job.ts";
import { type FitJobResult, modelDigest, runFitJob } from "../../../src/ml/jobs/run_fit_job.ts";
import { runInWorker } from "../../../src/ml/jobs/run_in_worker.ts";
import { type JobOutcome, runJobs } from "../../../src/ml/jobs/run_jobs.ts";
import { datasetOf } from "../../../src/ml/dataset.ts";
import { shareDataset } from "../../../src/ml/jobs/shared_dataset.ts";
import { trainInWorker } from "../../../src/ml/training/train_in_worker.ts";
import type { EpochReport } from "../../../src/ml/training/protocol.ts";
import { DAYS, SETTINGS, smallCandles, smallDataset, smallJob, START_MS } from "./small_job.ts";

const shared = shareDataset(smallDataset());
const { mlp } = SETTINGS;
const JOBS: FitJob[] = [
  smallJob(),
  smallJob({ seed: 2 }),
  smallJob({ mlp: { ...mlp, learningRate: 0.01, engine: "tensors" } }),
  smallJob({ family: "har" }),
  smallJob({}, { trainingDays: 6 }),
  smallJob({ family: "pyramid", sequence: { ...SETTINGS.sequence, epochs: 1 } }),
  smallJob({ family: "gbdt", gbdt: { ...SETTINGS.gbdt, trees: 5 } }),
  smallJob({ family: "linear" }),
];
const DIVERGING = smallJob({ mlp: { ...mlp, learningRate: 1e30, schedule: { kind: "constant", warmUpSteps: 0 } } });

const jsonOf = (outcomes: readonly JobOutcome<FitJobResult>[]) => JSON.stringify(outcomes);

Deno.test("runInWorker() gives the bytes of the caller's thread, in any order, on one Worker or two, after any JSON", async () => {
  const inline = await Promise.all(
    JOBS.map((job) => runFitJob(job, smallDataset(), { train: trainInWorker, progress: SILENT_PROGRESS })),
  );
  assertEquals(new Set(inline.map(({ modelSha256 }) => modelSha256)).size, JOBS.length, "each fits another model");
  const order = fc.shuffledSubarray(JOBS.map((_, i) => i), { minLength: JOBS.length });
  for (const [run, indices] of fc.sample(order, { numRuns: 2, seed: 6 }).entries()) {
    const travelled: FitJob[] = indices.map((i) => JSON.parse(JSON.stringify(JOBS[i])));
    const outcomes = await runJobs(travelled, (job) => runInWorker(job, shared), { concurrency: run + 1 });
    assertEquals(jsonOf(outcomes), JSON.stringify(indices.map((i) => ({ state: "done", result: inline[i] }))));
  }
});

Deno.test("a job fits the very model that track scores first by the same settings", async () => {
  for (const job of [JOBS[0]!, JOBS[3]!]) {
    const { folds } = await runExperiment(smallCandles(), job.settings, {
      engine: defaultFeatureEngine(),
      train: trainInWorker,
      progress: SILENT_PROGRESS,
    });
    assertEquals((await runInWorker(job, shared)).modelSha256, modelDigest(folds[0]!.fitted));
  }
});

Deno.test("runInWorker() tells of progress and epochs while it runs", async () => {
  const states: ProgressState[] = [], epochs: EpochReport[] = [];
  await runInWorker(JOBS[0]!, shared, {
    onProgress: (state) => states.push(state),
    onEpoch: (report) => epochs.push(report),
  });
  assertEquals(epochs.map(({ epoch }) => epoch), [0, 1, 2]);
  assertEquals([states.at(-1)!.done, states.at(-1)!.unit], [SETTINGS.mlp.epochs, "epochs"]);
});

Deno.test("runJobs() of Workers: a job that diverges says so and does not end the rest", async () => {
  const outcomes = await runJobs([DIVERGING, JOBS[3]!], (job) => runInWorker(job, shared), { concurrency: 2 });
  assertEquals(outcomes.map(({ state }) => state), ["failed", "done"]);
  const [failed] = outcomes;
  assert(failed?.state === "failed" && isDomainError(failed.error, "check-failed"));
  assert(failed.error.message.includes("learning rate 1e+30"), failed.error.message);
});

Deno.test("runInWorker() gives up on a Worker that is gone, by a code that says it may be tried again", async () => {
  const error = await assertRejects(
    () =>
      runInWorker(JOBS[0]!, shared, { silentMs: 300, workerModule: new URL("./silent_worker.ts", import.meta.url) }),
    DomainError,
    "has said nothing for 0.3 s",
  );
  assertEquals([error.code, error.traits.retry], ["worker-lost", true]);
});

Deno.test("runJobs() of Workers ends all at once when it is stopped", async () => {
  const stop = new AbortController();
  const endless = smallJob({ mlp: { ...mlp, epochs: 5000, patience: 5000 } });
  const startedMs = performance.now();
  let atMs = Infinity;
  const running = runJobs([endless, endless, endless], (job, { signal }) =>
    runInWorker(job, shared, {
      signal,
      onEpoch({ epoch }) {
        if (epoch < 2 || stop.signal.aborted) return;
        atMs = performance.now();
        stop.abort(new DomainError("interrupted", "Stopped by SIGINT"));
      },
    }), { concurrency: 2, signal: stop.signal });
  await assertRejects(() => running, DomainError, "SIGINT");
  assert(performance.now() - atMs < 2000, `${performance.now() - atMs} ms after ${atMs - startedMs}`);
});

Deno.test("a job reads no row from its test's start on, and says by its digest whatever decides its result", async () => {
  const fit = (job: FitJob, data = smallDataset()) =>
    runFitJob(job, data, { train: trainInWorker, progress: SILENT_PROGRESS });
  const changed = { ...smallCandles(), close: smallCandles().close.slice() };
  const testStart = (JOBS[0]!.fold.test.startMs - START_MS) / 60_000;
  for (let i = testStart; i < changed.length; i++) changed.close[i] = changed.close[i]! * (1 + (i % 13) / 100);
  const whole = await fit(JOBS[0]!);
  assertEquals(await fit(JOBS[0]!, smallDataset(changed)), whole);
  changed.close[testStart - 1000]! *= 1.05;
  assertNotEquals(await fit(JOBS[0]!, smallDataset(changed)), whole);

  assertEquals(fitJobDigest(JSON.parse(JSON.stringify(JOBS[0]))), fitJobDigest(JOBS[0]!));
  assertEquals(new Set(JOBS.map(fitJobDigest)).size, JOBS.length);
  const other = smallJob({}, { code: { commit: "a".repeat(40), lockSha256: null } });
  assertNotEquals(fitJobDigest(other), fitJobDigest(JOBS[0]!));
});

Deno.test("rowsOfJob() takes the newest days where they are limited, and refuses other features", () => {
  const dataset = smallDataset(), { train, trainingSpan, validation, test } = rowsOfJob(JOBS[4]!, dataset);
  const { fold } = JOBS[4]!, trainStartMs = fold.train.startMs, validationStartMs = fold.validation.startMs;
  assertEquals((validationStartMs - trainStartMs) / DAY_MS, 6);
  assertEquals(fold.trainingSpan.startMs, trainStartMs);
  assertEquals(fold.test.startMs, START_MS + DAYS / 2 * DAY_MS);
  const at = (row: number | undefined) => dataset.features.decisionTimeMs[row!]!;
  assertEquals([at(train[0]), at(trainingSpan[0])], [trainStartMs, trainStartMs]);
  assertEquals(at(validation[0]), validationStartMs);
  assert(at(validation.at(-1)) + 15 * 60_000 <= fold.test.startMs);
  assertEquals(test.length, 0);
  const error = assertThrows(() => rowsOfJob(JOBS[0]!, { ...dataset, featureSetDigest: "other" }), DomainError);
  assertEquals(error.code, "input-invalid");
});

Deno.test("shareDataset() copies a column once, and what a Worker computes of its candles is the same", () => {
  const again = shareDataset(datasetOf(shared));
  assertEquals(again.features.columns.map((column, i) => column.buffer === shared.features.columns[i]!.buffer), [
    ...shared.features.columns.map(() => true),
  ]);
  const { grid } = datasetOf(shared);
  assertEquals(grid.close, smallDataset().grid.close);
  const whole = [Int32Array.of(grid.length), 1440] as const;
  assertEquals(grid.volumeSums().windows(...whole), smallDataset().grid.volumeSums().windows(...whole));
});
