import type { GbdtOptions } from "../gbdt_options.ts";
import type { Tree } from "../gbdt_model.ts";
import type { MemoryShape } from "./training_memory.ts";

/** Columns that a team bins; those of the validation rows are empty where there are none. */
export interface BinnableColumns {
  readonly train: readonly Float32Array[];
  readonly validation: readonly Float32Array[];
}

/** What a team of threads trains from; labels are in the memory already. */
export interface GbdtJob {
  readonly memory: WebAssembly.Memory;
  readonly shape: MemoryShape;
  readonly options: GbdtOptions;
  readonly featureNames: readonly string[];
  /** Whether the memory holds a start score for each row, which stands in for the base score. */
  readonly hasStartScores: boolean;
  /** Shared columns; undefined where the bins are in the memory too. */
  readonly columns: BinnableColumns | undefined;
}

/** Progress after a tree. */
export interface TreeReport {
  /** Trees so far. */
  readonly trees: number;
  /** Mean loss of the validation rows; undefined where there are none. */
  readonly validationLoss: number | undefined;
}

/** Every so many trees are reported for certain: a hundred reports or fewer, and the same on any machine. */
export function milestoneOf({ trees }: Pick<GbdtOptions, "trees">): number {
  return Math.ceil(trees / 100);
}

/** Why no more trees were grown: all asked for, no better validation loss, or no split that gains anything. */
export type StopReason = "trees" | "patience" | "no-gain";

/** What a team gives back. */
export interface BoostOutcome {
  readonly baseScore: number;
  /** Trees up to the best one on the validation rows; all where there are none. */
  readonly trees: Tree[];
  /** Trees grown in all. */
  readonly grownTrees: number;
  /** After each grown tree. */
  readonly validationLosses: number[];
  readonly stopReason: StopReason;
  /** Time spent binning and growing. */
  readonly timing: { readonly binningMs: number; readonly treesMs: number };
}

/** Message to a Worker. */
export interface GbdtWorkerRequest {
  readonly job: GbdtJob;
  readonly member: number;
}

/** Messages from a Worker. */
export type GbdtWorkerReply =
  | { readonly type: "tree"; readonly report: TreeReport }
  | { readonly type: "done"; readonly outcome: BoostOutcome | undefined }
  | { readonly type: "failed"; readonly message: string; readonly stack: string };
