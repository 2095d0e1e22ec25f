import type { GbdtOptions } from "../gbdt_options.ts";
import { FEATURE_BYTES, GROUP_BYTES, GROUP_FEATURES, type Kernel } from "./kernel/kernel.ts";
import { type Leaf, LeafRules, readBestSplit, readTotal } from "./leaf.ts";
import type { Team } from "./team.ts";
import { BLOCK_ROWS, CUT_PLACES, type TrainingMemory } from "./training_memory.ts";
import { type BinnedTree, TreeBuilder } from "./tree_builder.ts";

/** Spans up to this are split in two by one thread. */
const SHORT_SPAN_ROWS = 4 * BLOCK_ROWS;

/** A grown tree and its leaves, whose spans of the row indices cover all rows that the tree saw. */
export interface GrownTree {
  readonly tree: BinnedTree;
  readonly leaves: readonly { readonly node: number; readonly start: number; readonly end: number }[];
}

/** What a tree is grown from besides the memory's records. */
export interface TreeInput {
  /** Rows `indices[0 … rows)` are seen. */
  readonly rows: number;
  /** Value of an integer gradient and hessian of 1. */
  readonly gradientUnit: number;
  readonly hessianUnit: number;
  /** Features that may be split on. */
  readonly isAllowed: Uint8Array;
}

/**
 * Grows one tree at a time, always splitting the leaf whose split gains most (LightGBM: Ke et al. 2017). The
 * histograms of the smaller child are built, those of the larger are its parent's less these. Sums are of integers and
 * ties go to the first feature, bin and leaf, so the tree does not depend on the team's size.
 */
export class TreeGrower {
  readonly #memory: TrainingMemory;
  readonly #kernel: Kernel;
  readonly #team: Team;
  readonly #options: GbdtOptions;
  readonly #rules: LeafRules;
  readonly #features: number;

  /** @param directions By feature, the sign of its monotone constraint or 0. */
  constructor(memory: TrainingMemory, kernel: Kernel, team: Team, options: GbdtOptions, directions: Int8Array) {
    this.#memory = memory;
    this.#kernel = kernel;
    this.#team = team;
    this.#options = options;
    this.#rules = new LeafRules(memory, team.member, options, directions);
    this.#features = memory.shape.features;
  }

  /** Grows a tree; reorders the memory's row indices. Leaf values are Newton steps times the learning rate. */
  grow(input: TreeInput): GrownTree {
    const rules = this.#rules.start(input);
    const root = this.#root(input);
    const builder = new TreeBuilder(root.rows);
    const leaves = [root];
    const { maxLeaves } = this.#options;
    while (leaves.length < maxLeaves) {
      const at = bestLeaf(leaves);
      if (at === undefined) break;
      const leaf = leaves[at]!, split = leaf.split!;
      const middle = leaf.start + this.#partition(leaf);
      const threshold = split.bin < this.#memory.valueBins[split.feature]! - 1
        ? this.#memory.cuts[split.feature * CUT_PLACES + split.bin]!
        : Infinity;
      const node = builder.split(leaf.node, { ...split, threshold }, split.left.rows, split.right.rows);
      const [left, right] = rules.children(leaf, split, { node, middle, freeSlot: leaves.length });
      leaves[at] = left;
      leaves.push(right);
      // The last leaves are not split again.
      if (leaves.length < maxLeaves) this.#findSplits(left, right, leaf.slot, input);
    }
    for (const leaf of leaves) builder.setValue(leaf.node, this.#options.learningRate * leaf.weight);
    return { tree: builder.build(), leaves };
  }

  #root({ rows, isAllowed }: TreeInput): Leaf {
    const slot = 0;
    // In another slot's place: a faster thread may search the root while a slower one still reads its total.
    const totalAddress = this.#memory.splitAddress(1, 0);
    this.#forGroups((first, last) => {
      this.#buildHistograms(slot, first, last, 0, rows);
      // The total of any feature is the leaf's.
      if (first === 0) this.#kernel.total(this.#memory.histogramAddress(slot, 0), this.#rules.address, totalAddress);
    });
    const root = this.#rules.root(readTotal(this.#memory, totalAddress), rows);
    this.#forGroups((first, last) => this.#search(root, first, last, isAllowed));
    root.split = readBestSplit(this.#memory, slot);
    return root;
  }

  #findSplits(left: Leaf, right: Leaf, parentSlot: number, { isAllowed }: TreeInput): void {
    const mayLeft = this.#rules.maySplit(left), mayRight = this.#rules.maySplit(right);
    if (!mayLeft && !mayRight) return;
    const smaller = left.slot === parentSlot ? right : left, memory = this.#memory;
    this.#forGroups((first, last) => {
      this.#buildHistograms(smaller.slot, first, last, smaller.start, smaller.end - smaller.start);
      const whole = memory.histogramAddress(parentSlot, first), part = memory.histogramAddress(smaller.slot, first);
      this.#kernel.subtract(whole, part, (last - first) * GROUP_BYTES);
      if (mayLeft) this.#search(left, first, last, isAllowed);
      if (mayRight) this.#search(right, first, last, isAllowed);
    });
    if (mayLeft) left.split = readBestSplit(memory, left.slot);
    if (mayRight) right.split = readBestSplit(memory, right.slot);
  }

  /** Shares out the groups of features, a stretch of them to each thread: a row's bytes are then fetched once. */
  #forGroups(run: (first: number, last: number) => void): void {
    const { groups, shape } = this.#memory, stretches = Math.min(groups, shape.members);
    this.#team.forEach(stretches, (stretch) => {
      run(Math.floor(groups * stretch / stretches), Math.floor(groups * (stretch + 1) / stretches));
    });
  }

  #buildHistograms(slot: number, first: number, last: number, start: number, rows: number): void {
    const memory = this.#memory, histogram = memory.histogramAddress(slot, first);
    new Uint8Array(memory.memory.buffer, histogram, (last - first) * GROUP_BYTES).fill(0);
    this.#kernel.addRows(
      memory.indexAddress(start),
      rows,
      memory.binRowAddress(first * GROUP_FEATURES, 0),
      memory.rowBytes,
      last - first,
      memory.recordAddress(0),
      histogram,
    );
  }

  #search(leaf: Leaf, first: number, last: number, isAllowed: Uint8Array): void {
    for (let group = first; group < last; group++) this.#searchGroup(leaf, group, isAllowed);
  }

  #searchGroup(leaf: Leaf, group: number, isAllowed: Uint8Array): void {
    const memory = this.#memory, split = memory.splitAddress(leaf.slot, group);
    this.#rules.clearSplit(split);
    const first = group * GROUP_FEATURES, last = Math.min(first + GROUP_FEATURES, this.#features);
    for (let feature = first; feature < last; feature++) {
      if (isAllowed[feature] === 0) continue;
      this.#rules.write(leaf, feature);
      const histogram = memory.histogramAddress(leaf.slot, group) + (feature - first) * FEATURE_BYTES;
      this.#kernel.findSplit(histogram, memory.valueBins[feature]!, feature, this.#rules.address, split);
    }
  }

  /** Reorders the leaf's span, rows that go left first, both in their old order; returns how many go left. */
  #partition({ start, end, split }: Leaf): number {
    const memory = this.#memory, { feature, bin, missingLeft, left: { rows: lefts } } = split!;
    const column = memory.binColumnAddress(feature, 0), side = Number(missingLeft);
    // A short span is not worth a second meeting of the team, so one thread does it all.
    const blockRows = end - start <= SHORT_SPAN_ROWS ? SHORT_SPAN_ROWS : BLOCK_ROWS;
    const blocks = Math.ceil((end - start) / blockRows), counts = memory.blockFigures;
    const bytes = new Uint8Array(memory.memory.buffer);
    const copyBack = (from: number, rows: number, toLeft: number, leftAt: number, rightAt: number) => {
      const left = memory.leftAddress(from), right = memory.rightAddress(from);
      bytes.copyWithin(memory.indexAddress(leftAt), left, left + toLeft * 4);
      bytes.copyWithin(memory.indexAddress(rightAt), right, right + (rows - toLeft) * 4);
    };
    this.#team.forEach(blocks, (block) => {
      const from = start + block * blockRows, rows = Math.min(blockRows, end - from);
      const left = memory.leftAddress(from), right = memory.rightAddress(from);
      counts[block] = this.#kernel.partition(memory.indexAddress(from), rows, column, bin, side, left, right);
      if (blocks === 1) copyBack(from, rows, lefts, start, start + lefts);
    });
    if (blocks === 1) return lefts;
    let leftAt = start, rightAt = start + lefts;
    const places = Array.from({ length: blocks }, (_, block) => {
      const from = start + block * blockRows, rows = Math.min(blockRows, end - from), toLeft = counts[block]!;
      const place = { from, rows, toLeft, leftAt, rightAt };
      leftAt += toLeft;
      rightAt += rows - toLeft;
      return place;
    });
    this.#team.forEach(blocks, (block) => {
      const { from, rows, toLeft, leftAt, rightAt } = places[block]!;
      copyBack(from, rows, toLeft, leftAt, rightAt);
    });
    return lefts;
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
