/**
 * Leak firewall: checks that a run's scores are not owed to what it could not have known (evaluation section 6).
 *
 * @module
 */
export { LEAK_CHECKS, type LeakCheck, type LeakCheckName } from "./leak_check.ts";
export type { LeakCheckInput, Pipeline } from "./leak_check_run.ts";
export { encodeLeakChecks, leakError } from "./leak_error.ts";
export { plainOutcomes, type RecomputeOutcomes } from "./plain_outcomes.ts";
export { type LeakCheckDeps, type LeakCheckOptions, runLeakChecks } from "./run_leak_checks.ts";
export { leakCheckSettings } from "./short_fold.ts";
