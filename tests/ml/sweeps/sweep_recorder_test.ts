import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { countTrials, DomainError, PARENT_RUN_TAG, type Run } from "../../../src/core/mod.ts";
import { datasetInput, TrackedRun } from "../../../src/ml/experiment/mod.ts";
import { type FitJob, fitJobDigest } from "../../../src/ml/jobs/fit_job.ts";
import { rungsOf } from "../../../src/ml/sweeps/halving.ts";
import { runSweep, type SweepDeps, type SweepTrial, type TrialOutcome } from "../../../src/ml/sweeps/run_sweep.ts";
import { tagOf } from "../../../src/ml/sweeps/known_fits.ts";
import { reportSweep } from "../../../src/ml/sweeps/sweep_report.ts";
import { SweepRecorder } from "../../../src/ml/sweeps/sweep_recorder.ts";
import { sweepMarkdown, sweepSentences } from "../../../src/ml/sweeps/sweep_table.ts";
import { MemoryTracker } from "../../fakes/memory_tracker.ts";
import { SETTINGS, smallJob } from "../jobs/small_job.ts";
import { resultOf } from "./planted_results.ts";

const RUNGS = rungsOf(4, { minBudget: 1, maxBudget: 4, factor: 2 });
const objective = { kind: "qlike", lossWeights: SETTINGS.mlp.lossWeights } as const;
const facts = { sha256: "c".repeat(64), ...SETTINGS.range, rows: 9, uri: "feature_store/bitcoin.duckdb" };

const TRIALS = Array.from({ length: 4 }, (_, i): SweepTrial => ({
  number: i + 1,
  assignment: { seed: i + 1, "mlp.learningRate": 0.002 },
  settings: smallJob({ seed: i + 1 }).settings,
  jobAt: (budget = 1) => smallJob({ seed: i + 1, mlp: { ...SETTINGS.mlp, epochs: budget } }),
}));

/** A sweep under a parent of its own, in a store that stays between calls. */
async function started() {
  const tracker = new MemoryTracker();
  const start = { experimentName: "test", tags: [], nowMs: () => 7 };
  const parent = await TrackedRun.start(tracker, { ...start, runName: "sweep" });
  const sweep = async (run: (job: FitJob, trial: number) => ReturnType<SweepDeps["run"]>, signal?: AbortSignal) => {
    const begun: string[] = [];
    await using recorder = await SweepRecorder.open(tracker, {
      ...{ parent, dataset: datasetInput(SETTINGS, facts), objective },
      child: { ...start, ...(signal === undefined ? {} : { signal }) },
    });
    const outcome = await runSweep(TRIALS, RUNGS, {
      run: async (job, { trial }) => {
        begun.push(`${trial.number}@${job.settings.mlp.epochs}`);
        for (let epoch = 0; epoch <= job.settings.mlp.epochs; epoch++) {
          const validation = { total: 3, direction: 1, volatility: 1 / (epoch + 1), quantiles: 1 };
          const report = { epoch, steps: epoch, trainLoss: 1, validation, learningRate: 0.1, isBest: true };
          recorder.epoch(trial, { ...report, points: [{ steps: 1, trainLoss: 1, gradientNorm: 1 }] }, 1);
        }
        return await run(job, trial.number);
      },
      listener: recorder,
      objective,
      known: recorder.known,
      concurrency: 1,
      monotonicMs: () => 0,
      ...(signal === undefined ? {} : { signal }),
    }).finally(() => ids = TRIALS.map(({ number }) => recorder.runIdOf(number)));
    return { outcome, begun };
  };
  let ids: (string | undefined)[] = [];
  const children = async (): Promise<Run[]> =>
    await Promise.all(ids.flatMap((id) => id === undefined ? [] : [tracker.getRun(id)]));
  return { tracker, parent, sweep, children };
}

const good = (job: FitJob, trial: number) => Promise.resolve(resultOf(job, trial / job.settings.mlp.epochs));

Deno.test("SweepRecorder keeps how each trial ended, its epochs over all rungs, and no point inside of them", async () => {
  const { tracker, parent, sweep, children } = await started();
  const diverged = new DomainError("check-failed", "Training diverged in step 3", { hint: "Lower mlp.learningRate" });
  const { outcome } = await sweep((job, trial) => trial === 2 ? Promise.reject(diverged) : good(job, trial));
  const runs = await children();
  assertEquals(runs.map(({ info }) => info.status), ["FINISHED", "FAILED", "KILLED", "KILLED"]);
  assertEquals(runs.map((run) => tagOf(run, PARENT_RUN_TAG)), runs.map(() => parent.runId));
  assertEquals(runs.map((run) => tagOf(run, "sweep.pruned")), [undefined, undefined, "1", "0"]);
  assertEquals(
    tagOf(runs[1]!, "failure"),
    "Cannot fit trial 2 (seed 2, mlp.learningRate 0.002): Training diverged in step 3",
  );
  const history = async (key: string) =>
    (await tracker.metricHistory(runs[0]!.info.runId, key)).items.map(({ step }) => step).toSorted((a, b) => a - b);
  // Rungs of 1, 2 and 4 epochs, the start of each counted as one.
  assertEquals(await history("validation_qlike"), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assertEquals(await history("final_validation_qlike"), [0, 1, 2]);
  assertEquals(await history("step_loss"), []);
  assertEquals(await countTrials(tracker, { symbol: "BTC/USDT", horizonMinutes: 15 }), 4);
  assertEquals(outcome.best.number, 1);

  const report = reportSweep(outcome, {
    sweep: { kind: "halving", seed: 1, objective: "qlike", base: {}, space: {} },
    ...{ rungs: RUNGS, objective, blockDays: 1, resamples: 100, trialsEver: 4 },
    runIdOf: (trial) => runs[trial - 1]!.info.runId,
  });
  assertEquals(report.trials.map(({ number, rung, status }) => [number, rung, status]), [
    [1, 2, "finished"],
    [3, 1, "pruned"],
    [4, 0, "pruned"],
    [2, null, "failed"],
  ]);
  // Against the best on the same rung: 3/2 − 1/2, and 4 − 1.
  assertEquals(report.trials.map(({ difference }) => difference?.mean), [undefined, 1, 3, undefined]);
  assertEquals([report.tied, report.counts], [0, { finished: 1, pruned: 2, failed: 1 }]);
  const markdown = sweepMarkdown(report);
  assertStringIncludes(markdown, "Training diverged in step 3. Lower mlp.learningRate.");
  assertEquals((await sweep(good)).outcome.trials[1]!.failure?.hint, "Lower mlp.learningRate", "as its run keeps it");
  assert(markdown.includes("| * | 1 | 1 |"), markdown);
});

Deno.test("SweepRecorder goes on with the runs of a killed process: what ended is not run again", async () => {
  const { tracker, sweep, children } = await started();
  const stop = new AbortController(), reason = new DomainError("interrupted", "Stopped by SIGINT");
  const dies = (job: FitJob, trial: number) => {
    if (trial === 3) return Promise.reject(new DomainError("worker-lost", "The worker of the job failed: gone"));
    if (job.settings.mlp.epochs < 4) return good(job, trial);
    stop.abort(reason);
    return Promise.reject(reason);
  };
  await sweep(dies, stop.signal).catch((error) => assertEquals(error, reason));
  const stopped = await children();
  assertEquals(stopped.map(({ info }) => info.status), ["KILLED", "KILLED", "FAILED", "KILLED"]);
  assertEquals(stopped.map((run) => tagOf(run, "sweep.pruned")), [undefined, "1", undefined, "0"]);
  // As SIGKILL leaves them: nobody wrote that they ended; and a file that was cut off.
  await tracker.updateRun(stopped[0]!.info.runId, { status: "RUNNING" });
  await tracker.writeArtifact({ runId: stopped[1]!.info.runId }, "sweep/rung_1.json", new TextEncoder().encode(`{"jo`));

  const { begun, outcome } = await sweep(good);
  assertEquals(begun, ["3@1", "2@2", "1@4"], "the lost one again, the damaged one again, and what was left");
  const resumed = await children();
  assertEquals(resumed.map(({ info }) => info.runId), stopped.map(({ info }) => info.runId));
  assertEquals(resumed.map(({ info }) => info.status), ["FINISHED", "KILLED", "KILLED", "KILLED"]);
  assertEquals(tagOf(resumed[2]!, "failure"), undefined);
  const whole = await (await started()).sweep(good);
  assertEquals(outcome, whole.outcome);
  assertEquals((await sweep(good)).begun, [], "and once more there is nothing left");
});

Deno.test("SweepRecorder keeps the whole job beside its result, so that another machine can run it", async () => {
  const { tracker, sweep, children } = await started();
  await sweep(good);
  const [run] = await children();
  const text = new TextDecoder().decode(await tracker.readArtifact({ runId: run!.info.runId }, "sweep/rung_2.json"));
  const { job, result } = JSON.parse(text);
  assertEquals(job, JSON.parse(JSON.stringify(TRIALS[0]!.jobAt(4))));
  assertEquals([fitJobDigest(job), tagOf(run!, "sweep.job.2")], [result.job, result.job]);
});

Deno.test(
  "sweepSentences() compare the best with the trials that were fitted, and say where there are none",
  { permissions: "none" },
  () => {
    const trial = (number: number, loss: number | undefined): TrialOutcome => ({
      number,
      assignment: { seed: number },
      status: loss === undefined ? "failed" : "finished",
      fits: loss === undefined
        ? []
        : [{ rung: 0, budget: undefined, result: resultOf(TRIALS[0]!.jobAt(1), loss), loss, seconds: 2 }],
      ...(loss === undefined ? { failure: { code: "check-failed", message: "Cannot fit it" } } : {}),
    });
    const sentencesOf = (...losses: (number | undefined)[]) => {
      const trials = losses.map((loss, i) => trial(i + 1, loss));
      const report = reportSweep({ trials, best: trials[0]! }, {
        sweep: { kind: "grid", seed: 1, objective: "qlike", base: {}, space: {} },
        rungs: [{ trials: trials.length, budget: undefined }],
        ...{ objective, blockDays: 1, resamples: 100, trialsEver: 4, runIdOf: () => undefined },
      });
      return { tied: report.tied, comparison: sweepSentences(report)[1] };
    };
    const none = { tied: 0, comparison: "No other trial was fitted that the best could be compared with." };
    assertEquals(sentencesOf(1), none);
    assertEquals(sentencesOf(1, undefined), none);
    assertEquals(sentencesOf(1, 2, undefined), {
      tied: 0,
      comparison: "The other fitted trial is worse than the best beyond the noise of the days.",
    });
    assertEquals(sentencesOf(1, 2, 3), {
      tied: 0,
      comparison: "All 2 other fitted trials are worse than the best beyond the noise of the days.",
    });
    const tied = (count: number, of: number) => ({
      tied: count,
      comparison: `${count} of the ${of} other fitted trials cannot be told from the best: the interval of the ` +
        "difference holds 0.",
    });
    assertEquals(sentencesOf(1, 1, 2), tied(1, 2));
    // One that was ahead where it was left behind is neither tied nor worse.
    assertEquals(sentencesOf(2, 1), tied(0, 1));
  },
);

Deno.test(
  "reportSweep() gives the spread over seeds, apart for each of the other settings",
  { permissions: "none" },
  () => {
    const trial = (number: number, seed: number, rate: number, loss: number): TrialOutcome => ({
      number,
      assignment: { seed, rate },
      status: "finished",
      fits: [{ rung: 0, budget: undefined, result: resultOf(TRIALS[0]!.jobAt(1), loss), loss, seconds: 2 }],
    });
    const trials = [trial(1, 1, 0.1, 3), trial(2, 2, 0.1, 1), trial(3, 3, 0.1, 5), trial(4, 1, 0.2, 9)];
    const report = reportSweep({ trials, best: trials[1]! }, {
      sweep: { kind: "grid", seed: 1, objective: "qlike", base: {}, space: {} },
      rungs: [{ trials: 4, budget: undefined }],
      ...{ objective, blockDays: 1, resamples: 100, trialsEver: 4, runIdOf: () => undefined },
    });
    assertEquals(report.seeds, [{ assignment: { rate: 0.1 }, seeds: 3, mean: 3, deviation: 2, low: 1, high: 5 }]);
    assertEquals(report.trials.map(({ number }) => number), [2, 1, 3, 4]);
    const sentences = sweepSentences(report).join(" ");
    assertStringIncludes(sentences, "Over 3 seeds (rate 0.1): 3.00000 ± 2.00000, from 1.00000 to 5.00000.");
    assertStringIncludes(sentences, "4 runs with this symbol and horizon were ever started");
  },
);
