import { DomainError, type KeyValue, PARENT_RUN_TAG, type Run, type Tracker } from "../core/mod.ts";
import type { DatasetFacts, ExperimentSettings, TrackedRun } from "../ml/experiment/mod.ts";
import type { SweepPlan, SweepTrial } from "../ml/sweeps/mod.ts";
import type { CommandContext } from "./command.ts";
import { runTags } from "./run_tags.ts";
import { SweepLock } from "./sweep_lock.ts";
import { userOf } from "./track_run.ts";

/** Digest of all that decides what a sweep does: its jobs, and with them data, code and settings; its rungs; its objective. */
export async function sweepDigest({ rungs, config }: SweepPlan, trials: readonly SweepTrial[]): Promise<string> {
  const { fitJobDigest } = await import("../ml/jobs/fit_job.ts");
  const { canonicalJson } = await import("../ml/canonical_json.ts");
  const { sha256Of } = await import("../ml/sha256.ts");
  const jobs = trials.map(({ jobAt }) => rungs.map(({ budget }) => fitJobDigest(jobAt(budget))));
  return sha256Of(canonicalJson({ version: 1, jobs, rungs, objective: config.objective }));
}

/** Refuses to go on with a sweep of other data, code or settings. @throws {DomainError} `input-invalid` naming both. */
export async function requireSame(
  parent: Run,
  { digest, sha256 }: { readonly digest: string; readonly sha256: string },
): Promise<void> {
  const { SWEEP_TAGS, tagOf } = await import("../ml/sweeps/mod.ts");
  const { runId } = parent.info, theirs = tagOf(parent, "dataset.sha256");
  if (theirs !== sha256) {
    throw new DomainError(
      "input-invalid",
      `Cannot go on with sweep '${runId}' as it is of dataset ${theirs} and the store's candles are ${sha256}`,
      { hint: "Start a sweep of these candles with: task track -- --sweep FILE" },
    );
  }
  const known = tagOf(parent, SWEEP_TAGS.digest);
  if (known === digest) return;
  throw new DomainError(
    "input-invalid",
    `Cannot go on with sweep '${runId}' as its code or settings were others: its digest is ${known}, now it is ${digest}`,
    { hint: `It began at commit ${tagOf(parent, "mlflow.source.git.commit") ?? "unknown"}; or start it anew` },
  );
}

/** The newest sweep of this digest that has not finished. */
export async function unfinishedSweep(
  tracker: Tracker,
  { experimentName, digest }: { readonly experimentName: string; readonly digest: string },
): Promise<Run | undefined> {
  const { SWEEP_TAGS } = await import("../ml/sweeps/mod.ts");
  const experiment = await tracker.getExperimentByName(experimentName);
  if (experiment?.lifecycleStage !== "active") return undefined;
  const { items: [run] } = await tracker.searchRuns({
    experimentIds: [experiment.experimentId],
    filter: `tags.\`${SWEEP_TAGS.digest}\` = '${digest}' AND attributes.status != 'FINISHED'`,
    maxResults: 1,
  });
  return run;
}

/** Ends the run of a best trial whose process was killed: its training goes on in a new run, from its checkpoint. */
export async function endLostWinner(tracker: Tracker, parent: TrackedRun, nowMs: number): Promise<void> {
  const { SWEEP_TAGS } = await import("../ml/sweeps/mod.ts");
  const { items } = await tracker.searchRuns({
    experimentIds: [parent.experimentId],
    filter: `tags.\`${PARENT_RUN_TAG}\` = '${parent.runId}' AND tags.\`${SWEEP_TAGS.winner}\` = 'true' ` +
      "AND attributes.status = 'RUNNING'",
  });
  for (const { info } of items) await tracker.updateRun(info.runId, { status: "KILLED", endTime: nowMs });
}

/** What {@linkcode openParent} writes onto the parent run. */
export interface ParentOptions {
  /** The run of an earlier process. */
  readonly before: Run | undefined;
  readonly experimentName: string;
  readonly userTags: readonly KeyValue[];
  readonly digest: string;
  readonly kind: string;
  readonly facts: DatasetFacts;
  /** Of any trial. */
  readonly settings: ExperimentSettings;
}

/**
 * The parent run of a sweep, new or gone on with, and the lock that says that this process is at it.
 *
 * @throws {DomainError} `store-busy` where another process is.
 */
export async function openParent(
  context: CommandContext,
  tracker: Tracker,
  { before, experimentName, userTags, digest, kind, facts, settings }: ParentOptions,
): Promise<{ readonly parent: TrackedRun; readonly lock: SweepLock }> {
  const { TrackedRun } = await import("../ml/experiment/mod.ts");
  const { SWEEP_TAGS } = await import("../ml/sweeps/mod.ts");
  const options = {
    experimentName,
    runName: context.options.string("run-name") ?? `sweep-${settings.horizonMinutes}m`,
    tags: [
      ...await runTags(context, { settings, datasetSha256: facts.sha256 }),
      ...userTags,
      { key: SWEEP_TAGS.kind, value: kind },
      { key: SWEEP_TAGS.digest, value: digest },
    ],
    nowMs: () => context.clock.nowMs(),
    signal: context.signal,
    ...userOf(context),
  };
  if (before === undefined) {
    const parent = await TrackedRun.start(tracker, options);
    return { parent, lock: await SweepLock.acquire(parent.runId) };
  }
  const lock = await SweepLock.acquire(before.info.runId);
  return { lock, parent: await TrackedRun.reopen(tracker, options, before) };
}
