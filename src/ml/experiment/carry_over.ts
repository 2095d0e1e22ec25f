import { allPages, DomainError, type Metric, type Run, type Tracker } from "../../core/mod.ts";
import type { ResumedFrom } from "../training/protocol.ts";
import { memberPrefix } from "./log_experiment.ts";
import type { TrackedRun } from "./tracked_run.ts";

/** A training that goes on from one that was killed. */
export interface CarriedTraining extends ResumedFrom {
  /** Number of the network in its ensemble, from 1. */
  readonly member: number;
}

/** Most metrics that MLflow takes at once. */
const BATCH = 1000;
const EPOCH_METRICS = ["validation_", "learning_rate", "train_loss"], STEP_METRICS = "step_";

/**
 * Gives the run of a training that goes on the epochs that the killed one had ended, and ends the killed run, which nobody
 * else would: it says KILLED, and both say in tags which is the other. A run that is gone, or of another store, is left out.
 */
export async function carryOver(
  tracker: Tracker,
  run: TrackedRun,
  { owner, epoch, steps, member }: CarriedTraining,
  nowMs: number,
): Promise<void> {
  const prefix = memberPrefix(member);
  run.queue({ tags: [{ key: `${prefix}resumed_from_epoch`, value: String(epoch) }] });
  const killed = owner === null ? undefined : await runOf(tracker, owner);
  if (killed === undefined) return;
  const { runId, status } = killed.info;
  if (status === "RUNNING") await tracker.updateRun(runId, { status: "KILLED", endTime: nowMs });
  await tracker.logBatch(runId, { tags: [{ key: "resumed_by", value: run.runId }] });
  const metrics: Metric[] = [];
  for (const { key } of killed.metrics) {
    const name = key.startsWith(prefix) ? key.slice(prefix.length) : "";
    const isOfStep = name.startsWith(STEP_METRICS);
    if (!isOfStep && !EPOCH_METRICS.some((start) => name.startsWith(start))) continue;
    for await (const metric of allPages((page) => tracker.metricHistory(runId, key, page))) {
      if (metric.step <= (isOfStep ? steps : epoch)) metrics.push(metric);
    }
  }
  for (let at = 0; at < metrics.length; at += BATCH) run.queue({ metrics: metrics.slice(at, at + BATCH) });
  run.queue({ tags: [{ key: "resumed_from_run", value: runId }] });
}

async function runOf(tracker: Tracker, runId: string): Promise<Run | undefined> {
  try {
    const run = await tracker.getRun(runId);
    return run.info.lifecycleStage === "active" ? run : undefined;
  } catch (error) {
    if (error instanceof DomainError && error.code === "not-found") return undefined;
    throw error;
  }
}
