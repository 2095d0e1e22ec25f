import type { GbdtOptions } from "../gbdt_options.ts";
import { type Kernel, MISSING_BIN } from "./kernel/kernel.ts";
import { type LossFunction, lossFunction, selectQuantile } from "./losses.ts";
import type { Team } from "./team.ts";
import { BLOCK_ROWS, type TrainingMemory } from "./training_memory.ts";
import type { BinnedTree } from "./tree_builder.ts";
import type { GrownTree } from "./tree_grower.ts";

/** Bits of the largest gradient; its sum over 2²⁴ rows has 54. */
const GRADIENT_BITS = 30;
/** Bits of the sum of all hessians, which share an i64 with 24 bits of rows; and of one of them. */
const HESSIAN_SUM_BITS = 38, HESSIAN_BITS = 30;
const LARGEST_LOGISTIC_HESSIAN = 0.25;
/** Smaller ones would need a scale that is no double. */
const SMALLEST_RESIDUAL = 1e-100;

/** Scores of all rows so far, the records that the next tree is grown from, and the validation loss. */
export class Scores {
  /** The score before any tree. */
  readonly baseScore: number;
  readonly #memory: TrainingMemory;
  readonly #team: Team;
  readonly #kernel: Kernel;
  readonly #options: GbdtOptions;
  readonly #loss: LossFunction;
  readonly #trainLabels: Float64Array;

  /** Sets every row to the base score of the training labels. */
  constructor(memory: TrainingMemory, kernel: Kernel, team: Team, options: GbdtOptions) {
    this.#memory = memory;
    this.#kernel = kernel;
    this.#team = team;
    this.#options = options;
    const loss = this.#loss = lossFunction(options.loss);
    this.#trainLabels = memory.labels.subarray(0, memory.shape.trainRows);
    this.baseScore = loss.baseScore(this.#trainLabels);
    this.#forBlocks(0, memory.allRows, (from, to) => memory.scores.fill(this.baseScore, from, to));
  }

  /**
   * Writes gradient and hessian of each training row as integers, scaled by powers of two so that no sum can
   * overflow; returns what one unit of each is worth.
   */
  writeRecords(): { gradientUnit: number; hessianUnit: number } {
    const memory = this.#memory, kernel = this.#kernel, { loss } = this.#options, rows = this.#trainLabels.length;
    const maxGradient = loss.kind === "squared" ? this.#maxResidual() : 1;
    const gradientScale = powerOfTwoUpTo(2 ** GRADIENT_BITS / maxGradient);
    const hessianLimit = Math.min(2 ** HESSIAN_SUM_BITS / rows, 2 ** HESSIAN_BITS);
    const hessianScale = loss.kind === "logistic" ? powerOfTwoUpTo(hessianLimit / LARGEST_LOGISTIC_HESSIAN) : 1;
    this.#forBlocks(0, rows, (from, to) => {
      const labels = memory.labelAddress(from), scores = memory.scoreAddress(from), out = memory.recordAddress(from);
      switch (loss.kind) {
        case "squared":
          return kernel.squaredRecords(labels, scores, to - from, gradientScale, out);
        case "logistic":
          return kernel.logisticRecords(labels, scores, to - from, gradientScale, hessianScale, out);
        case "quantile":
          return kernel.quantileRecords(labels, scores, to - from, gradientScale, loss.level, out);
      }
    });
    return { gradientUnit: 1 / gradientScale, hessianUnit: 1 / hessianScale };
  }

  /** Adds a tree's leaf values to all rows; before, sets these to quantiles where the loss asks for it. */
  addTree({ tree, leaves }: GrownTree, rows: number): void {
    if (this.#loss.leafQuantile !== undefined) this.#fitQuantiles(tree, leaves, this.#loss.leafQuantile);
    const { indices, scores, shape, allRows } = this.#memory;
    const spans = leaves.toSorted((a, b) => a.start - b.start);
    this.#forBlocks(0, rows, (from, to) => {
      for (const { node, start, end } of spans) {
        const value = tree.value[node]!, last = Math.min(end, to);
        for (let at = Math.max(start, from); at < last; at++) scores[indices[at]!]! += value;
      }
    });
    // Rows that the tree did not see find their leaves one by one.
    const leafValueOf = binnedPrediction(tree, this.#memory);
    this.#forBlocks(rows, shape.trainRows, (from, to) => {
      for (let at = from; at < to; at++) scores[indices[at]!]! += leafValueOf(indices[at]!);
    });
    this.#forBlocks(shape.trainRows, allRows, (from, to) => {
      for (let row = from; row < to; row++) scores[row]! += leafValueOf(row);
    });
  }

  /** Mean loss of the validation rows, undefined where there are none. */
  validationLoss(): number | undefined {
    const { labels, scores, shape: { trainRows, validationRows }, allRows } = this.#memory;
    if (validationRows === 0) return undefined;
    const sum = this.#reduceBlocks(trainRows, allRows, (from, to) => {
      let part = 0;
      for (let row = from; row < to; row++) part += this.#loss.loss(labels[row]!, scores[row]!);
      return part;
    }, (a, b) => a + b);
    return sum / validationRows;
  }

  /** Largest |score − label|; not 0, as it divides. */
  #maxResidual(): number {
    const memory = this.#memory;
    const figure = (from: number, to: number) =>
      this.#kernel.maxResidual(memory.labelAddress(from), memory.scoreAddress(from), to - from);
    return Math.max(this.#reduceBlocks(0, this.#trainLabels.length, figure, Math.max), SMALLEST_RESIDUAL);
  }

  #fitQuantiles(tree: BinnedTree, leaves: GrownTree["leaves"], level: number): void {
    const { indices, labels, scores, leafValues } = this.#memory;
    this.#team.forEach(leaves.length, (leaf) => {
      const { start, end } = leaves[leaf]!;
      const residuals = new Float64Array(end - start);
      for (let at = start; at < end; at++) {
        const row = indices[at]!;
        residuals[at - start] = labels[row]! - scores[row]!;
      }
      leafValues[leaf] = this.#options.learningRate * selectQuantile(residuals, level);
    });
    leaves.forEach(({ node }, leaf) => tree.value[node] = leafValues[leaf]!);
  }

  #forBlocks(start: number, end: number, run: (from: number, to: number, block: number) => void): void {
    if (end <= start) return;
    this.#team.forEach(Math.ceil((end - start) / BLOCK_ROWS), (block) => {
      const from = start + block * BLOCK_ROWS;
      run(from, Math.min(from + BLOCK_ROWS, end), block);
    });
  }

  /** Folds the blocks' figures in their order, so that rounding does not depend on the team. */
  #reduceBlocks(
    start: number,
    end: number,
    figure: (from: number, to: number) => number,
    fold: (a: number, b: number) => number,
  ): number {
    const { blockFigures } = this.#memory;
    this.#forBlocks(start, end, (from, to, block) => blockFigures[block] = figure(from, to));
    return blockFigures.subarray(0, Math.ceil((end - start) / BLOCK_ROWS)).reduce((a, b) => fold(a, b));
  }
}

/** The largest power of two that is not above a positive number. */
function powerOfTwoUpTo(value: number): number {
  const guess = 2 ** Math.floor(Math.log2(value));
  return guess > value ? guess / 2 : guess * 2 <= value ? guess * 2 : guess;
}

/** Value of the leaf that a binned row falls into. */
function binnedPrediction(tree: BinnedTree, memory: TrainingMemory): (row: number) => number {
  const { feature, bin, left, missingLeft, value } = tree, { binColumns, allRows } = memory;
  return (row) => {
    let node = 0;
    for (let column = feature[0]!; column >= 0; column = feature[node]!) {
      const own = binColumns[column * allRows + row]!;
      const isLeft = own === MISSING_BIN ? missingLeft[node] === 1 : own <= bin[node]!;
      node = left[node]! + (isLeft ? 0 : 1);
    }
    return value[node]!;
  };
}
