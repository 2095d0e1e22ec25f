import type { Tree } from "../gbdt_model.ts";

/** A split as the tree keeps it. */
export interface SplitNode {
  readonly feature: number;
  /** Rows in this bin or a lower one go left. */
  readonly bin: number;
  readonly threshold: number;
  readonly missingLeft: boolean;
  readonly gain: number;
}

/** A tree that grows: begins as one leaf; splitting a leaf adds two. */
export class TreeBuilder {
  readonly #features: number[] = [-1];
  readonly #bins: number[] = [0];
  readonly #thresholds: number[] = [0];
  readonly #lefts: number[] = [0];
  readonly #missingLefts: number[] = [0];
  readonly #gains: number[] = [0];
  readonly #values: number[] = [0];
  readonly #rows: number[];

  /** A lone root with the given training rows. */
  constructor(rows: number) {
    this.#rows = [rows];
  }

  /** Turns a leaf into a split; returns its left child, which the right one follows. */
  split(node: number, split: SplitNode, leftRows: number, rightRows: number): number {
    const left = this.#features.length;
    this.#features[node] = split.feature;
    this.#bins[node] = split.bin;
    this.#thresholds[node] = split.threshold;
    this.#lefts[node] = left;
    this.#missingLefts[node] = Number(split.missingLeft);
    this.#gains[node] = split.gain;
    for (const rows of [leftRows, rightRows]) {
      this.#features.push(-1);
      for (const column of [this.#bins, this.#thresholds, this.#lefts, this.#missingLefts, this.#gains, this.#values]) {
        column.push(0);
      }
      this.#rows.push(rows);
    }
    return left;
  }

  /** Sets what a leaf adds. */
  setValue(leaf: number, value: number): void {
    this.#values[leaf] = value;
  }

  /** The tree over raw values, and over bins for the rows that were binned. */
  build(): BinnedTree {
    return {
      feature: Int32Array.from(this.#features),
      threshold: Float32Array.from(this.#thresholds),
      left: Int32Array.from(this.#lefts),
      missingLeft: Uint8Array.from(this.#missingLefts),
      gain: Float64Array.from(this.#gains),
      value: Float64Array.from(this.#values),
      rows: Int32Array.from(this.#rows),
      bin: Int32Array.from(this.#bins),
    };
  }
}

/** A tree with the bins of its thresholds. */
export interface BinnedTree extends Tree {
  readonly bin: Int32Array;
}
