import { checkText, type GateCheck, type GateLimits, judgeEvaluation, type LeakCheckOutcome } from "../../core/mod.ts";
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
 */
export function judge(
  evaluation: Evaluation,
  limits: GateLimits,
  { leakChecks = null }: { readonly leakChecks?: readonly LeakCheckOutcome[] | null } = {},
): Verdict {
  const checks = judgeEvaluation({
    horizonMinutes: evaluation.horizonMinutes,
    metrics: evaluationMetrics(evaluation),
    blocks: evaluation.blocks,
    missing: [],
    leakChecks,
  }, limits);
  return {
    passed: checks.every(({ passed }) => passed),
    checks: checks.map((check) => ({ ...check, reason: `${check.name} ${checkText(check)}` })),
  };
}
