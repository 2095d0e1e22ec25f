import { type DatasetInput, type KeyValue, PARENT_RUN_TAG, type Run, type Tracker } from "../../core/mod.ts";
import { meanLoss } from "../evaluation/daily_losses.ts";
import {
  epochMetrics,
  FAILURE_TAG,
  settingsParams,
  type StartRunOptions,
  TrackedRun,
  trainingMetrics,
} from "../experiment/mod.ts";
import { type FitJob, fitJobDigest } from "../jobs/fit_job.ts";
import type { FitJobResult } from "../jobs/run_fit_job.ts";
import type { EpochReport } from "../training/protocol.ts";
import { knownFits, tagOf, trialRuns } from "./known_fits.ts";
import { type Objective, objectiveLoss } from "./objective.ts";
import {
  describeTrial,
  type KnownFit,
  type SweepListener,
  type SweepTrial,
  type TrialFailure,
  type TrialFit,
} from "./run_sweep.ts";
import { fitFile, jobTag, SWEEP_TAGS } from "./sweep_tags.ts";

/** What a recorder needs to know. */
export interface SweepRecorderOptions {
  readonly parent: { readonly runId: string; readonly experimentId: string };
  /** How each child is started; its tags are those of any run of this data and code. */
  readonly child: Omit<StartRunOptions, "runName">;
  readonly dataset: DatasetInput;
  readonly objective: Objective;
}

/**
 * Keeps each trial as a nested run: parameters, metrics over its epochs, the validation losses of each rung, and how it
 * ended. Of forecasts it keeps daily sums of losses alone (evaluation section 5). Disposed early, it records the trials
 * under way as KILLED where the sweep was stopped, else as FAILED.
 */
export class SweepRecorder implements SweepListener, AsyncDisposable {
  /** Fits that an earlier process has ended. */
  readonly known: ReadonlyMap<string, KnownFit>;
  readonly #tracker: Tracker;
  readonly #options: SweepRecorderOptions;
  /** Runs of an earlier process, by trial. */
  readonly #found: ReadonlyMap<number, Run>;
  readonly #open = new Map<number, TrackedRun>();
  readonly #runIds = new Map<number, string>();
  /** Epochs that a trial has spent on earlier rungs. */
  readonly #epochsBefore = new Map<number, number>();

  private constructor(
    tracker: Tracker,
    options: SweepRecorderOptions,
    found: ReadonlyMap<number, Run>,
    known: ReadonlyMap<string, KnownFit>,
  ) {
    this.#tracker = tracker;
    this.#options = options;
    this.#found = found;
    this.known = known;
    for (const [number, run] of found) {
      this.#runIds.set(number, run.info.runId);
      this.#epochsBefore.set(number, epochsOf(run, known));
    }
  }

  /** Looks for children that an earlier process has left. */
  static async open(tracker: Tracker, options: SweepRecorderOptions): Promise<SweepRecorder> {
    const found = await trialRuns(tracker, options.parent);
    return new SweepRecorder(tracker, options, found, await knownFits(tracker, found.values()));
  }

  /** Run of a trial; undefined before it began. */
  runIdOf(trial: number): string | undefined {
    return this.#runIds.get(trial);
  }

  async began(trial: SweepTrial): Promise<void> {
    await this.#runOf(trial);
  }

  /** Logs an epoch of the rung under way; steps count epochs over all rungs, as each trains anew. */
  epoch(trial: SweepTrial, report: EpochReport, member: number): void {
    const before = this.#epochsBefore.get(trial.number) ?? 0;
    const metrics = epochMetrics({ ...report, points: [] }, this.#options.child.nowMs(), member);
    this.#open.get(trial.number)?.queue({ metrics: metrics.map((each) => ({ ...each, step: before + each.step })) });
  }

  async fitted(trial: SweepTrial, { rung, budget, result, loss, seconds }: TrialFit): Promise<void> {
    const run = await this.#runOf(trial), timestamp = this.#options.child.nowMs();
    const content = { job: trial.jobAt(budget), result, seconds };
    await run.writeFiles(new Map([[fitFile(rung), new TextEncoder().encode(`${JSON.stringify(content)}\n`)]]));
    const { validation, training } = result, { objective } = this.#options;
    const values: Record<string, number> = {
      final_validation_loss: objectiveLoss({ ...objective, kind: "loss" }, validation),
      final_validation_log_loss: meanLoss(validation.daily, "logLoss"),
      final_validation_qlike: meanLoss(validation.daily, "qlike"),
      final_validation_pinball: meanLoss(validation.daily, "pinball"),
      sweep_objective: loss,
      fit_seconds: seconds,
      ...trainingMetrics(training),
    };
    const epochs = this.#epochsBefore.get(trial.number) ?? 0;
    this.#epochsBefore.set(trial.number, epochs + epochsSpent(result));
    await run.log({
      metrics: Object.entries(values).map(([key, value]) => ({ key, value, timestamp, step: rung })),
      tags: [{ key: jobTag(rung), value: result.job }],
    });
  }

  async failed(trial: SweepTrial, _rung: number, { code, message, hint }: TrialFailure, job: FitJob): Promise<void> {
    const run = await this.#runOf(trial);
    await run.log({
      tags: [
        { key: FAILURE_TAG, value: message },
        ...(code === undefined ? [] : [{ key: `${FAILURE_TAG}.code`, value: code }]),
        ...(hint === undefined ? [] : [{ key: `${FAILURE_TAG}.hint`, value: hint }]),
        { key: jobTag("failed"), value: fitJobDigest(job) },
      ],
    });
    await this.#end(trial, "FAILED");
  }

  async pruned(trial: SweepTrial, rung: number): Promise<void> {
    if (this.#hasEnded(trial)) return;
    const run = await this.#runOf(trial);
    await run.log({ tags: [{ key: SWEEP_TAGS.pruned, value: String(rung) }] });
    await this.#end(trial, "KILLED");
  }

  async finished(trial: SweepTrial): Promise<void> {
    if (this.#hasEnded(trial)) return;
    await this.#runOf(trial);
    await this.#end(trial, "FINISHED");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const run of this.#open.values()) await run[Symbol.asyncDispose]();
  }

  /** Whether an earlier process has seen the trial to its end. */
  #hasEnded({ number }: SweepTrial): boolean {
    const run = this.#found.get(number);
    if (run === undefined || this.#open.has(number)) return false;
    return run.info.status === "FINISHED" ||
      tagOf(run, SWEEP_TAGS.pruned) !== undefined && run.info.status === "KILLED";
  }

  async #runOf(trial: SweepTrial): Promise<TrackedRun> {
    const { number, assignment } = trial;
    const open = this.#open.get(number);
    if (open !== undefined) return open;
    const found = this.#found.get(number);
    const run = found === undefined ? await this.#start(trial) : await this.#reopen(found);
    this.#open.set(number, run);
    this.#runIds.set(number, run.runId);
    await this.#tracker.logInputs(run.runId, { datasets: [this.#options.dataset] });
    await run.log({
      params: settingsParams(trial.settings),
      tags: [{ key: SWEEP_TAGS.assignment, value: JSON.stringify(assignment) }],
    });
    return run;
  }

  async #start(trial: SweepTrial): Promise<TrackedRun> {
    const { child, parent } = this.#options;
    const tags: KeyValue[] = [
      ...child.tags,
      { key: PARENT_RUN_TAG, value: parent.runId },
      { key: SWEEP_TAGS.trial, value: String(trial.number) },
      { key: "mlflow.note.content", value: describeTrial(trial) },
    ];
    return await TrackedRun.start(this.#tracker, { ...child, runName: `trial-${trial.number}`, tags });
  }

  async #reopen(run: Run): Promise<TrackedRun> {
    return await TrackedRun.reopen(this.#tracker, { ...this.#options.child, runName: run.info.runName }, run);
  }

  async #end({ number }: SweepTrial, status: "FINISHED" | "FAILED" | "KILLED"): Promise<void> {
    await this.#open.get(number)!.finish(status);
    this.#open.delete(number);
  }
}

/** Epochs of the rungs that a run has ended, the start of each counted as one. */
function epochsOf(run: Run, known: ReadonlyMap<string, KnownFit>): number {
  let epochs = 0;
  for (let rung = 0;; rung++) {
    const fit = known.get(tagOf(run, jobTag(rung)) ?? "");
    if (fit === undefined || !("result" in fit)) return epochs;
    epochs += epochsSpent(fit.result);
  }
}

function epochsSpent({ training }: FitJobResult): number {
  return Math.max(0, ...training.map(({ epochs }) => epochs)) + 1;
}
