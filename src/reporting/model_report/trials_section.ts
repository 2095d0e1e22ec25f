import type { Block, Section, TableBlock } from "../model.ts";
import { formatMinute, formatNumber, formatSignificant, plural } from "../numbers.ts";
import { marketOf, type RunFacts } from "./run_facts.ts";
import type { StoredSweep } from "./stored_evaluation.ts";
import type { Tried, TriedRun } from "./tried_runs.ts";

/** Trials of the table at most, the best first. */
const MOST_TRIALS = 40;
/** Settings that vary at most: a page is only so wide. */
const MOST_SETTINGS = 4;

/** Runs of the table at most, the newest first. */
const MOST_RUNS = 200;
/** Differing settings of a run that are named. */
const MOST_DIFFERENCES = 4;

/** Everything that was tried with this symbol and horizon, and what a sweep tried; undefined where neither is known. */
export function trialsSection(facts: RunFacts): Section | undefined {
  const { tried, params, stored: { sweep } } = facts;
  if (tried === undefined && sweep === undefined) return undefined;
  const blocks: Block[] = [], market = marketOf(params);
  if (tried !== undefined && market !== undefined) {
    blocks.push({
      kind: "callout",
      tone: "neutral",
      text: `${plural(tried.ever, "run")} of ${market.symbol} at ${
        plural(market.horizonMinutes, "minute")
      } ever started, failed, deleted and trials of sweeps included. The best of many is partly luck.`,
    });
    if (tried.runs.length > 0) blocks.push(runsTable(tried, facts));
  }
  if (sweep !== undefined) blocks.push(sweepTable(sweep));
  return {
    id: "trials",
    title: "Everything tried",
    lead: "How many configurations the figures above were picked from: the record of runs is only ever added to.",
    blocks,
  };
}

function runsTable({ ever, runs }: Tried, { run: { info: { runId } } }: RunFacts): TableBlock {
  const own = runs.find((run) => run.runId === runId)?.settings ?? {};
  const gone = ever - runs.length, unshown = runs.length - MOST_RUNS;
  const notes = [
    ...(gone > 0 ? [`${plural(gone, "run")} more ${gone === 1 ? "was" : "were"} deleted for good.`] : []),
    ...(unshown > 0 ? [`${plural(unshown, "older run")} more: report --format json has them all.`] : []),
  ];
  return {
    kind: "table",
    caption: "Every run of this symbol and horizon, the newest first",
    columns: [
      { title: "Run" },
      { title: "Started" },
      { title: "Status" },
      { title: "Set otherwise than here", wrap: true },
      { title: "QLIKE", align: "right" },
      { title: "Log-loss", align: "right" },
      { title: "Sharpe a day", align: "right" },
    ],
    rows: runs.slice(0, MOST_RUNS).map((run) => [
      run.runId === runId ? "this run" : run.runId.slice(0, 8),
      formatMinute(run.startTime),
      run.status.toLowerCase(),
      run.runId === runId ? "" : differences(run, own),
      formatNumber(run.scores["qlike"], 4),
      formatNumber(run.scores["log_loss"], 5),
      formatNumber(run.scores["sharpe_daily_gross"], 3),
    ]),
    ...(notes.length === 0 ? {} : { note: notes.join(" ") }),
  };
}

/** `model gbdt, seed 2`; what only the other has is named first. */
function differences({ settings }: TriedRun, own: TriedRun["settings"]): string {
  const changed = Object.entries(settings).filter(([key, value]) => own[key] !== value);
  const named = changed.slice(0, MOST_DIFFERENCES).map(([key, value]) => `${key} ${value}`);
  const more = changed.length - named.length;
  return named.length === 0 ? "nothing" : named.join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function sweepTable({ objective, best, trials }: StoredSweep): TableBlock {
  const varied = [...new Set(trials.flatMap(({ assignment }) => Object.keys(assignment)))];
  const shown = varied.slice(0, MOST_SETTINGS), rest = trials.length - MOST_TRIALS;
  const figure = (value: number | null | undefined) => formatNumber(value ?? undefined, 4);
  return {
    kind: "table",
    caption: `Trials of the sweep by ${objective} on validation rows; no test row was read`,
    columns: [
      { title: "Trial" },
      ...shown.map((path) => ({ title: path.split(".").at(-1)!, align: "right" as const })),
      { title: objective, align: "right" },
      { title: "Worse than the best [95 %]", align: "right" },
      { title: "QLIKE", align: "right" },
      { title: "Log-loss", align: "right" },
      { title: "Status" },
    ],
    rows: trials.slice(0, MOST_TRIALS).map(({ number, assignment, status, loss, scores, difference }) => [
      `${number}${number === best ? " best" : ""}`,
      ...shown.map((path) => settingText(assignment[path])),
      figure(loss),
      difference === null
        ? ""
        : `${formatSignificant(difference.mean ?? undefined, 2)} [${
          formatSignificant(difference.low ?? undefined, 2)
        }, ${formatSignificant(difference.high ?? undefined, 2)}]`,
      figure(scores?.qlike),
      formatNumber(scores?.logLoss ?? undefined, 5),
      status,
    ]),
    ...(rest > 0 || varied.length > MOST_SETTINGS
      ? { note: `All ${trials.length} trials with all ${varied.length} settings that vary are in sweep.json.` }
      : {}),
  };
}

function settingText(value: unknown): string {
  if (value === undefined) return formatNumber(undefined);
  if (typeof value !== "number") return JSON.stringify(value);
  return Number.isInteger(value) ? formatNumber(value) : formatSignificant(value, 3);
}
