import { type SweepReport, sweepSentences, sweepTable } from "../ml/sweeps/mod.ts";
import type { CommandResult } from "./command.ts";
import { renderTable } from "./table.ts";
import type { TrackedResult } from "./track_run.ts";

/** What {@linkcode sweepResult} shows. */
export interface SweepResultOptions {
  readonly report: SweepReport;
  /** The run of the best trial. */
  readonly winner: TrackedResult;
  readonly parentRunId: string;
  readonly trackingUri: string;
}

/** Runs that a comparison page shows at once without becoming a wall. */
const COMPARED = 5;

/** The result of a sweep: what was tried, then what the best of it scores as a run of its own. */
export function sweepResult({ report, winner, parentRunId, trackingUri }: SweepResultOptions): CommandResult {
  const { columns, rows } = sweepTable(report);
  const compared = report.trials.flatMap(({ runId }) => runId === null ? [] : [runId]).slice(0, COMPARED);
  return {
    ...winner,
    json: { ...winner.json, parentRunId, sweep: report },
    text: [
      renderTable(columns, rows),
      "",
      ...sweepSentences(report),
      "",
      `sweep ${parentRunId} at ${trackingUri}; the best trial, trained and scored on the test rows:`,
      "",
      winner.text,
    ].join("\n"),
    next: [
      ...(winner.next ?? []),
      `open http://127.0.0.1:5000/compare?${compared.map((runId) => `run=${runId}`).join("&")}`,
    ],
  };
}
