/**
 * From a run to a version that an alias points to: which run, its proven model, the gate, the registration.
 *
 * @module
 */
export {
  type Estimate,
  type EvaluationEvidence,
  type GateCheck,
  type GateLimits,
  type Incumbent,
  type IncumbentComparison,
  judgeRun,
  MINIMUM_COMMON_DAYS,
  type RunEvidence,
} from "./gate.ts";
export { aliasHistoryTag, type AliasMove, readAliasMoves, recordAliasMove } from "./alias_history.ts";
export { GATE_FILE, PREVIOUS_TAG, promote, type Promoted, type Promotion } from "./promote.ts";
export { type ProvenModel, proveRunModel } from "./run_model.ts";
export { type SelectedRun, selectRun } from "./select_run.ts";
export { checkAliasName } from "./check_names.ts";
