import { DomainError, isDomainError, PARENT_RUN_TAG } from "../core/mod.ts";
import type { SweepOutcome } from "../ml/sweeps/mod.ts";
import type { SweepSession } from "./sweep_under_parent.ts";
import { type TrackedResult, trackRun } from "./track_run.ts";

/**
 * Trains and scores the best trial on the whole training span, as `track` does.
 *
 * @throws {DomainError} of the code with which that failed, naming sweep, trial and run.
 */
export async function trainBest(
  { context, start, plan, read, trials, tracker, parent, warnings, experimentName }: SweepSession,
  { number }: SweepOutcome["best"],
): Promise<TrackedResult> {
  const { describeTrial, SWEEP_TAGS } = await import("../ml/sweeps/mod.ts");
  const trial = trials.find((trial) => trial.number === number)!;
  let runId: string | undefined;
  try {
    return await trackRun(context, tracker, {
      ...{ ...read, warnings, experimentName },
      settings: trial.settings,
      runName: `best-of-${plan.trials.length}`,
      tags: [
        ...start.userTags,
        { key: PARENT_RUN_TAG, value: parent.runId },
        { key: SWEEP_TAGS.trial, value: String(number) },
        { key: SWEEP_TAGS.winner, value: "true" },
      ],
      startedMs: start.startedMs,
      onStarted: (id) => runId = id,
    });
  } catch (error) {
    if (context.signal.aborted || !isDomainError(error)) throw error;
    throw untrainedBest(error, { trial: describeTrial(trial), runId, parentRunId: parent.runId });
  }
}

function untrainedBest(
  cause: DomainError,
  { trial, runId, parentRunId }: {
    readonly trial: string;
    readonly runId: string | undefined;
    readonly parentRunId: string;
  },
): DomainError {
  const run = runId === undefined ? "" : ` in run '${runId}'`;
  const again = `task track -- --resume ${parentRunId}, which fits no trial again`;
  return new DomainError(
    cause.code,
    `Cannot train the best of sweep '${parentRunId}', ${trial},${run} on the whole training span: ${cause.message}`,
    {
      // Settings that cannot be trained fail the same way each time.
      hint: cause.traits.retry
        ? `Go on with: ${again}`
        : `${cause.hint === undefined ? "" : `${cause.hint}; then `}take what cannot be trained out of the sweep's ` +
          `space and start it anew; the trials are in sweep.md of its run. Where the cause is gone: ${again}`,
      cause,
    },
  );
}
