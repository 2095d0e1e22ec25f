import { countTrials, DAY_MS, type Tracker, type Warning } from "../core/mod.ts";
import type { TrackedRun } from "../ml/experiment/mod.ts";
import type { SharedDataset } from "../ml/jobs/shared_dataset.ts";
import type { Objective, SweepOutcome, SweepPlan, SweepReport, SweepTrial } from "../ml/sweeps/mod.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { runTags } from "./run_tags.ts";
import { endLostWinner } from "./sweep_parent.ts";
import { encodeRequest, REQUEST_FILE, type SweepRequest } from "./sweep_request.ts";
import { sweepResult } from "./sweep_result.ts";
import { trainBest } from "./sweep_winner.ts";
import type { ReadCandles } from "./track_input.ts";
import { userOf } from "./track_run.ts";
import type { SweepStart } from "./track_sweep.ts";

/** A sweep whose parent run is open. */
export interface SweepSession {
  readonly context: CommandContext;
  readonly start: SweepStart;
  readonly request: SweepRequest;
  readonly plan: SweepPlan;
  readonly read: ReadCandles;
  readonly trials: readonly SweepTrial[];
  readonly tracker: Tracker;
  readonly experimentName: string;
  readonly parent: TrackedRun;
  readonly isResumed: boolean;
  readonly warnings: Warning[];
}

/** Runs the trials, reports on them, and trains and scores the best. */
export async function runUnderParent(session: SweepSession): Promise<CommandResult> {
  const { context, tracker, parent } = session;
  await describeParent(session);
  if (session.isResumed) await endLostWinner(tracker, parent, context.clock.nowMs());
  warnOfFewer(session);
  await warnOfDays(session);
  const dataset = await sharedDataset(session);
  const { report, best } = await fitTrials(session, dataset);
  await writeReport(session, report, null);
  const winner = await trainBest(session, best);
  const result = sweepResult({ report, winner, parentRunId: parent.runId, trackingUri: tracker.uri });
  if (winner.error !== undefined) {
    await parent.fail(winner.error);
    return result;
  }
  await writeReport(session, report, winner.runId);
  await parent.finish();
  return result;
}

/** Parameters and the request, as far as an earlier process has not written them. */
async function describeParent(session: SweepSession): Promise<void> {
  const { context, request, plan, read, parent, tracker, isResumed } = session;
  const { datasetInput } = await import("../ml/experiment/mod.ts");
  const { canonicalJson } = await import("../ml/canonical_json.ts");
  const { sha256Of } = await import("../ml/sha256.ts");
  const { sweep, file } = request, { settings } = read;
  await tracker.logInputs(parent.runId, { datasets: [datasetInput(settings, read.facts)] });
  const params = {
    sweep_kind: sweep.kind,
    sweep_trials: plan.trials.length,
    sweep_seed: sweep.seed,
    sweep_objective: sweep.objective,
    sweep_space: Object.keys(sweep.space).join(", "),
    sweep_rungs: plan.rungs.map(({ trials, budget }) => budget === undefined ? trials : `${trials}x${budget}`).join(
      " ",
    ),
    sweep_file: file,
    sweep_file_sha256: sha256Of(canonicalJson(sweep)),
    // Not as a trial has them: a parent is none.
    sweep_horizon_minutes: settings.horizonMinutes,
    sweep_symbol: settings.series.symbol,
  };
  await parent.log({ params: Object.entries(params).map(([key, value]) => ({ key, value: String(value) })) });
  if (!isResumed) await parent.writeFiles(new Map([[REQUEST_FILE, encodeRequest(request, settings.range)]]));
  else context.output.note(`Goes on with sweep ${parent.runId}`);
}

function warnOfFewer({ request: { sweep }, plan, warnings }: SweepSession): void {
  if (sweep.trials === undefined || plan.trials.length === sweep.trials) return;
  warnings.push({
    code: "space-exhausted",
    message: `The space has ${plan.trials.length} combinations where ${sweep.trials} trials are asked for`,
  });
}

/** Rungs that ask for more days than there are before the validation are fitted on those that there are. */
async function warnOfDays(
  { request: { sweep: { budget } }, read: { settings }, warnings }: SweepSession,
): Promise<void> {
  const { TRAINING_DAYS } = await import("../ml/sweeps/mod.ts");
  const { experimentFolds } = await import("../ml/experiment/mod.ts");
  if (budget?.key !== TRAINING_DAYS) return;
  const { train, validation } = experimentFolds(settings).folds[0]!;
  const days = (validation.startMs - train.startMs) / DAY_MS;
  if (budget.max <= days) return;
  warnings.push({
    code: "budget-clipped",
    message: `The budget goes up to ${budget.max} days of training, and there are ${Number(days.toFixed(1))} before ` +
      "the validation: rungs beyond that are fitted on those",
  });
}

/** The one copy of the data that all Workers read: that of the first step, on which trials are chosen. */
async function sharedDataset({ read }: SweepSession): Promise<SharedDataset> {
  const { computedFeatures, loadDataset } = await import("../ml/dataset.ts");
  const { experimentFolds } = await import("../ml/experiment/mod.ts");
  const { shareDataset } = await import("../ml/jobs/shared_dataset.ts");
  const { engine, candles, settings } = read, { range, horizonMinutes } = settings;
  const { features = computedFeatures(candles, engine, range.startMs) } = read;
  const { train, test } = experimentFolds(settings).folds[0]!;
  const span = { startMs: train.startMs, endMs: test.startMs };
  return shareDataset(await loadDataset({ candles, engine, features, horizonMinutes }, span, { shared: true }));
}

/** Fits all trials and compares them. */
async function fitTrials(
  session: SweepSession,
  dataset: SharedDataset,
): Promise<{ readonly report: SweepReport; readonly best: SweepOutcome["best"] }> {
  const { context, request: { sweep }, plan, read, trials, tracker, parent, experimentName } = session;
  const { reportSweep, runSweep, SweepProgress, SweepRecorder } = await import("../ml/sweeps/mod.ts");
  const { datasetInput } = await import("../ml/experiment/mod.ts");
  const { runInWorker } = await import("../ml/jobs/run_in_worker.ts");
  const { settings, facts } = read;
  const objective: Objective = { kind: sweep.objective, lossWeights: settings.mlp.lossWeights };
  const progress = new SweepProgress(context.progress, plan.rungs.reduce((sum, rung) => sum + rung.trials, 0));
  await using recorder = await SweepRecorder.open(tracker, {
    parent,
    child: {
      experimentName,
      tags: [...await runTags(context, { settings, datasetSha256: facts.sha256 }), ...session.start.userTags],
      nowMs: () => context.clock.nowMs(),
      signal: context.signal,
      ...userOf(context),
    },
    dataset: datasetInput(settings, facts),
    objective,
  });
  progress.skip(recorder.known.size);
  const outcome = await runSweep(trials, plan.rungs, {
    run: async (job, { trial, signal }) => {
      progress.update(trial.number);
      return await runInWorker(job, dataset, {
        signal,
        onProgress: (state) => progress.update(trial.number, state),
        onEpoch: (report, member) => recorder.epoch(trial, report, member),
      });
    },
    listener: progress.around(recorder),
    objective,
    known: recorder.known,
    concurrency: concurrencyOf(context),
    monotonicMs: () => context.clock.monotonicMs(),
    signal: context.signal,
  });
  const report = reportSweep(outcome, {
    ...{ sweep, rungs: plan.rungs, objective, blockDays: settings.blockDays, resamples: settings.resamples },
    runIdOf: (trial) => recorder.runIdOf(trial),
    trialsEver: await countTrials(tracker, { symbol: settings.series.symbol, horizonMinutes: settings.horizonMinutes }),
  });
  return { report, best: outcome.best };
}

function concurrencyOf({ options }: CommandContext): number {
  const cores = navigator.hardwareConcurrency;
  return Math.min(options.number("jobs") ?? cores, cores);
}

/** The report as files and metrics of the parent run. */
async function writeReport(
  { parent, context }: SweepSession,
  report: SweepReport,
  winnerRunId: string | null,
): Promise<void> {
  const { sweepMarkdown } = await import("../ml/sweeps/mod.ts");
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const { counts, trialsEver, best, trials } = report;
  await parent.writeFiles(
    new Map([
      ["sweep.json", utf8(`${JSON.stringify({ ...report, winnerRunId }, null, 1)}\n`)],
      ["sweep.md", utf8(sweepMarkdown(report))],
    ]),
  );
  if (winnerRunId !== null) return;
  const values = {
    sweep_best_objective: trials.find(({ number }) => number === best)!.loss!,
    sweep_best_trial: best,
    sweep_finished: counts.finished,
    sweep_pruned: counts.pruned,
    sweep_failed: counts.failed,
    trials_ever: trialsEver,
  };
  const timestamp = context.clock.nowMs();
  await parent.log({
    metrics: Object.entries(values).map(([key, value]) => ({ key, value, timestamp, step: 0 })),
  });
}
