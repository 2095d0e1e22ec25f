import type { Block, Section, TableBlock } from "../model.ts";
import { formatNumber, formatSignificant, plural } from "../numbers.ts";
import { marketOf, type RunFacts } from "./run_facts.ts";
import type { StoredSweep } from "./stored_evaluation.ts";

/** Trials of the table at most, the best first. */
const MOST_TRIALS = 40;
/** Settings that vary at most: a page is only so wide. */
const MOST_SETTINGS = 4;

/** How often anything was tried with this symbol and horizon, and what a sweep tried; undefined where neither is known. */
export function trialsSection({ trialsEver, params, stored: { sweep } }: RunFacts): Section | undefined {
  if (trialsEver === undefined && sweep === undefined) return undefined;
  const blocks: Block[] = [], market = marketOf(params);
  if (trialsEver !== undefined && market !== undefined) {
    blocks.push({
      kind: "callout",
      tone: "neutral",
      text: `${
        plural(trialsEver, "run")
      } of ${market.symbol} at ${market.horizonMinutes} minutes ever started, failed, deleted and trials of sweeps included. The best of many is partly luck.`,
    });
  }
  if (sweep !== undefined) blocks.push(sweepTable(sweep));
  return {
    id: "trials",
    title: "Everything tried",
    lead: "How many configurations the figures above were picked from: the record of runs is only ever added to.",
    blocks,
  };
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
