import type { Tree } from "../gbdt_model.ts";

/** A split as the tree keeps it. */
export interface SplitNode {
  readonly feature: number;
  readonly threshold: number;
  readonly missingLeft: boolean;
  readonly gain: number;
}

/** A tree that grows: begins as one leaf; splitting a leaf adds two. */
export class TreeBuilder {
  readonly #features: number[] = [-1];
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
    this.#thresholds[node] = split.threshold;
    this.#lefts[node] = left;
    this.#missingLefts[node] = Number(split.missingLeft);
    this.#gains[node] = split.gain;
    for (const rows of [leftRows, rightRows]) {
      this.#features.push(-1);
      for (const column of [this.#thresholds, this.#lefts, this.#missingLefts, this.#gains, this.#values]) {
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

  /** The tree as it stands. */
  build(): Tree {
    return {
      feature: Int32Array.from(this.#features),
      threshold: Float32Array.from(this.#thresholds),
      left: Int32Array.from(this.#lefts),
      missingLeft: Uint8Array.from(this.#missingLefts),
      gain: Float64Array.from(this.#gains),
      value: Float64Array.from(this.#values),
      rows: Int32Array.from(this.#rows),
    };
  }
}
