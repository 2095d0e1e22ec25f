import { isDomainError, type LoggedModel, PARENT_RUN_TAG, type Run } from "../../../core/mod.ts";
import { chartHistories, steppedKeys } from "../histories.ts";
import { childFilter, type RunLines, type RunState } from "../parts/run_parts.ts";
import { listOrReason, type PageDeps } from "./context.ts";

const MAX_CHARTS = 24, MAX_CHILDREN = 100;

/** What the page of a run shows, but for the lines of its metrics: those may be long. */
export async function runStateOf(deps: PageDeps, run: Run): Promise<RunState> {
  const { tracker, registry, artifacts, clock } = deps;
  const [experiment, files, models, versions, parent, children] = await Promise.all([
    tracker.getExperiment(run.info.experimentId),
    listOrReason(() => artifacts.ofRun(run)),
    Promise.all(run.modelOutputs.map(({ modelId }) => loggedModelOrNone(deps, modelId))),
    registry.searchModelVersions({ filter: `run_id = '${run.info.runId}'`, maxResults: 50 }),
    parentOf(deps, run),
    tracker.searchRuns({
      experimentIds: [run.info.experimentId],
      filter: childFilter(run.info.runId),
      maxResults: MAX_CHILDREN,
    }),
  ]);
  return {
    experiment,
    run,
    files,
    models: models.filter((model) => model !== undefined),
    versions: versions.items,
    parent,
    children: children.items,
    hasMoreChildren: children.nextPageToken !== undefined,
    nowMs: clock.nowMs(),
  };
}

/** The lines of a run's metrics, as many as its page charts. */
export async function linesOf({ tracker }: PageDeps, run: Run): Promise<RunLines> {
  const keys = steppedKeys([run]), charted = keys.slice(0, MAX_CHARTS);
  const histories = await chartHistories(tracker, charted.map((key) => ({ runId: run.info.runId, key })));
  return {
    histories: new Map(charted.map((key, i) => [key, histories[i]!])),
    uncharted: Math.max(0, keys.length - MAX_CHARTS),
  };
}

/** The run that another is part of; its id alone where this store does not have it, as any client may set the tag. */
async function parentOf({ tracker }: PageDeps, { tags }: Run): Promise<Run | string | undefined> {
  const parentId = tags.find(({ key }) => key === PARENT_RUN_TAG)?.value;
  if (parentId === undefined) return undefined;
  try {
    return await tracker.getRun(parentId);
  } catch (error) {
    if (isDomainError(error, "not-found", "input-invalid")) return parentId;
    throw error;
  }
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
