import { DomainError, isDomainError, nearestWord, PARENT_RUN_TAG, type Run, type Tracker } from "../../core/mod.ts";

const WORDS = ["latest", "best"] as const;

/** The run that a user means. */
export interface SelectedRun {
  /** The run itself. */
  readonly run: Run;
  /** A newer run that `latest` left out as it has not ended, or never will: its process may have been killed. */
  readonly unended: Run | undefined;
}

/**
 * The run that a user means: an id, `latest` (the newest of the experiment that has ended, however it did) or `best` (the
 * greatest QLIKE gain over log-HAR among the runs that passed their verdict on the same rows as the newest).
 *
 * @throws {DomainError} `not-found`; `usage` for a parent run, naming its children; `gate-refused` where none passed.
 */
export async function selectRun(tracker: Tracker, wanted: string, experimentName: string): Promise<SelectedRun> {
  const selected = wanted === "latest" ? await latestRun(tracker, experimentName) : {
    run: wanted === "best" ? await bestRun(tracker, experimentName) : await runById(tracker, wanted),
    unended: undefined,
  };
  await refuseParent(tracker, selected.run);
  return selected;
}

async function runById(tracker: Tracker, runId: string): Promise<Run> {
  const meant = nearestWord(runId, WORDS);
  const hint = meant !== undefined && runId.length < 12
    ? `Did you mean '${meant}'?`
    : "Take --run-id latest, or find the id with: task mlflow-ui";
  let run: Run;
  try {
    run = await tracker.getRun(runId);
  } catch (error) {
    if (!isDomainError(error, "not-found", "input-invalid")) throw error;
    throw new DomainError("not-found", `Cannot find run '${runId}' at ${tracker.uri}`, { hint, cause: error });
  }
  if (run.info.lifecycleStage === "active") return run;
  throw new DomainError("not-found", `Cannot register run '${runId}' as it was deleted`, {
    hint: "Restore it in MLflow, or take another run",
  });
}

async function latestRun(tracker: Tracker, experimentName: string): Promise<SelectedRun> {
  const experimentIds = [await experimentIdOf(tracker, experimentName)];
  const { items: [newest] } = await tracker.searchRuns({ experimentIds, maxResults: 1 });
  const { items: [run] } = await tracker.searchRuns({
    experimentIds,
    filter: "attributes.status != 'RUNNING' AND attributes.status != 'SCHEDULED'",
    maxResults: 1,
  });
  if (run === undefined) throw noRuns(experimentName, tracker.uri);
  return { run, unended: newest?.info.runId === run.info.runId ? undefined : newest };
}

async function bestRun(tracker: Tracker, experimentName: string): Promise<Run> {
  const experimentIds = [await experimentIdOf(tracker, experimentName)];
  const { items: [newest] } = await tracker.searchRuns({
    experimentIds,
    filter: "attributes.status = 'FINISHED' AND params.test_end IS NOT NULL",
    maxResults: 1,
  });
  if (newest === undefined) throw noRuns(experimentName, tracker.uri);
  const same = [
    "attributes.status = 'FINISHED'",
    ...["horizon_minutes", "symbol", "test_start", "test_end"].map((key) =>
      `params.${key} = '${newest.params.find((param) => param.key === key)?.value ?? ""}'`
    ),
    `tags.\`dataset.sha256\` = '${newest.tags.find(({ key }) => key === "dataset.sha256")?.value ?? ""}'`,
  ].join(" AND ");
  const { items: [best] } = await tracker.searchRuns({
    experimentIds,
    filter: `${same} AND metrics.verdict_passed = 1`,
    orderBy: ["metrics.qlike_gain_har DESC"],
    maxResults: 1,
  });
  if (best !== undefined) return best;
  throw new DomainError(
    "gate-refused",
    `Cannot pick the best run of '${experimentName}' as none on the data of the newest one passed its verdict`,
    { hint: "Look at why with: task mlflow-ui; or name a run with --run-id ID" },
  );
}

async function experimentIdOf(tracker: Tracker, name: string): Promise<string> {
  const experiment = await tracker.getExperimentByName(name);
  if (experiment?.lifecycleStage === "active") return experiment.experimentId;
  const { items } = await tracker.searchExperiments();
  const meant = nearestWord(name, items.map((one) => one.name));
  throw new DomainError("not-found", `Cannot find experiment '${name}' at ${tracker.uri}`, {
    hint: meant === undefined ? "Make a run first: task track" : `Did you mean --experiment '${meant}'?`,
  });
}

async function refuseParent(tracker: Tracker, run: Run): Promise<void> {
  const { items } = await tracker.searchRuns({
    experimentIds: [run.info.experimentId],
    filter: `tags.\`${PARENT_RUN_TAG}\` = '${run.info.runId}'`,
    maxResults: 10,
  });
  if (items.length === 0) return;
  const children = items.map(({ info }) => `${info.runName} (${info.runId})`).join(", ");
  throw new DomainError("usage", `Cannot register run '${run.info.runId}' as it is the parent of others: ${children}`, {
    hint: `Register one of them: --run-id ${items[0]!.info.runId}`,
  });
}

function noRuns(experimentName: string, uri: string): DomainError {
  return new DomainError("not-found", `Cannot find a finished run in experiment '${experimentName}' at ${uri}`, {
    hint: "Make one with: task track",
  });
}
