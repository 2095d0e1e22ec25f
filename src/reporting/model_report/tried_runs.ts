import { countTrials, type Run, type Tracker, type TrialsOf, triedRuns } from "../../core/mod.ts";

/** A run of the same symbol and horizon. */
export interface TriedRun {
  readonly runId: string;
  readonly runName: string;
  /** Epoch milliseconds. */
  readonly startTime: number;
  /** `FINISHED`, `FAILED`, …; `FINISHED, deleted` in the bin. */
  readonly status: string;
  /** What it was told, beside what came out of the data: `{ seed: "2" }`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Scores that it logged, of {@linkcode TRIED_SCORES}; those of a trial of a sweep are none, as it reads no test row. */
  readonly scores: Readonly<Record<string, number>>;
}

/** Everything tried with a symbol and horizon. */
export interface Tried {
  /** Runs ever started, also those that the store has no more. */
  readonly ever: number;
  /** Those that it has, newest first. */
  readonly runs: readonly TriedRun[];
}

/** Scores of a run beside the others. */
export const TRIED_SCORES = ["qlike", "log_loss", "sharpe_daily_gross"] as const;

/** Parameters that follow from the data, or are of every run of this market. */
const NO_SETTING = /_(start|end|rows)$|^feature_(count|set_digest)$|^(symbol|horizon_minutes)$/;

/** Reads what was ever tried with a symbol and horizon. */
export async function readTried(tracker: Tracker, of: TrialsOf): Promise<Tried> {
  return { ever: await countTrials(tracker, of), runs: (await Array.fromAsync(triedRuns(tracker, of))).map(triedRun) };
}

function triedRun({ info, params, metrics }: Run): TriedRun {
  const { runId, runName, startTime, status, lifecycleStage } = info;
  const wanted = metrics.filter(({ key, value }) =>
    (TRIED_SCORES as readonly string[]).includes(key) && Number.isFinite(value)
  );
  return {
    ...{ runId, runName, startTime },
    status: lifecycleStage === "deleted" ? `${status}, deleted` : status,
    settings: Object.fromEntries(params.flatMap(({ key, value }) => NO_SETTING.test(key) ? [] : [[key, value]])),
    scores: Object.fromEntries(wanted.map(({ key, value }) => [key, value])),
  };
}
