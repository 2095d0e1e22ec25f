/** Tags by which the runs of a sweep are found again. */
export const SWEEP_TAGS = {
  /** Parent: how its trials are drawn; no other run has it. */
  kind: "sweep.kind",
  /** Parent: digest of all that decides what the sweep does. */
  digest: "sweep.digest",
  /** Child: number of its trial. */
  trial: "sweep.trial",
  /** Child: the settings that vary, as JSON. */
  assignment: "sweep.assignment",
  /** Child: rung after which it was left behind, from 0. */
  pruned: "sweep.pruned",
  /** Child: `true` for the run that trains the best trial again and scores it on the test rows. */
  winner: "sweep.winner",
} as const;

/** Tag of a child: digest of the job that has fitted it on a rung, set once the fit's file is written. */
export function jobTag(rung: number | "failed"): string {
  return `sweep.job.${rung}`;
}

/** File of a child: the job, and its result on a rung. */
export function fitFile(rung: number): string {
  return `sweep/rung_${rung}.json`;
}
