import { isDomainError, type LoggedModel, type Run } from "../../../core/mod.ts";
import { historyOf, steppedKeys } from "../histories.ts";
import type { RunLines, RunState } from "../parts/run_parts.ts";
import { listOrReason, type PageDeps } from "./context.ts";

const MAX_CHARTS = 24;

/** What the page of a run shows, but for the lines of its metrics: those may be long. */
export async function runStateOf(deps: PageDeps, run: Run): Promise<RunState> {
  const { tracker, registry, artifacts, clock } = deps;
  const [experiment, files, models, versions] = await Promise.all([
    tracker.getExperiment(run.info.experimentId),
    listOrReason(() => artifacts.ofRun(run)),
    Promise.all(run.modelOutputs.map(({ modelId }) => loggedModelOrNone(deps, modelId))),
    registry.searchModelVersions({ filter: `run_id = '${run.info.runId}'`, maxResults: 50 }),
  ]);
  return {
    experiment,
    run,
    files,
    models: models.filter((model) => model !== undefined),
    versions: versions.items,
    nowMs: clock.nowMs(),
  };
}

/** The lines of a run's metrics, as many as its page charts. */
export async function linesOf({ tracker }: PageDeps, run: Run): Promise<RunLines> {
  const keys = steppedKeys([run]);
  const histories = await Promise.all(
    keys.slice(0, MAX_CHARTS).map(async (key) => [key, await historyOf(tracker, run.info.runId, key)] as const),
  );
  return { histories: new Map(histories), uncharted: Math.max(0, keys.length - MAX_CHARTS) };
}

/** A logged model, or none where it was deleted since. */
async function loggedModelOrNone({ tracker }: PageDeps, modelId: string): Promise<LoggedModel | undefined> {
  try {
    return await tracker.getLoggedModel(modelId);
  } catch (error) {
    if (isDomainError(error, "not-found")) return undefined;
    throw error;
  }
}
