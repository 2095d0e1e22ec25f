import { DomainError, type KeyValue, type Warning } from "../core/mod.ts";
import type { ExperimentSettings } from "../ml/experiment/mod.ts";
import type { SweepPlan, SweepTrial } from "../ml/sweeps/mod.ts";
import { buildInfo } from "./build_info.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import { openTracker } from "./runtime.ts";
import { openParent, requireSame, sweepDigest, unfinishedSweep } from "./sweep_parent.ts";
import { requestOf, requestOfParent, type SweepRequest } from "./sweep_request.ts";
import { runUnderParent } from "./sweep_under_parent.ts";
import { type ReadCandles, readCandles, resolveSettings } from "./track_input.ts";
import { experimentNameOf } from "./track_run.ts";

/** What `track` has found out before it came to the sweep. */
export interface SweepStart {
  /** When the command began, on the monotonic clock. */
  readonly startedMs: number;
  readonly userTags: readonly KeyValue[];
}

/**
 * `track --sweep`: fits the trials of a sweep as jobs over Workers, each a nested run under one parent, chooses on the
 * validation rows, and trains and scores the best as `track` does. The same command goes on with a sweep that was killed.
 */
export async function trackSweep(asked: CommandContext, start: SweepStart): Promise<CommandResult> {
  const warnings: Warning[] = [];
  requireJobs(asked);
  const request = await readRequest(asked), context = { ...asked, options: request.options };
  const { planSweep, sweepBase } = await import("../ml/sweeps/mod.ts");
  const base = sweepBase(request.sweep, request.config, request.file, request.options.string("model"));
  const plan = planSweep(request.sweep, base, request.file);
  // The family of the trials, which may vary within those of one feature set, says what is read.
  const { model } = plan.trials[0]!.config;
  const read = await readCandles(context, { ...base, model }, warnings);
  const trials = await trialsOf(plan, read, context);
  const digest = await sweepDigest(plan, trials);
  if (request.parent !== undefined) await requireSame(request.parent, { digest, sha256: read.facts.sha256 });

  await using tracker = await openTracker(context);
  const experimentName = request.parent === undefined
    ? experimentNameOf(context, base)
    : (await tracker.getExperiment(request.parent.info.experimentId)).name;
  const before = request.parent ?? await unfinishedSweep(tracker, { experimentName, digest });
  const { parent, lock } = await openParent(context, tracker, {
    ...{ before, experimentName, userTags: start.userTags, digest, kind: request.sweep.kind },
    facts: read.facts,
    settings: trials[0]!.settings,
  });
  await using _lock = lock;
  await using _parent = parent;
  return await parent.during(() =>
    runUnderParent({
      ...{ context, start, request, plan, read, trials, tracker, experimentName, parent, warnings },
      isResumed: before !== undefined,
    })
  );
}

/** A request from the file of `--sweep`, or from the parent run of `--resume`. */
async function readRequest(context: CommandContext): Promise<SweepRequest> {
  if (context.options.string("resume") === undefined) return await requestOf(context);
  await using tracker = await openTracker(context, { create: false });
  return await requestOfParent(context, tracker);
}

/** The trials of a plan as jobs on the candles that were read. */
async function trialsOf(
  plan: SweepPlan,
  { settings: { series, range }, engine, facts }: ReadCandles,
  context: CommandContext,
): Promise<SweepTrial[]> {
  const { TRAINING_DAYS, withBudget } = await import("../ml/sweeps/mod.ts");
  const { fitJobOf } = await import("../ml/jobs/fit_job.ts");
  const { commit = null, lockSha256 = null } = await buildInfo();
  const source = {
    dataset: { sha256: facts.sha256, featureSetDigest: engine.digest },
    code: { commit, lockSha256 },
  };
  const inDays = plan.config.budget?.key === TRAINING_DAYS, last = plan.rungs.at(-1)!.budget;
  return await Promise.all(plan.trials.map(async (trial): Promise<SweepTrial> => {
    const settings = new Map<number | undefined, ExperimentSettings>();
    for (const { budget } of plan.rungs) {
      settings.set(budget, await resolveSettings(context, withBudget(trial, plan.config, budget), series, range));
    }
    return {
      number: trial.number,
      assignment: trial.assignment,
      settings: settings.get(last)!,
      jobAt: (budget) =>
        fitJobOf({
          ...source,
          settings: settings.get(budget)!,
          ...(inDays && budget !== undefined ? { trainingDays: budget } : {}),
        }),
    };
  }));
}

function requireJobs({ options }: CommandContext): void {
  const jobs = options.number("jobs");
  if (jobs === undefined || Number.isInteger(jobs) && jobs >= 1) return;
  throw new DomainError("usage", `--jobs must be a whole number from 1 on: current value is ${jobs}`);
}
