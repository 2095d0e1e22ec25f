import {
  DomainError,
  type GateCheck,
  isDomainError,
  nearestWord,
  PARENT_RUN_TAG,
  type Run,
  type Tracker,
} from "../../core/mod.ts";
import { MINIMUM_COMMON_DAYS } from "./gate.ts";

const WORDS = ["latest", "best"] as const;

/** The run that a user means. */
export interface SelectedRun {
  /** The run itself. */
  readonly run: Run;
  /** A newer run that `latest` left out as it has not ended, or never will: its process may have been killed. */
  readonly unended: Run | undefined;
  /** What speaks for the best of several runs, for the gate; unset where the run was not chosen so. */
  readonly check?: GateCheck;
}

/** The best of several runs. */
export interface RankedRun {
  /** The run itself. */
  readonly run: Run;
  /** UTC days with a decision time that all runs scored. */
  readonly commonDays: number;
  /** Its gain on those, with an interval that holds for all runs at once. */
  readonly check: GateCheck;
}

/** Finds the best of runs by what they forecast; undefined where none has its forecasts. */
export type RankRuns = (runs: readonly Run[]) => Promise<RankedRun | undefined>;

function cannotRank(): never {
  throw new RangeError("Cannot take the best run as nothing was given to rank runs by");
}

/** Runs that `best` looks at, newest first: each one's forecasts are read. */
const MOST_CANDIDATES = 100;

/**
 * The run that a user means: an id, `latest` (the newest of the experiment that has ended, however it did) or `best` (the
 * greatest mean gain of QLIKE over HAR-X on common decision times, among the runs that passed their verdict on the data of
 * the newest).
 *
 * @param rank needed for `best`.
 * @throws {DomainError} `not-found`; `usage` for a parent run, naming its children; `gate-refused` where none passed, or
 *   where those that did have too few days in common.
 */
export async function selectRun(
  tracker: Tracker,
  wanted: string,
  experimentName: string,
  rank: RankRuns = cannotRank,
): Promise<SelectedRun> {
  const selected: SelectedRun = wanted === "latest"
    ? await latestRun(tracker, experimentName)
    : wanted === "best"
    ? await bestRun(tracker, experimentName, rank)
    : { run: await runById(tracker, wanted), unended: undefined };
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

/** Parameters in which runs of the same data agree. */
const SAME_PARAMS = ["horizon_minutes", "exchange", "symbol", "since", "until"];

async function bestRun(tracker: Tracker, experimentName: string, rank: RankRuns): Promise<SelectedRun> {
  const experimentIds = [await experimentIdOf(tracker, experimentName)];
  const { items: [newest] } = await tracker.searchRuns({
    experimentIds,
    filter: "attributes.status = 'FINISHED' AND params.test_end IS NOT NULL",
    maxResults: 1,
  });
  if (newest === undefined) throw noRuns(experimentName, tracker.uri);
  const same = SAME_PARAMS.map((key) =>
    `params.${key} = '${newest.params.find((param) => param.key === key)?.value ?? ""}'`
  );
  const digest = newest.tags.find(({ key }) => key === "dataset.sha256")?.value ?? "";
  const { items } = await tracker.searchRuns({
    experimentIds,
    filter: [
      "attributes.status = 'FINISHED'",
      ...same,
      `tags.\`dataset.sha256\` = '${digest}'`,
      "metrics.verdict_passed = 1",
    ].join(" AND "),
    maxResults: MOST_CANDIDATES,
  });
  const best = items.length === 0 ? undefined : await rank(items);
  const cannot = `Cannot pick the best run of '${experimentName}' as`;
  if (best === undefined) {
    throw new DomainError("gate-refused", `${cannot} none on the data of the newest one passed its verdict`, {
      hint: "Look at why with: task mlflow-ui; or name a run with --run-id ID",
    });
  }
  if (best.commonDays < MINIMUM_COMMON_DAYS) {
    throw new DomainError(
      "gate-refused",
      `${cannot} the ${items.length} runs that passed have ${best.commonDays} days in common, and ${MINIMUM_COMMON_DAYS} are needed`,
      { hint: "Name a run with --run-id ID, or track them on the same range" },
    );
  }
  return { run: best.run, unended: undefined, check: best.check };
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
