import type { Tree } from "../gbdt_model.ts";
import type { GbdtOptions } from "../gbdt_options.ts";
import type { Kernel } from "./kernel/kernel.ts";
import { type LossFunction, lossFunction, selectQuantile } from "./losses.ts";
import type { OwnRows } from "./own_rows.ts";
import type { Team } from "./team.ts";
import { BLOCK_ROWS, type TrainingMemory } from "./training_memory.ts";
import type { GrownTree } from "./tree_grower.ts";

/** Bits of the largest gradient; its sum over 2²⁴ rows has 54. */
const GRADIENT_BITS = 30;
/** Bits of the sum of all hessians, which share an i64 with 24 bits of rows; and of one of them. */
const HESSIAN_SUM_BITS = 38, HESSIAN_BITS = 30;
const LARGEST_LOGISTIC_HESSIAN = 0.25;
/** Smaller ones would need a scale that is no double. */
const SMALLEST_RESIDUAL = 1e-100;

/** What a thread works with. */
export interface TeamParts {
  readonly memory: TrainingMemory;
  readonly kernel: Kernel;
  readonly team: Team;
  readonly own: OwnRows;
}

/** Scores of all rows so far, the gradients that the next tree is grown from, and the validation loss. */
export class Scores {
  /** The score before any tree; 0 where each row has one of its own. */
  readonly baseScore: number;
  readonly #memory: TrainingMemory;
  readonly #team: Team;
  readonly #kernel: Kernel;
  readonly #own: OwnRows;
  readonly #options: GbdtOptions;
  readonly #loss: LossFunction;
  readonly #trainLabels: Float64Array;

  /** Sets every row to the base score of the training labels, unless the rows have start scores. */
  constructor(
    { memory, kernel, team, own }: TeamParts,
    { hasStartScores, ...options }: GbdtOptions & { readonly hasStartScores: boolean },
  ) {
    this.#memory = memory;
    this.#kernel = kernel;
    this.#team = team;
    this.#own = own;
    this.#options = options;
    const loss = this.#loss = lossFunction(options.loss);
    this.#trainLabels = memory.labels.subarray(0, memory.shape.trainRows);
    this.baseScore = hasStartScores ? 0 : loss.baseScore(this.#trainLabels);
    if (hasStartScores) return;
    this.#forBlocks(0, memory.allRows, (from, to) => memory.scores.fill(this.baseScore, from, to));
  }

  /**
   * Writes gradient and hessian of each own row as integers, scaled by powers of two so that no sum can overflow;
   * returns what one unit of each is worth.
   */
  writeGradients(): { gradientUnit: number; hessianUnit: number } {
    const memory = this.#memory, kernel = this.#kernel, { loss } = this.#options, rows = this.#trainLabels.length;
    const maxGradient = loss.kind === "squared" ? this.#maxResidual() : 1;
    const gradientScale = powerOfTwoUpTo(2 ** GRADIENT_BITS / maxGradient);
    const hessianLimit = Math.min(2 ** HESSIAN_SUM_BITS / rows, 2 ** HESSIAN_BITS);
    const hessianScale = loss.kind === "logistic" ? powerOfTwoUpTo(hessianLimit / LARGEST_LOGISTIC_HESSIAN) : 1;
    for (const { from, to } of this.#own.train) {
      const labels = memory.labelAddress(from), scores = memory.scoreAddress(from), out = memory.gradientAddress(from);
      switch (loss.kind) {
        case "squared":
          kernel.squaredGradients(labels, scores, to - from, gradientScale, out);
          break;
        case "logistic":
          kernel.logisticGradients(
            ...[labels, scores, to - from, gradientScale, hessianScale, out, memory.hessianAddress(from)] as const,
          );
          break;
        case "quantile":
          kernel.quantileGradients(labels, scores, to - from, gradientScale, loss.level, out);
      }
    }
    return { gradientUnit: 1 / gradientScale, hessianUnit: 1 / hessianScale };
  }

  /** Adds a tree's leaf values to all own rows; before, sets these to quantiles where the loss asks for it. */
  addTree({ tree, leaves }: GrownTree): void {
    if (this.#loss.leafQuantile !== undefined) this.#fitQuantiles(tree, leaves, this.#loss.leafQuantile);
    const memory = this.#memory, scores = memory.scoreAddress(0);
    for (const { node, seen, others } of leaves) {
      for (const { start, end } of [seen, others]) {
        this.#kernel.addToScores(memory.indexAddress(start), end - start, tree.value[node]!, scores);
      }
    }
  }

  /** Mean loss of the validation rows, undefined where there are none. */
  validationLoss(): number | undefined {
    const { labels, scores, shape: { trainRows, validationRows }, allRows } = this.#memory;
    if (validationRows === 0) return undefined;
    this.#team.meet(); // until all scores are there
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
    let largest = 0;
    for (const { from, to } of this.#own.train) {
      const part = this.#kernel.maxResidual(memory.labelAddress(from), memory.scoreAddress(from), to - from);
      largest = Math.max(largest, part);
    }
    memory.memberFigures[this.#team.member] = largest;
    this.#team.meet();
    return Math.max(...memory.memberFigures, SMALLEST_RESIDUAL);
  }

  #fitQuantiles(tree: Tree, leaves: GrownTree["leaves"], level: number): void {
    const { labels, scores, leafValues } = this.#memory;
    this.#publishSpans(leaves);
    this.#team.forEach(leaves.length, (leaf) => {
      const rows = this.#rowsOfLeaf(leaf), residuals = Float64Array.from(rows, (row) => labels[row]! - scores[row]!);
      leafValues[leaf] = this.#options.learningRate * selectQuantile(residuals, level);
    });
    leaves.forEach(({ node }, leaf) => tree.value[node] = leafValues[leaf]!);
  }

  #publishSpans(leaves: GrownTree["leaves"]): void {
    const { leafSpans, shape: { maxLeaves } } = this.#memory, first = this.#team.member * maxLeaves;
    leaves.forEach(({ seen: { start, end } }, leaf) => leafSpans.set([start, end], 2 * (first + leaf)));
    this.#team.meet();
  }

  #rowsOfLeaf(leaf: number): Uint32Array {
    const { indices, leafSpans, shape: { maxLeaves, members } } = this.#memory;
    const spans = Array.from({ length: members }, (_, member) => {
      const at = 2 * (member * maxLeaves + leaf);
      return indices.subarray(leafSpans[at]!, leafSpans[at + 1]!);
    });
    const rows = new Uint32Array(spans.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    for (const span of spans) {
      rows.set(span, end);
      end += span.length;
    }
    return rows;
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
