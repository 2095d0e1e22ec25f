import {
  type Estimate,
  type EvaluationFindings,
  gainCheck,
  type GateCheck,
  type GateLimits,
  judgeEvaluation,
  plainCheck,
  requiredMetrics,
  type Run,
} from "../../core/mod.ts";

/** Fewest days that a run and an earlier version must share to be compared. */
export const MINIMUM_COMMON_DAYS = 30;

/** A candidate beside an earlier version on their common decision times; gains are positive where it is better. */
export interface IncumbentComparison {
  /** UTC days with a common decision time. */
  readonly commonDays: number;
  /** Common decision times. */
  readonly rows: number;
  /**
   * Those of them that the version's registered model forecast now, as they are later than its training; null where it
   * was not asked, as whoever judges has no candles.
   */
  readonly laterRows: number | null;
  /** The version's mean loss less the candidate's. */
  readonly gains: { readonly qlike: Estimate; readonly logLoss: Estimate; readonly pinball: Estimate };
  /** The version's mean pinball loss, which its margin is a share of. */
  readonly incumbentPinball: number;
}

/** An earlier version as the gate sees it: what holds the alias, or the best that ever held it. */
export type Incumbent =
  | { readonly kind: "none" }
  | { readonly kind: "same" }
  | { readonly kind: "unknown"; readonly version: string; readonly reason: string }
  | { readonly kind: "compared"; readonly version: string; readonly comparison: IncumbentComparison };

/** The versions that a run must be no worse than. */
export interface Incumbents {
  /** What holds the alias. */
  readonly holder: Incumbent;
  /** The best version that ever held it; `same` where it holds it now, or is of this run. */
  readonly best: Incumbent;
}

/** A run's evaluation as computed again from its predictions, never as logged. */
export type EvaluationEvidence = Pick<EvaluationFindings, "metrics" | "blocks" | "missing" | "leakChecks" | "refit">;

/** What a run is judged by. */
export interface RunEvidence {
  /** Minutes ahead that its model forecasts. */
  readonly horizonMinutes: number;
  /** Number of its model's files, proven before. */
  readonly modelFiles: number;
  /** sha256 of the candles that its model was logged with; undefined where the model does not say. */
  readonly modelDataset: string | undefined;
  /** Its scores, computed again. */
  readonly evaluation: EvaluationEvidence;
  /** Earlier versions beside it. */
  readonly incumbents: Incumbents;
}

/** Judges a finished run by its evidence (evaluation section 7). */
export function judgeRun(run: Run, evidence: RunEvidence, limits: GateLimits): GateCheck[] {
  const { evaluation, horizonMinutes, modelFiles, incumbents } = evidence;
  const missing = [...evaluation.missing, ...unlogged(run, evidence)];
  const [complete, firewall, ...scores] = judgeEvaluation({ ...evaluation, horizonMinutes, missing }, limits);
  return [
    complete!,
    firewall!,
    plainCheck("model_files", {
      passed: true,
      value: modelFiles,
      rule: "sha256 and golden rows agree",
      note: `${modelFiles} files`,
      forceable: false,
    }),
    ...scores,
    ...versionChecks("incumbent", incumbents.holder, horizonMinutes, limits),
    ...versionChecks("best_version", incumbents.best, horizonMinutes, limits),
  ];
}

/** What the run itself must say: a record that lacks its scores or its data is no evidence. */
function unlogged(run: Run, { evaluation, horizonMinutes, modelDataset }: RunEvidence): string[] {
  const logged = new Set(run.metrics.map(({ key }) => key));
  // Where a file is lost, all figures are: its name says enough.
  const metrics = Object.keys(evaluation.metrics).length === 0
    ? []
    : requiredMetrics(horizonMinutes).filter((name) => !logged.has(name));
  const digest = run.tags.find(({ key }) => key === "dataset.sha256")?.value ?? "";
  if (!/^[0-9a-f]{64}$/.test(digest)) return [...metrics, "tag dataset.sha256"];
  const isOther = modelDataset !== undefined && modelDataset !== digest;
  return isOther ? [...metrics, `the model's dataset, which is ${modelDataset.slice(0, 12)}…`] : metrics;
}

function versionChecks(
  role: "incumbent" | "best_version",
  incumbent: Incumbent,
  horizonMinutes: number,
  { margins }: GateLimits,
): GateCheck[] {
  if (incumbent.kind === "none" || incumbent.kind === "same") {
    return [plainCheck(role, { passed: true, rule: "no worse than it", note: NOTES[role][incumbent.kind] })];
  }
  const { version } = incumbent, days = incumbent.kind === "compared" ? incumbent.comparison.commonDays : null;
  const common = plainCheck(`${role}_days`, {
    passed: days !== null && days >= MINIMUM_COMMON_DAYS,
    value: days,
    limit: MINIMUM_COMMON_DAYS,
    rule: `≥ ${MINIMUM_COMMON_DAYS} days scored by both`,
    note: incumbent.kind === "compared" ? commonDays(version, incumbent.comparison) : incumbent.reason,
  });
  if (incumbent.kind !== "compared" || !common.passed) return [common];
  const { gains, incumbentPinball } = incumbent.comparison;
  return [
    common,
    gainCheck(`qlike_vs_${role}`, gains.qlike, margins.qlike),
    ...(horizonMinutes >= DAY_MINUTES ? [] : [
      gainCheck(`log_loss_vs_${role}`, gains.logLoss, margins.logLoss),
      gainCheck(`pinball_vs_${role}`, gains.pinball, margins.pinballShare * incumbentPinball),
    ]),
  ];
}

function commonDays(version: string, { commonDays, laterRows }: IncumbentComparison): string {
  const later = laterRows === null
    ? "; task register looks at later ones too"
    : laterRows === 0
    ? ""
    : `, ${laterRows} rows of them by its model`;
  return `${commonDays} with version ${version}${later}`;
}

const DAY_MINUTES = 1440;

const NOTES = {
  incumbent: { none: "nothing holds the alias", same: "this run holds the alias" },
  best_version: { none: "nothing held the alias before", same: "no version was better than the one above" },
} as const;
