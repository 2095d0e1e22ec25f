import { chooseCuts } from "../../../src/ml/gbdt/training/binning.ts";
import type { GbdtRows } from "../../../src/ml/gbdt/training/gbdt_rows.ts";

/** A node of the slow tree; a leaf has a value. */
export type NaiveNode =
  | { readonly value: number; readonly rows: number }
  | {
    readonly feature: number;
    readonly threshold: number;
    readonly missingLeft: boolean;
    readonly left: NaiveNode;
    readonly right: NaiveNode;
  };

interface Split {
  readonly gain: number;
  readonly feature: number;
  readonly threshold: number;
  readonly missingLeft: boolean;
}

interface NaiveOptions {
  readonly maxLeaves: number;
  readonly minLeafRows: number;
  readonly l2: number;
  readonly learningRate: number;
}

/** One leaf-wise tree of the squared loss from sums in doubles, every split of every leaf tried on raw values. */
export function growNaiveTree(rows: GbdtRows, scores: Float64Array, options: NaiveOptions): NaiveNode {
  const { columns, labels } = rows, { maxLeaves, minLeafRows, l2, learningRate } = options;
  const cuts = columns.map((column) => chooseCuts(column.filter((value) => !Number.isNaN(value)).sort(), 255));
  const sum = (span: readonly number[]) => span.reduce((total, row) => total + scores[row]! - labels[row]!, 0);
  const score = (span: readonly number[]) => sum(span) ** 2 / (span.length + l2);
  const sides = (span: readonly number[], { feature, threshold, missingLeft }: Omit<Split, "gain">) => {
    const isLeft = (row: number) => {
      const value = columns[feature]![row]!;
      return Number.isNaN(value) ? missingLeft : value <= threshold;
    };
    return [span.filter(isLeft), span.filter((row) => !isLeft(row))] as const;
  };
  const bestSplit = (span: readonly number[]): Split | undefined => {
    let best: Split | undefined;
    columns.forEach((column, feature) => {
      const hasMissing = span.some((row) => Number.isNaN(column[row]!));
      for (const missingLeft of hasMissing ? [false, true] : [false]) {
        for (const threshold of [...cuts[feature]!, ...(hasMissing && !missingLeft ? [Infinity] : [])]) {
          const [left, right] = sides(span, { feature, threshold, missingLeft });
          if (left.length < minLeafRows || right.length < minLeafRows) continue;
          const gain = score(left) + score(right) - score(span);
          // More than rounding: the fast one has exact sums, and equal gains go to the first.
          if (gain > (best?.gain ?? 0) * (1 + 1e-9) + 1e-9) best = { gain, feature, threshold, missingLeft };
        }
      }
    });
    return best;
  };
  type Growing = { span: readonly number[]; split: Split | undefined; children?: readonly [Growing, Growing] };
  const leafOf = (span: readonly number[]): Growing => ({ span, split: bestSplit(span) });
  const root = leafOf(Array.from(labels.keys()));
  const leaves = [root];
  while (leaves.length < maxLeaves) {
    const next = leaves.reduce((best, leaf) => (leaf.split?.gain ?? 0) > (best.split?.gain ?? 0) ? leaf : best);
    if (next.split === undefined) break;
    const [left, right] = sides(next.span, next.split);
    next.children = [leafOf(left), leafOf(right)];
    leaves.splice(leaves.indexOf(next), 1, ...next.children);
  }
  const finish = ({ span, split, children }: Growing): NaiveNode => {
    if (children === undefined) return { value: -learningRate * sum(span) / (span.length + l2), rows: span.length };
    const { gain: _, ...rule } = split!;
    return { ...rule, left: finish(children[0]), right: finish(children[1]) };
  };
  return finish(root);
}
