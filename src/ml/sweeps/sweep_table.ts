import { settingText } from "./run_sweep.ts";
import type { ReportedTrial, SweepReport } from "./sweep_report.ts";

const NONE = "–";

/** A table for a person: headings, whether a column is of numbers, and rows. */
export interface SweepTable {
  readonly columns: readonly { readonly title: string; readonly align: "left" | "right" }[];
  readonly rows: readonly (readonly string[])[];
}

/** The trials of a sweep, the best one marked. */
export function sweepTable({ trials, best, objective, rungs }: SweepReport): SweepTable {
  const varied = [...new Set(trials.flatMap(({ assignment }) => Object.keys(assignment)))];
  const isHalving = rungs.length > 1;
  const columns: [string, "left" | "right", (trial: ReportedTrial) => string][] = [
    ["", "left", ({ number }) => number === best ? "*" : ""],
    ["trial", "right", ({ number }) => String(number)],
    ...varied.map((path): typeof columns[number] => [
      path,
      "right",
      ({ assignment }) => assignment[path] === undefined ? NONE : settingText(assignment[path]),
    ]),
    ...(isHalving ? [["budget", "right", ({ budget }) => String(budget ?? NONE)] as typeof columns[number]] : []),
    [objective, "right", ({ loss }) => fixed(loss)],
    ["worse than the best [95 %]", "right", ({ difference }) => difference === null ? "" : intervalText(difference)],
    ["QLIKE", "right", ({ scores }) => fixed(scores?.qlike)],
    ["log-loss", "right", ({ scores }) => fixed(scores?.logLoss)],
    ["pinball bps", "right", ({ scores }) => fixed(scores?.pinball)],
    ["best epoch", "right", ({ bestEpochs }) => bestEpochs.join(" ") || NONE],
    ["s", "right", ({ seconds }) => seconds.toFixed(1)],
    ["status", "left", ({ status }) => status],
  ];
  return {
    columns: columns.map(([title, align]) => ({ title, align })),
    rows: trials.map((trial) => columns.map(([, , text]) => text(trial))),
  };
}

/** What a sweep's table means, in sentences. */
export function sweepSentences(report: SweepReport): string[] {
  const { counts, trials, trialsEver, seeds, rungs } = report;
  const failed = trials.filter(({ failure }) => failure !== null);
  return [
    `${trials.length} trials (${counts.finished} finished, ${counts.pruned} pruned, ${counts.failed} failed)${
      rungs.length > 1 ? ` on ${rungs.map(({ trials, budget }) => `${trials} × ${budget}`).join(", ")}` : ""
    }, chosen by ${report.objective} on the purged validation rows; no test row was read.`,
    comparison(report),
    "The best of many is partly luck, and its validation loss too low.",
    `${trialsEver} runs with this symbol and horizon were ever started, which deflated statistics divide by.`,
    ...seeds.map(({ assignment, seeds, mean, deviation, low, high }) => {
      const rest = Object.entries(assignment).map(([path, value]) => `${path} ${settingText(value)}`).join(", ");
      return `Over ${seeds} seeds${rest === "" ? "" : ` (${rest})`}: ${fixed(mean)} ± ${fixed(deviation)}, from ${
        fixed(low)
      } to ${fixed(high)}.`;
    }),
    ...failed.map(({ failure }) => `${failure!.message}.${failure!.hint === undefined ? "" : ` ${failure!.hint}.`}`),
  ];
}

/** How the best trial stands to the others that were fitted; those that failed before that say nothing of it. */
function comparison({ trials, tied }: SweepReport): string {
  const differences = trials.flatMap(({ difference }) => difference ?? []);
  if (differences.length === 0) return "No other trial was fitted that the best could be compared with.";
  if (differences.every(({ low }) => low > 0)) {
    return differences.length === 1
      ? "The other fitted trial is worse than the best beyond the noise of the days."
      : `All ${differences.length} other fitted trials are worse than the best beyond the noise of the days.`;
  }
  return `${tied} of the ${differences.length} other fitted trials cannot be told from the best: the interval of the ` +
    "difference holds 0.";
}

/** A sweep as Markdown, for its parent run. */
export function sweepMarkdown(report: SweepReport): string {
  const { columns, rows } = sweepTable(report);
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    "# Sweep",
    "",
    ...sweepSentences(report).flatMap((sentence) => [sentence, ""]),
    line(columns.map(({ title }) => title)),
    line(columns.map(({ align }) => align === "right" ? "---:" : "---")),
    ...rows.map(line),
    "",
  ].join("\n");
}

function fixed(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : value.toFixed(5);
}

function intervalText({ mean, low, high }: { readonly mean: number; readonly low: number; readonly high: number }) {
  const signed = (value: number) => `${value < 0 ? "" : "+"}${value.toFixed(5)}`;
  return `${signed(mean)} [${signed(low)}, ${signed(high)}]`;
}
