import type { Tree } from "../gbdt_model.ts";
import type { GbdtOptions } from "../gbdt_options.ts";
import { writeFeatureMoves } from "./feature_moves.ts";
import { FEATURE_BYTES, type Kernel } from "./kernel/kernel.ts";
import { type Bounds, type Leaf, LeafRules, type LeafSplit, readBestSplit, readTotal, UNBOUNDED } from "./leaf.ts";
import type { Span } from "./own_rows.ts";
import type { DrawnRows } from "./row_sampler.ts";
import type { Team } from "./team.ts";
import { CUT_PLACES, GROUP_FEATURES, type TrainingMemory } from "./training_memory.ts";
import { TreeBuilder } from "./tree_builder.ts";

/** Rows whose histograms are summed in one go; another thread may take the next ones. */
const TASK_ROWS = 2048;

/** A grown tree and its leaves, whose spans of the row indices cover all own rows. */
export interface GrownTree {
  readonly tree: Tree;
  readonly leaves: readonly Leaf[];
}

/** What a tree is grown from besides the memory's gradients. */
export interface TreeInput {
  /** Own rows, seen ones and others. */
  readonly rows: DrawnRows;
  /** Value of an integer gradient and hessian of 1. */
  readonly gradientUnit: number;
  readonly hessianUnit: number;
  /** Features that may be split on, ascending. */
  readonly features: Uint32Array;
}

/**
 * Grows one tree at a time, always splitting the leaf whose split gains most (LightGBM: Ke et al. 2017). The
 * histograms of the smaller child are built, those of the larger are its parent's less these. Sums are of integers and
 * ties go to the first feature, bin and leaf, so the tree does not depend on the team's size.
 *
 * Each thread splits leaves and sums histograms over its own rows, so that a row's bytes come to one core only, and
 * helps one that is behind. For each split the team meets twice: when these histograms are there, whose sum is then searched feature by feature, and
 * when all features are searched.
 */
export class TreeGrower {
  readonly #memory: TrainingMemory;
  readonly #kernel: Kernel;
  readonly #team: Team;
  readonly #options: GbdtOptions;
  readonly #rules: LeafRules;
  #features: Uint32Array = new Uint32Array();
  #moves = 0;

  /** @param directions By feature, the sign of its monotone constraint or 0. */
  constructor(memory: TrainingMemory, kernel: Kernel, team: Team, options: GbdtOptions, directions: Int8Array) {
    this.#memory = memory;
    this.#kernel = kernel;
    this.#team = team;
    this.#options = options;
    this.#rules = new LeafRules(memory, team.member, options, directions);
  }

  /**
   * Grows a tree; reorders the own row indices. Leaf values are Newton steps times the learning rate, or 0 in a lone root.
   */
  grow(input: TreeInput): GrownTree {
    const memory = this.#memory, rules = this.#rules.start(input);
    this.#features = input.features;
    this.#moves = writeFeatureMoves(input.features, memory.memory.buffer, memory.movesAddress(this.#team.member));
    const root = this.#root(input.rows);
    const builder = new TreeBuilder(root.rows);
    const leaves = [root];
    const { maxLeaves } = this.#options;
    while (leaves.length < maxLeaves) {
      const at = bestLeaf(leaves);
      if (at === undefined) break;
      const leaf = leaves[at]!, split = leaf.split!;
      const threshold = split.bin < memory.valueBins[split.feature]! - 1
        ? memory.cuts[split.feature * CUT_PLACES + split.bin]!
        : Infinity;
      const node = builder.split(leaf.node, { ...split, threshold }, split.left.rows, split.right.rows);
      const [left, right] = rules.children(leaf, split, { node, rows: this.#split(leaf), freeSlot: leaves.length });
      leaves[at] = left;
      leaves.push(right);
      // The last leaves are not split again.
      if (leaves.length < maxLeaves) this.#findSplits(left, right, leaf.slot);
    }
    // A root that cannot be split adds nothing: neither the least hessian nor the base score's fit speaks for its step.
    if (leaves.length === 1) return { tree: builder.build(), leaves };
    for (const leaf of leaves) builder.setValue(leaf.node, this.#options.learningRate * leaf.weight);
    return { tree: builder.build(), leaves };
  }

  #root(rows: DrawnRows): Leaf {
    const memory = this.#memory, slot = 0, { rootTotalAddress } = memory;
    this.#sumOwnRows(rows.seen);
    this.#forGroups((first, last) => {
      this.#merge(slot, undefined, first, last);
      const sum = this.#search({ slot, ...UNBOUNDED }, first, last);
      if (first === 0) this.#kernel.total(sum, this.#rules.address, rootTotalAddress);
    });
    const root = this.#rules.root(readTotal(memory, rootTotalAddress), rows);
    root.split = this.#bestSplit(slot);
    return root;
  }

  #findSplits(left: Leaf, right: Leaf, parentSlot: number): void {
    const searched = [left, right].filter((leaf) => this.#rules.maySplit(leaf));
    if (searched.length === 0) return;
    const smaller = left.slot === parentSlot ? right : left;
    this.#sumOwnRows(smaller.seen);
    this.#forGroups((first, last) => {
      this.#merge(smaller.slot, parentSlot, first, last);
      for (const leaf of searched) this.#search(leaf, first, last);
    });
    for (const leaf of searched) leaf.split = this.#bestSplit(leaf.slot);
  }

  /** Waits for the histograms of all threads, then shares out the tree's features, eight at a time. */
  #forGroups(run: (first: number, last: number) => void): void {
    this.#team.meet();
    this.#team.forEach(this.#groups, (group) => {
      run(group * GROUP_FEATURES, Math.min((group + 1) * GROUP_FEATURES, this.#features.length));
    });
  }

  get #groups(): number {
    return Math.ceil(this.#features.length / GROUP_FEATURES);
  }

  /** Makes the thread's own histograms: of a span of its rows, or of fewer or more where another helps or is helped. */
  #sumOwnRows({ start, end }: Span): void {
    const memory = this.#memory, { length } = this.#features, { member } = this.#team, { sumSpans } = memory;
    const own = memory.ownHistogramAddress(member, 0);
    this.#kernel.clear(own, length);
    sumSpans.set([start, end], 2 * member);
    const tasksOf = (owner: number) => Math.ceil((sumSpans[2 * owner + 1]! - sumSpans[2 * owner]!) / TASK_ROWS);
    this.#team.forEachOwn(tasksOf, (owner, task) => {
      const from = sumSpans[2 * owner]! + task * TASK_ROWS, to = Math.min(from + TASK_ROWS, sumSpans[2 * owner + 1]!);
      this.#kernel.addRows(
        ...[memory.indexAddress(from), to - from, memory.binRowAddress(0, 0), memory.rowBytes] as const,
        ...[memory.movesAddress(member), this.#moves, length] as const,
        ...[memory.gradientAddress(0), memory.hessianAddress(0), memory.roomAddress(member), own] as const,
      );
    });
  }

  /** Sums the threads' histograms into a slot, and takes these from the parent's, which become the sibling's. */
  #merge(slot: number, parentSlot: number | undefined, first: number, last: number): void {
    const memory = this.#memory, own = memory.ownHistogramAddress(0, first);
    const rest = parentSlot === undefined ? 0 : memory.histogramAddress(parentSlot, first);
    this.#kernel.merge(
      ...[own, memory.ownHistogramAddress(1, first) - own, memory.shape.members] as const,
      ...[memory.histogramAddress(slot, first), rest, (last - first) * FEATURE_BYTES] as const,
    );
  }

  /** Searches a group of features of a leaf; returns the address of the leaf's sum. */
  #search(leaf: Bounds & { readonly slot: number }, first: number, last: number): number {
    const memory = this.#memory, split = memory.splitAddress(leaf.slot, first / GROUP_FEATURES);
    const sum = memory.sumAddress(this.#team.member);
    this.#kernel.sum(memory.histogramAddress(leaf.slot, first), sum);
    this.#rules.clearSplit(split);
    for (let place = first; place < last; place++) {
      const feature = this.#features[place]!, valueBins = memory.valueBins[feature]!;
      this.#rules.write(leaf, feature);
      const histogram = memory.histogramAddress(leaf.slot, place);
      this.#kernel.findSplit(histogram, sum, valueBins, feature, this.#rules.address, split);
    }
    return sum;
  }

  #bestSplit(slot: number) {
    return readBestSplit(this.#memory, slot, this.#groups);
  }

  #split({ seen, others, split }: Leaf): [left: DrawnRows, right: DrawnRows] {
    const [seenLeft, seenRight] = this.#partition(seen, split!);
    const [othersLeft, othersRight] = this.#partition(others, split!);
    return [{ seen: seenLeft, others: othersLeft }, { seen: seenRight, others: othersRight }];
  }

  /** Reorders a span, rows that go left first, both in their old order. */
  #partition({ start, end }: Span, { feature, bin, missingLeft }: LeafSplit): [left: Span, right: Span] {
    const memory = this.#memory;
    const lefts = this.#kernel.partition(
      ...[memory.indexAddress(start), end - start, ...memory.binsOf(feature)] as const,
      ...[bin, Number(missingLeft), memory.rightAddress(start)] as const,
    );
    return [{ start, end: start + lefts }, { start: start + lefts, end }];
  }
}

function bestLeaf(leaves: readonly Leaf[]): number | undefined {
  let best: number | undefined, gain = 0;
  leaves.forEach(({ split }, i) => {
    if (split !== undefined && split.gain > gain) {
      gain = split.gain;
      best = i;
    }
  });
  return best;
}
