import type { GbdtOptions } from "../gbdt_options.ts";
import type { DrawnRows } from "./row_sampler.ts";
import { RULES_BYTES, type TrainingMemory } from "./training_memory.ts";

/** Sums over the rows of a leaf. */
export interface LeafTotal {
  readonly gradient: number;
  readonly hessian: number;
  readonly rows: number;
}

/** The best split of a leaf. */
export interface LeafSplit {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly left: LeafTotal;
  readonly right: LeafTotal;
}

/** Bounds that monotone constraints set on a leaf's weight. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

/** No bounds. */
export const UNBOUNDED: Bounds = { lower: -Infinity, upper: Infinity };

/** A leaf of a growing tree, with the spans of this thread's rows in it. */
export interface Leaf extends LeafTotal, Bounds, DrawnRows {
  /** Its node in the tree. */
  readonly node: number;
  /** Where its histograms lie. */
  readonly slot: number;
  readonly depth: number;
  /** Its Newton step within the bounds. */
  readonly weight: number;
  split?: LeafSplit | undefined;
}

/** What a split's children are given: the node of the left one, their rows, and a slot for the smaller one. */
export interface NewLeaves {
  readonly node: number;
  readonly rows: readonly [left: DrawnRows, right: DrawnRows];
  readonly freeSlot: number;
}

/** Places of the kernel's rules in f64 words. */
const RULE = {
  gradientUnit: 0,
  hessianUnit: 1,
  l2: 2,
  minHessian: 3,
  minRows: 4,
  monotone: 5,
  lower: 6,
  upper: 7,
  isBounded: 8,
} as const;

/** Bytes of a split record before its five i32; the third of these is the feature. */
const SPLIT_INTEGERS_AT = 40;
const FEATURE_AT: number = SPLIT_INTEGERS_AT + 2 * 4;

/** Which splits a leaf may take and what its children weigh; writes the rules for the kernel. */
export class LeafRules {
  readonly address: number;
  readonly #words: Float64Array;
  readonly #memory: TrainingMemory;
  readonly #options: GbdtOptions;
  readonly #directions: Int8Array;
  readonly #isBounded: boolean;

  /** Binds the rules to a thread's place in memory. */
  constructor(memory: TrainingMemory, member: number, options: GbdtOptions, directions: Int8Array) {
    this.address = memory.rulesAddress(member);
    this.#words = new Float64Array(memory.memory.buffer, this.address, RULES_BYTES / 8);
    this.#memory = memory;
    this.#options = options;
    this.#directions = directions;
    this.#isBounded = directions.some((direction) => direction !== 0);
    this.#words[RULE.l2] = options.l2;
    this.#words[RULE.minHessian] = options.minLeafHessian;
    this.#words[RULE.minRows] = options.minLeafRows;
    this.#words[RULE.isBounded] = Number(this.#isBounded);
  }

  /** Sets what one unit of the integer sums is worth in the tree at hand. */
  start(units: { readonly gradientUnit: number; readonly hessianUnit: number }): this {
    this.#words[RULE.gradientUnit] = units.gradientUnit;
    this.#words[RULE.hessianUnit] = units.hessianUnit;
    return this;
  }

  /** Writes what the search of one feature in one leaf must keep to. */
  write({ lower, upper }: Bounds, feature: number): void {
    this.#words[RULE.monotone] = this.#directions[feature]!;
    this.#words[RULE.lower] = lower;
    this.#words[RULE.upper] = upper;
  }

  /** Marks a split record as none found yet. */
  clearSplit(address: number): void {
    new Float64Array(this.#memory.memory.buffer, address, 1)[0] = this.#options.minGain;
    new Int32Array(this.#memory.memory.buffer, address + FEATURE_AT, 1)[0] = -1;
  }

  /** The leaf of all rows. */
  root(total: LeafTotal, rows: DrawnRows): Leaf {
    return {
      ...total,
      ...UNBOUNDED,
      ...rows,
      ...{ node: 0, slot: 0, depth: 0 },
      weight: this.#weight(total, UNBOUNDED),
    };
  }

  /**
   * The children of a split. The larger takes over its parent's slot. With a monotone feature the middle of both
   * weights bounds all that comes below them (the "basic" method of LightGBM and scikit-learn).
   */
  children(
    parent: Leaf,
    split: LeafSplit,
    { node, rows: [leftRows, rightRows], freeSlot }: NewLeaves,
  ): [Leaf, Leaf] {
    const { lower, upper } = parent, direction = this.#directions[split.feature]!;
    const leftWeight = this.#weight(split.left, parent), rightWeight = this.#weight(split.right, parent);
    const between = (leftWeight + rightWeight) / 2;
    const isLeftLarger = split.left.rows >= split.right.rows;
    const depth = parent.depth + 1;
    return [{
      ...split.left,
      node,
      ...leftRows,
      slot: isLeftLarger ? parent.slot : freeSlot,
      depth,
      lower: direction < 0 ? between : lower,
      upper: direction > 0 ? between : upper,
      weight: leftWeight,
    }, {
      ...split.right,
      node: node + 1,
      ...rightRows,
      slot: isLeftLarger ? freeSlot : parent.slot,
      depth,
      lower: direction > 0 ? between : lower,
      upper: direction < 0 ? between : upper,
      weight: rightWeight,
    }];
  }

  /** Whether looking for a split of the leaf can find one. */
  maySplit({ rows, hessian, depth }: Leaf): boolean {
    const { maxDepth, minLeafRows, minLeafHessian } = this.#options;
    return (maxDepth === 0 || depth < maxDepth) && rows >= 2 * minLeafRows && hessian >= 2 * minLeafHessian;
  }

  #weight({ gradient, hessian }: LeafTotal, { lower, upper }: Bounds): number {
    const curvature = hessian + this.#options.l2; // 0 where all hessians have rounded to 0: then no step is known
    return Math.min(Math.max(curvature > 0 ? -gradient / curvature : 0, lower), upper);
  }
}

/** Reads what the kernel's `total` wrote. */
export function readTotal(memory: TrainingMemory, address: number): LeafTotal {
  const [gradient, hessian, rows] = new Float64Array(memory.memory.buffer, address, 3);
  return { gradient: gradient!, hessian: hessian!, rows: rows! };
}

/** The best of the groups' splits in a slot, ties to the first; undefined where none gains anything. */
export function readBestSplit(memory: TrainingMemory, slot: number, groups: number): LeafSplit | undefined {
  let best: LeafSplit | undefined;
  for (let group = 0; group < groups; group++) {
    const address = memory.splitAddress(slot, group);
    const sums = new Float64Array(memory.memory.buffer, address, 5),
      words = new Int32Array(sums.buffer, address + SPLIT_INTEGERS_AT, 5);
    const [gain, leftGradient, leftHessian, rightGradient, rightHessian] = sums;
    const [leftRows, rightRows, feature, bin, missingLeft] = words;
    if (feature! < 0 || (best !== undefined && gain! <= best.gain)) continue;
    best = {
      gain: gain!,
      feature: feature!,
      bin: bin!,
      missingLeft: missingLeft === 1,
      left: { gradient: leftGradient!, hessian: leftHessian!, rows: leftRows! },
      right: { gradient: rightGradient!, hessian: rightHessian!, rows: rightRows! },
    };
  }
  return best;
}
