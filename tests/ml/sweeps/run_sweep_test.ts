import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { DomainError, seededRandom } from "../../../src/core/mod.ts";
import { fitJobDigest } from "../../../src/ml/jobs/fit_job.ts";
import { rungsOf } from "../../../src/ml/sweeps/halving.ts";
import {
  describeTrial,
  type KnownFit,
  runSweep,
  settingText,
  type SweepDeps,
  type SweepTrial,
} from "../../../src/ml/sweeps/run_sweep.ts";
import { smallJob } from "../jobs/small_job.ts";
import { resultOf } from "./planted_results.ts";

/** Trials whose seed is their number, by which a job tells whose it is; its epochs are the budget. */
function trialsOf(count: number): SweepTrial[] {
  return Array.from({ length: count }, (_, i): SweepTrial => ({
    number: i + 1,
    assignment: { seed: i + 1 },
    settings: smallJob({ seed: i + 1 }).settings,
    jobAt: (budget = 1) => smallJob({ seed: i + 1, mlp: { ...smallJob().settings.mlp, epochs: budget } }),
  }));
}

function recorded() {
  const log: string[] = [];
  return {
    log,
    listener: {
      began: ({ number }: SweepTrial, rung: number) => Promise.resolve(void log.push(`began ${number} ${rung}`)),
      fitted: ({ number }: SweepTrial, { rung }: { rung: number }) =>
        Promise.resolve(void log.push(`fitted ${number} ${rung}`)),
      failed: ({ number }: SweepTrial, rung: number) => Promise.resolve(void log.push(`failed ${number} ${rung}`)),
      pruned: ({ number }: SweepTrial, rung: number) => Promise.resolve(void log.push(`pruned ${number} ${rung}`)),
      finished: ({ number }: SweepTrial) => Promise.resolve(void log.push(`finished ${number}`)),
    },
  };
}

const baseDeps = (run: SweepDeps["run"]): SweepDeps & { log: string[] } => ({
  run,
  ...recorded(),
  objective: { kind: "qlike", lossWeights: { direction: 1, volatility: 1, quantiles: 1 } },
  concurrency: 1,
  monotonicMs: () => 0,
});

Deno.test("runSweep() by halving finds a planted best, with the fits that theory counts, in any order of ends", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        trials: fc.integer({ min: 1, max: 30 }),
        factor: fc.integer({ min: 2, max: 4 }),
        seed: fc.nat(1000),
        concurrency: fc.integer({ min: 1, max: 4 }),
      }),
      async ({ trials, factor, seed, concurrency }) => {
        const random = seededRandom(seed), losses = Array.from({ length: trials }, () => random.uniform());
        const rungs = rungsOf(trials, { minBudget: 1, maxBudget: 27, factor });
        // Curves fall with the budget and do not cross, so that pruning by an early loss is right.
        const run: SweepDeps["run"] = async (job) => {
          await new Promise((done) => setTimeout(done, random.integer(3)));
          return resultOf(job, losses[job.settings.seed - 1]! + 5 / job.settings.mlp.epochs);
        };
        const deps = baseDeps(run), found = await runSweep(trialsOf(trials), rungs, { ...deps, concurrency });
        assertEquals(found.best.number - 1, losses.indexOf(Math.min(...losses)));
        assertEquals(
          found.trials.map(({ fits }) => fits.length).reduce((sum, fits) => sum + fits),
          rungs.reduce((sum, rung) => sum + rung.trials, 0),
        );
        const byLoss = losses.map((loss, i) => [loss, i] as const).toSorted(([a], [b]) => a - b);
        byLoss.forEach(([, i], place) => {
          const reached = rungs.filter((rung) => place < rung.trials).length;
          assertEquals(found.trials[i]!.fits.length, reached, `trial in place ${place}`);
          assertEquals(found.trials[i]!.status, reached === rungs.length ? "finished" : "pruned");
        });
        assertEquals(deps.log.filter((line) => line.startsWith("pruned")).length, trials - rungs.at(-1)!.trials);
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("runSweep() goes on without what failed, says which trial and settings, and skips what is known", async () => {
  const trials = trialsOf(6), rungs = rungsOf(6, { minBudget: 1, maxBudget: 4, factor: 2 });
  const diverged = new DomainError("check-failed", "Training diverged in step 7", { hint: "Lower mlp.learningRate" });
  const run: SweepDeps["run"] = (job) => {
    if (job.settings.seed === 2) return Promise.reject(diverged);
    return Promise.resolve(resultOf(job, job.settings.seed / job.settings.mlp.epochs));
  };
  const deps = baseDeps(run), whole = await runSweep(trials, rungs, deps);
  assertEquals(whole.trials.map(({ number, status, fits }) => `${number} ${status} ${fits.length}`), [
    "1 finished 3",
    "2 failed 0",
    "3 pruned 2",
    "4 pruned 2",
    "5 pruned 1",
    "6 pruned 1",
  ]);
  assertEquals(whole.trials[1]!.failure, {
    code: "check-failed",
    message: "Cannot fit trial 2 (seed 2): Training diverged in step 7",
    hint: "Lower mlp.learningRate",
  });
  assertEquals(whole.best.number, 1);

  // As after a kill: some fits and the failure are known, and only the others are run.
  const known = new Map<string, KnownFit>();
  for (const { number, fits } of whole.trials.slice(0, 4)) {
    for (const { result, budget } of fits.slice(0, 2)) {
      known.set(fitJobDigest(trials[number - 1]!.jobAt(budget)), { result, seconds: 0 });
    }
  }
  known.set(fitJobDigest(trials[1]!.jobAt(1)), { failure: whole.trials[1]!.failure! });
  const again = baseDeps(run), resumed = await runSweep(trials, rungs, { ...again, known, concurrency: 2 });
  assertEquals(resumed, whole);
  assertEquals(again.log.filter((line) => line.startsWith("began")), ["began 5 0", "began 6 0", "began 1 2"]);
});

Deno.test("runSweep() without any fit fails with the first reason; a broken store ends it at once", async () => {
  const lost = new DomainError("worker-lost", "The worker of the job failed: gone", { hint: "Run fewer jobs" });
  const none = baseDeps(() => Promise.reject(lost));
  const error = await assertRejects(
    () => runSweep(trialsOf(3), [{ trials: 3, budget: undefined }], none),
    DomainError,
    "No trial of 3 was fitted: Cannot fit trial 1 (seed 1): The worker of the job failed: gone",
  );
  assertEquals(error.code, "check-failed");
  assert(error.hint?.endsWith("for the first that failed: Run fewer jobs"), error.hint);

  const broken = baseDeps((job) => Promise.resolve(resultOf(job, 1)));
  const listener = { ...broken.listener, fitted: () => Promise.reject(new DomainError("disk-full", "No space left")) };
  await assertRejects(
    () => runSweep(trialsOf(5), [{ trials: 5, budget: undefined }], { ...broken, listener }),
    DomainError,
    "No space left",
  );
  assertEquals(broken.log, ["began 1 0"]);

  const stop = new AbortController();
  const stopped = baseDeps((_, { signal }) => {
    stop.abort(new DomainError("interrupted", "Stopped by SIGINT"));
    return Promise.reject(signal.reason);
  });
  await assertRejects(
    () => runSweep(trialsOf(5), [{ trials: 5, budget: undefined }], { ...stopped, signal: stop.signal }),
    DomainError,
    "SIGINT",
  );
  assert(!stopped.log.some((line) => line.startsWith("failed")), stopped.log.join());
});

Deno.test(
  "settingText() shows whole numbers with all their digits, and fractions by four",
  { permissions: "none" },
  () => {
    assertEquals([123456, -20001, 0.000123456, 1234.56, 1e21].map(settingText), [
      "123456",
      "-20001",
      "0.0001235",
      "1235",
      "1e+21",
    ]);
    assertEquals(
      describeTrial({ number: 3, assignment: { seed: 2147483647, "mlp.hidden": [64, 32] } }),
      "trial 3 (seed 2147483647, mlp.hidden [64,32])",
    );
  },
);
