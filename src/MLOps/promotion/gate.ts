import { DAY_MS, type Run } from "../../core/mod.ts";

/** Limits of the gate (evaluation section 7). */
export interface GateLimits {
  /** Largest loss that still counts as no worse: the upper 95 % bound of the paired difference stays below. */
  readonly margins: {
    readonly qlike: number;
    readonly logLoss: number;
    /** Pinball, as a share of the other's pinball. */
    readonly pinballShare: number;
  };
  /** The interval of the 90 % coverage must meet this. */
  readonly coverage90: readonly [number, number];
  /** Fewer blocks of days than this prove nothing. */
  readonly minimumBlocks: number;
}

/** Fewest days that a run and the incumbent must share to be compared. */
export const MINIMUM_COMMON_DAYS = 30;

/** One row of evidence. */
export interface GateCheck {
  /** Stable name: `qlike_vs_ewma`. */
  readonly name: string;
  /** Whether the limit is kept. */
  readonly passed: boolean;
  /** The figure found; null where there is none. */
  readonly value: number | null;
  /** 95 % interval of the value, where it has one. */
  readonly interval: readonly [low: number, high: number] | null;
  /** The figure that the value, or its interval, must keep to; null where there is none. */
  readonly limit: number | readonly [low: number, high: number] | null;
  /** The limit in words: `lower bound > -0.01`. */
  readonly rule: string;
  /** What the value is or why there is none, where the name alone does not say. */
  readonly note: string | null;
  /** Whether --force may pass over it. */
  readonly forceable: boolean;
}

/** A mean with its 95 % interval. */
export interface Estimate {
  /** Mean. */
  readonly mean: number;
  /** Lower bound. */
  readonly low: number;
  /** Upper bound. */
  readonly high: number;
}

/** A candidate beside the incumbent on their common decision times; gains are positive where the candidate is better. */
export interface IncumbentComparison {
  /** UTC days with a common decision time. */
  readonly commonDays: number;
  /** Common decision times. */
  readonly rows: number;
  /** Incumbent's mean loss less the candidate's. */
  readonly gains: { readonly qlike: Estimate; readonly logLoss: Estimate; readonly pinball: Estimate };
  /** The incumbent's mean pinball loss, which its margin is a share of. */
  readonly incumbentPinball: number;
}

/** What holds the alias, as the gate sees it. */
export type Incumbent =
  | { readonly kind: "none" }
  | { readonly kind: "same" }
  | { readonly kind: "unknown"; readonly version: string; readonly reason: string }
  | { readonly kind: "compared"; readonly version: string; readonly comparison: IncumbentComparison };

/** A run's evaluation as computed again from its predictions, never as logged. */
export interface EvaluationEvidence {
  /** Scores, gains and interval bounds by metric name: `qlike_gain_har_low`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Blocks of days that the intervals rest on; null where unknown. */
  readonly blocks: number | null;
  /** Files of the evaluation that the run has lost. */
  readonly missing: readonly string[];
}

/** What a run is judged by. */
export interface RunEvidence {
  /** Minutes ahead that its model forecasts. */
  readonly horizonMinutes: number;
  /** Number of its model's files, proven before. */
  readonly modelFiles: number;
  /** Its scores, computed again. */
  readonly evaluation: EvaluationEvidence;
  /** What holds the alias. */
  readonly incumbent: Incumbent;
}

/** Judges a finished run by its evidence. */
export function judgeRun(run: Run, evidence: RunEvidence, limits: GateLimits): GateCheck[] {
  const metrics = new Map(Object.entries(evidence.evaluation.metrics));
  const { margins } = limits;
  const judgesDirection = evidence.horizonMinutes < DAY_MS / 60_000;
  const simple = (["climatology", "contrarian"] as const).reduce((best, name) =>
    (metrics.get(`baseline_${name}_log_loss`) ?? Infinity) < (metrics.get(`baseline_${best}_log_loss`) ?? Infinity)
      ? name
      : best
  );
  const harPinball = metrics.get("baseline_har_pinball") ?? NaN;
  return [
    completeness(run, evidence.evaluation, judgesDirection),
    {
      name: "model_files",
      passed: true,
      value: evidence.modelFiles,
      interval: null,
      limit: null,
      rule: "sha256 and golden rows agree",
      note: `${evidence.modelFiles} files`,
      forceable: false,
    },
    blocks(evidence.evaluation, limits),
    gain(metrics, "qlike", "climatology", 0),
    gain(metrics, "qlike", "ewma", 0),
    gain(metrics, "qlike", "har", margins.qlike),
    ...(judgesDirection
      ? [
        gain(metrics, "log_loss", simple, margins.logLoss),
        gain(metrics, "pinball", "har", margins.pinballShare * harPinball),
      ]
      : []),
    coverage(metrics, limits),
    ...incumbentChecks(evidence.incumbent, judgesDirection, limits),
  ];
}

/** Metrics without which a run is no evidence. */
function requiredMetrics(judgesDirection: boolean): string[] {
  const names = ["qlike", "coverage_90", "test_rows"];
  for (const baseline of ["climatology", "ewma", "har"]) names.push(`baseline_${baseline}_qlike`);
  return judgesDirection ? [...names, "log_loss", "auc", "pinball", "baseline_har_pinball"] : names;
}

function completeness(run: Run, { metrics, missing }: EvaluationEvidence, judgesDirection: boolean): GateCheck {
  const logged = new Set(run.metrics.map(({ key }) => key));
  const holes = missing.length > 0
    ? [...missing]
    : requiredMetrics(judgesDirection).filter((name) => !Number.isFinite(metrics[name]) || !logged.has(name));
  const digest = run.tags.find(({ key }) => key === "dataset.sha256")?.value ?? "";
  if (!/^[0-9a-f]{64}$/.test(digest)) holes.push("tag dataset.sha256");
  const rows = metrics["test_rows"];
  if (rows !== undefined && !(rows > 0)) holes.push("scored rows");
  return {
    name: "evaluation_complete",
    passed: holes.length === 0,
    value: holes.length,
    interval: null,
    limit: 0,
    rule: "no score missing",
    note: holes.length === 0 ? `${rows} rows` : `missing: ${holes.join(", ")}`,
    forceable: false,
  };
}

function blocks({ blocks }: EvaluationEvidence, { minimumBlocks }: GateLimits): GateCheck {
  return {
    name: "blocks",
    passed: blocks !== null && blocks >= minimumBlocks,
    value: blocks,
    interval: null,
    limit: minimumBlocks,
    rule: `≥ ${minimumBlocks}`,
    note: null,
    forceable: true,
  };
}

/** The paired gain over a baseline: its lower bound lies above −margin. */
function gain(metrics: ReadonlyMap<string, number>, loss: string, baseline: string, margin: number): GateCheck {
  const name = `${loss}_gain_${baseline}`;
  const found = { mean: metrics.get(name), low: metrics.get(`${name}_low`), high: metrics.get(`${name}_high`) };
  return gainCheck(`${loss}_vs_${baseline}`, found, margin);
}

function gainCheck(
  name: string,
  found: { readonly [K in keyof Estimate]: number | undefined },
  margin: number,
): GateCheck {
  const { mean, low, high } = found;
  const isKnown = mean !== undefined && low !== undefined && high !== undefined &&
    [mean, low, high, margin].every(Number.isFinite);
  return {
    name,
    passed: isKnown && low > -margin,
    value: isKnown ? mean : null,
    interval: isKnown ? [low, high] : null,
    limit: Number.isFinite(margin) ? -margin || 0 : null,
    rule: `lower bound > ${Number((-margin || 0).toPrecision(3))}`,
    note: isKnown ? null : "the run does not say",
    forceable: true,
  };
}

function coverage(metrics: ReadonlyMap<string, number>, { coverage90: [least, most] }: GateLimits): GateCheck {
  const value = metrics.get("coverage_90"),
    low = metrics.get("coverage_90_low"),
    high = metrics.get("coverage_90_high");
  const isKnown = value !== undefined && low !== undefined && high !== undefined;
  return {
    name: "coverage_90",
    passed: isKnown && low <= most && high >= least,
    value: value ?? null,
    interval: isKnown ? [low, high] : null,
    limit: [least, most],
    rule: `interval meets ${least}–${most}`,
    note: null,
    forceable: true,
  };
}

function incumbentChecks(incumbent: Incumbent, judgesDirection: boolean, { margins }: GateLimits): GateCheck[] {
  if (incumbent.kind === "none" || incumbent.kind === "same") {
    const note = incumbent.kind === "none" ? "nothing holds the alias" : "this run holds the alias";
    return [{
      name: "incumbent",
      passed: true,
      value: null,
      interval: null,
      limit: null,
      rule: "no worse than it",
      note,
      forceable: true,
    }];
  }
  const days = incumbent.kind === "compared" ? incumbent.comparison.commonDays : null;
  const common: GateCheck = {
    name: "incumbent_days",
    passed: days !== null && days >= MINIMUM_COMMON_DAYS,
    value: days,
    interval: null,
    limit: MINIMUM_COMMON_DAYS,
    rule: `≥ ${MINIMUM_COMMON_DAYS} days scored by both`,
    note: incumbent.kind === "compared" ? `${days} with version ${incumbent.version}` : incumbent.reason,
    forceable: true,
  };
  if (incumbent.kind !== "compared" || !common.passed) return [common];
  const { gains, incumbentPinball } = incumbent.comparison;
  return [
    common,
    gainCheck("qlike_vs_incumbent", gains.qlike, margins.qlike),
    ...(judgesDirection
      ? [
        gainCheck("log_loss_vs_incumbent", gains.logLoss, margins.logLoss),
        gainCheck("pinball_vs_incumbent", gains.pinball, margins.pinballShare * incumbentPinball),
      ]
      : []),
  ];
}
