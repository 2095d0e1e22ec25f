import type { Baseline } from "./baselines.ts";
import type { Evaluation } from "./evaluate.ts";
import type { PairedLoss } from "./paired_gains.ts";

/** Limits of the verdict (evaluation section 7, as far as a single run can be judged). */
export interface VerdictLimits {
  /** Largest loss to a baseline that still counts as no worse: the upper bound of the difference stays below. */
  readonly margins: {
    /** QLIKE against log-HAR. */
    readonly qlike: number;
    /** Log-loss against climatology and contrarian. */
    readonly logLoss: number;
    /** Pinball against log-HAR, as a share of its pinball. */
    readonly pinballShare: number;
  };
  /** The block interval of the 90 % coverage must meet this. */
  readonly coverage90: readonly [number, number];
  /** Fewer blocks than this prove nothing. */
  readonly minimumBlocks: number;
}

/** One test of the verdict with its figures. */
export interface VerdictCheck {
  readonly name: string;
  readonly passed: boolean;
  /** What was found against what was wanted, as one clause for a person. */
  readonly reason: string;
}

/** Whether a run's evidence holds, and why not. */
export interface Verdict {
  readonly passed: boolean;
  readonly checks: readonly VerdictCheck[];
}

/**
 * Judges an evaluation: complete and finite; QLIKE better than climatology and EWMA with an interval above 0; no worse
 * than log-HAR (QLIKE, pinball) and than the better of climatology and contrarian (log-loss) by more than the margins;
 * 90 % coverage in bounds. At a day's horizon only volatility and coverage are judged: thirty effective labels say
 * nothing on direction.
 */
export function judge(evaluation: Evaluation, horizonMinutes: number, limits: VerdictLimits): Verdict {
  const { margins } = limits;
  const checks = [completeness(evaluation), blockCount(evaluation, limits)];
  for (const baseline of ["climatology", "ewma"] as const) checks.push(better(evaluation, baseline));
  checks.push(noWorse(evaluation, "qlike", "har", margins.qlike));
  if (horizonMinutes < 1440) {
    const rivals = ["climatology", "contrarian"] as const;
    const strongest = rivals.reduce((best, baseline) =>
      score(evaluation, baseline, "log_loss") < score(evaluation, best, "log_loss") ? baseline : best
    );
    checks.push(noWorse(evaluation, "log_loss", strongest, margins.logLoss));
    checks.push(noWorse(evaluation, "pinball", "har", margins.pinballShare * score(evaluation, "har", "pinball")));
  }
  checks.push(coverage(evaluation, limits));
  return { passed: checks.every(({ passed }) => passed), checks };
}

function completeness({ model, baselines, gains, rows }: Evaluation): VerdictCheck {
  const holes = Object.entries(model).filter(([, value]) => !Number.isFinite(value)).map(([name]) => name);
  for (const [baseline, scores] of Object.entries(baselines)) {
    for (const [name, value] of Object.entries(scores)) {
      if (!Number.isFinite(value)) holes.push(`baseline_${baseline}_${name}`);
    }
  }
  // A level may miss a row that the gains, which take all, do not.
  for (const { baseline, loss, gain } of gains) {
    if (!Number.isFinite(gain.mean)) holes.push(`${loss}_gain_${baseline}`);
  }
  const passed = rows > 0 && holes.length === 0;
  return {
    name: "complete",
    passed,
    reason: passed ? `all scores are finite on ${rows} rows` : `scores are missing: ${holes.join(", ") || "no rows"}`,
  };
}

function blockCount(evaluation: Evaluation, { minimumBlocks }: VerdictLimits): VerdictCheck {
  const blocks = evaluation.intervals.coverage_90?.blocks ?? 0;
  return {
    name: "blocks",
    passed: blocks >= minimumBlocks,
    reason: `the test has ${blocks} blocks of ${evaluation.blockDays} days where at least ${minimumBlocks} are needed`,
  };
}

function better(evaluation: Evaluation, baseline: Baseline): VerdictCheck {
  const gain = gainOver(evaluation, "qlike", baseline);
  return {
    name: `qlike better than ${baseline}`,
    passed: gain !== undefined && gain.low > 0,
    reason: gain === undefined
      ? `there is no QLIKE beside ${baseline}`
      : `QLIKE gain over ${baseline} is ${figure(gain.mean)} [${figure(gain.low)}, ${
        figure(gain.high)
      }], which must lie above 0`,
  };
}

function noWorse(evaluation: Evaluation, loss: PairedLoss, baseline: Baseline, margin: number): VerdictCheck {
  const gain = gainOver(evaluation, loss, baseline);
  return {
    name: `${loss} no worse than ${baseline}`,
    passed: gain !== undefined && -gain.low < margin,
    reason: gain === undefined
      ? `there is no ${loss} beside ${baseline}`
      : `${loss} gain over ${baseline} is ${figure(gain.mean)} [${figure(gain.low)}, ${
        figure(gain.high)
      }], which must lie above ${figure(-margin)}`,
  };
}

function coverage({ intervals }: Evaluation, { coverage90: [low, high] }: VerdictLimits): VerdictCheck {
  const found = intervals.coverage_90;
  return {
    name: "coverage_90",
    passed: found !== undefined && found.low <= high && found.high >= low,
    reason: found === undefined
      ? "there is no coverage"
      : `90 % coverage is ${figure(found.mean)} [${figure(found.low)}, ${
        figure(found.high)
      }], which must meet [${low}, ${high}]`,
  };
}

function gainOver(evaluation: Evaluation, loss: PairedLoss, baseline: Baseline) {
  return evaluation.gains.find((gain) => gain.loss === loss && gain.baseline === baseline)?.gain;
}

function score(evaluation: Evaluation, baseline: Baseline, name: string): number {
  return evaluation.baselines[baseline]?.[name] ?? NaN;
}

function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}
