import { DomainError, isDomainError, PARENT_RUN_TAG } from "../core/mod.ts";
import type { SweepOutcome } from "../ml/sweeps/mod.ts";
import type { SweepSession } from "./sweep_under_parent.ts";
import { type TrackedResult, trackRun } from "./track_run.ts";

/**
 * Trains and scores the best trial on the whole training span, as `track` does.
 *
 * @returns with an error, which names sweep, trial and run, where its scores leak.
 * @throws {DomainError} the same, of the code with which it could not be trained.
 */
export async function trainBest(
  { context, start, plan, read, trials, tracker, parent, warnings, experimentName }: SweepSession,
  { number }: SweepOutcome["best"],
): Promise<TrackedResult> {
  const { describeTrial, SWEEP_TAGS } = await import("../ml/sweeps/mod.ts");
  const trial = trials.find((trial) => trial.number === number)!;
  let runId: string | undefined;
  const untrained = (error: DomainError) =>
    untrainedBest(error, { trial: describeTrial(trial), runId, parentRunId: parent.runId });
  try {
    const winner = await trackRun(context, tracker, {
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
    return winner.error === undefined ? winner : { ...winner, error: untrained(winner.error) };
  } catch (error) {
    if (context.signal.aborted || !isDomainError(error)) throw error;
    throw untrained(error);
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
