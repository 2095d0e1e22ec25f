import {
  checkText,
  type GateCheck,
  type GateLimits,
  judgeEvaluation,
  type LeakCheckOutcome,
  type RefitSpread,
} from "../../core/mod.ts";
import type { Evaluation } from "./evaluate.ts";
import { evaluationMetrics } from "./evaluation_metrics.ts";

/** A check of the verdict, with what was found against what was wanted as one clause for a person. */
export interface VerdictCheck extends GateCheck {
  readonly reason: string;
}

/** Whether a run's evidence holds, and why not. */
export interface Verdict {
  readonly passed: boolean;
  readonly checks: readonly VerdictCheck[];
}

/**
 * What a run says of itself: the gate's own checks, as far as they need nothing but the evaluation. `register` asks the
 * same of the scores that it computes again.
 *
 * @param options.leakChecks those of the firewall. @default null, not run
 * @param options.refit the logged model beside the last steps'. @default null, not compared
 */
export function judge(
  evaluation: Evaluation,
  limits: GateLimits,
  { leakChecks = null, refit = null }: {
    readonly leakChecks?: readonly LeakCheckOutcome[] | null;
    readonly refit?: RefitSpread | null;
  } = {},
): Verdict {
  const checks = judgeEvaluation({
    horizonMinutes: evaluation.horizonMinutes,
    metrics: evaluationMetrics(evaluation),
    blocks: evaluation.blocks,
    missing: [],
    leakChecks,
    refit,
  }, limits);
  return {
    passed: checks.every(({ passed }) => passed),
    checks: checks.map((check) => ({ ...check, reason: `${check.name} ${checkText(check)}` })),
  };
}
