/**
 * What is forecast, and which rows may learn from which.
 *
 * @module
 */
export { CLOSES_NEEDED, computeLabels, type Labels } from "./labels.ts";
export { FEWEST_LABELS } from "./fewest_labels.ts";
export { concatRows, type Split } from "./split.ts";
export {
  everyNthMinute,
  type Fold,
  foldBetween,
  foldRows,
  type FoldSpans,
  rotatingMinutes,
  walkForwardFolds,
  type WalkForwardOptions,
} from "./walk_forward.ts";
