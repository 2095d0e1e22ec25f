/**
 * From a run to a version that an alias points to: which run, its proven model, the gate, the registration.
 *
 * @module
 */
export {
  checkFigure,
  checkText,
  type Estimate,
  type GateCheck,
  type GateLimits,
  type LeakCheckOutcome,
} from "../../core/mod.ts";
export {
  type EvaluationEvidence,
  type Incumbent,
  type IncumbentComparison,
  type Incumbents,
  judgeRun,
  MINIMUM_COMMON_DAYS,
  type RunEvidence,
} from "./gate.ts";
export { aliasHistoryTag, type AliasMove, readAliasMoves, withAliasMove } from "./alias_history.ts";
export { GATE_FILE, PREVIOUS_TAG, promote, type Promoted, type Promotion } from "./promote.ts";
export { type ProvenModel, proveRunModel, readArtifacts } from "./run_model.ts";
export { type RankedRun, type RankRuns, type SelectedRun, selectRun } from "./select_run.ts";
export {
  type GateDecision,
  type GateObject,
  gateObject,
  PREDICTIONS_TAG,
  type ProveRun,
  type RegisterDeps,
  type RegisterRequest,
  registerRun,
  type Registration,
  type RunProof,
} from "./register_run.ts";
export { earlierHolders, rollBack, type RollbackDeps, type RollbackRequest, type RolledBack } from "./roll_back.ts";
export { checkAliasName, checkMoveWords } from "./check_names.ts";
