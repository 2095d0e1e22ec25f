import { gainCheck, type GateCheck, type GateLimits, type LeakCheckOutcome, plainCheck } from "./gate_check.ts";
import { judgeLeakChecks } from "./leak_figures.ts";
import { refitCheck, type RefitSpread } from "./refit_check.ts";

/** What an evaluation found, whoever computed it. */
export interface EvaluationFindings {
  /** Minutes ahead that are forecast. */
  readonly horizonMinutes: number;
  /** Scores, gains and interval bounds by metric name: `qlike_gain_har_x_low`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Blocks of days that the intervals rest on; null where unknown. */
  readonly blocks: number | null;
  /** What else the evaluation lacks: files, or figures that were to be logged. */
  readonly missing: readonly string[];
  /** The leak firewall's checks; null where it has not run. */
  readonly leakChecks: readonly LeakCheckOutcome[] | null;
  /** The logged model beside those of the last steps; null where nobody compared them. */
  readonly refit: RefitSpread | null;
}

const DAY_MINUTES = 1440;

/** Beside scores of direction a day ahead, which are shown and not judged; undefined for shorter horizons. */
export function noDirectionClaim(horizonMinutes: number): string | undefined {
  if (!(horizonMinutes >= DAY_MINUTES)) return undefined; // a run of another program may not say
  return "No direction is claimed a day ahead: a step of 30 days has 30 outcomes that do not overlap. " +
    "Volatility and coverage alone are judged; log-loss, AUC, accuracy and money are shown for the record";
}

/**
 * The checks that a run's evaluation must pass, in `track`'s verdict as at the gate (evaluation section 7, 1 to 4):
 * complete, without a leak and of the
 * logged model's recipe; the primary score better than that of climatology and EWMA; no worse than the
 * baselines to keep up with by more than the margins, on enough blocks of days; 90 % coverage in bounds. At a day's horizon only QLIKE
 * against HAR-X and coverage count: thirty effective labels a fold say nothing on direction.
 */
export function judgeEvaluation(findings: EvaluationFindings, limits: GateLimits): GateCheck[] {
  const { metrics, horizonMinutes } = findings, { margins, primary } = limits;
  const isDaily = horizonMinutes >= DAY_MINUTES;
  const gain = (loss: string, baseline: string, margin: number) => {
    const name = `${loss}_gain_${baseline}`;
    const found = { mean: metrics[name], low: metrics[`${name}_low`], high: metrics[`${name}_high`] };
    return gainCheck(`${loss}_vs_${baseline}`, found, margin);
  };
  const harXPinball = metrics["baseline_har_x_pinball"] ?? NaN, toBeat = baselinesToBeat(metrics);
  return [
    completeness(findings, isDaily),
    firewall(findings),
    refitCheck(findings.refit),
    ...(isDaily ? [] : [gain(primary, "climatology", 0), gain(primary, "ewma", 0)]),
    blocks(findings, limits),
    gain("qlike", toBeat.qlike, margins.qlike),
    ...(isDaily ? [] : [
      gain("log_loss", toBeat.log_loss, margins.logLoss),
      gain("pinball", toBeat.pinball, margins.pinballShare * harXPinball),
    ]),
    coverage(metrics, limits),
  ];
}

/**
 * The baseline that a model must not be worse than, by loss: HAR-X, the fullest plain line, whether or not it is the best
 * one on these rows ({@linkcode scoreNotes} says); and the better of the two simple directions.
 */
export function baselinesToBeat(
  metrics: EvaluationFindings["metrics"],
): Readonly<Record<"qlike" | "log_loss" | "pinball", string>> {
  const loss = (name: string) => metrics[`baseline_${name}_log_loss`] ?? Infinity;
  const direction = loss("contrarian") < loss("climatology") ? "contrarian" : "climatology";
  return { qlike: "har_x", log_loss: direction, pinball: "har_x" };
}

/** Figures without which a run is no evidence. */
export function requiredMetrics(horizonMinutes: number): string[] {
  const names = ["qlike", "coverage_90", "test_rows", "baseline_har_x_qlike"];
  if (horizonMinutes >= DAY_MINUTES) return names;
  return [
    ...names,
    "baseline_climatology_qlike",
    "baseline_ewma_qlike",
    "log_loss",
    "auc",
    "pinball",
    "baseline_har_x_pinball",
  ];
}

function completeness({ metrics, missing, horizonMinutes }: EvaluationFindings, isDaily: boolean): GateCheck {
  const isJudged = (name: string) => !isDaily || !/auc|log_loss|brier|accuracy/.test(name);
  const holes = new Set(missing);
  if (Object.keys(metrics).length > 0) {
    for (const name of requiredMetrics(horizonMinutes)) if (metrics[name] === undefined) holes.add(name);
  }
  // A level may miss a row that the gains, which take all, do not.
  for (const [name, value] of Object.entries(metrics)) if (!Number.isFinite(value) && isJudged(name)) holes.add(name);
  const rows = metrics["test_rows"];
  if (rows !== undefined && !(rows > 0)) holes.add("scored rows");
  return plainCheck("evaluation_complete", {
    passed: holes.size === 0 && rows !== undefined,
    value: holes.size,
    limit: 0,
    rule: "no score missing",
    note: holes.size === 0 ? `${rows} rows` : `missing: ${shortList([...holes])}`,
    forceable: false,
  });
}

/** The figures are held to their limits again, and all that the firewall takes must be there. */
function firewall({ leakChecks, horizonMinutes, blocks }: EvaluationFindings): GateCheck {
  const name = "leak_checks", rule = "no check found a leak";
  if (leakChecks === null) {
    return plainCheck(name, { passed: false, rule, note: "not run", forceable: false });
  }
  const { found, doubts, taken } = judgeLeakChecks(leakChecks, { horizonMinutes, blocks });
  return plainCheck(name, {
    passed: taken > 0 && found.length === 0 && doubts.length === 0,
    value: found.length,
    limit: 0,
    rule,
    note: found.length > 0
      ? `found by: ${shortList(found)}`
      : taken === 0
      ? "none of its checks ran"
      : doubts.length > 0
      ? `not to be relied on: ${shortList(doubts)}`
      : `${taken} checks`,
    forceable: false,
  });
}

function blocks({ blocks }: EvaluationFindings, { minimumBlocks }: GateLimits): GateCheck {
  const passed = blocks !== null && blocks >= minimumBlocks;
  return plainCheck("blocks", {
    passed,
    value: blocks,
    limit: minimumBlocks,
    rule: `≥ ${minimumBlocks}`,
    note: passed ? null : `insufficient: ${blocks ?? "no"} blocks of days`,
  });
}

function coverage(metrics: EvaluationFindings["metrics"], { coverage90: [least, most] }: GateLimits): GateCheck {
  const { coverage_90: value, coverage_90_low: low, coverage_90_high: high } = metrics;
  const isKnown = value !== undefined && low !== undefined && high !== undefined;
  return plainCheck("coverage_90", {
    passed: isKnown && low <= most && high >= least,
    value: value ?? null,
    interval: isKnown ? [low, high] : null,
    limit: [least, most],
    rule: `interval meets ${least}–${most}`,
  });
}

const MOST_NAMED = 8;

function shortList(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return names.slice(0, MOST_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
