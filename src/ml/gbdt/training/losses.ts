import { crossEntropy } from "../../logistic_functions.ts";
import type { GbdtLoss } from "../gbdt_model.ts";

/** What boosting needs of a loss besides its derivatives, which the kernel knows. */
export interface LossFunction {
  /** The constant score with the least loss. */
  baseScore(labels: Float64Array): number;
  /** The loss of a row. */
  loss(label: number, score: number): number;
  /** Where leaves take a quantile of their residuals instead of a Newton step (Friedman 2001, algorithm 3). */
  readonly leafQuantile?: number;
}

/** The arithmetic of a loss. */
export function lossFunction(loss: GbdtLoss): LossFunction {
  switch (loss.kind) {
    case "squared":
      return {
        baseScore: mean,
        loss: (label, score) => (score - label) ** 2 / 2,
      };
    case "logistic":
      return {
        baseScore(labels) {
          const share = mean(labels);
          return Math.log(share / (1 - share));
        },
        loss: crossEntropy,
      };
    case "quantile": {
      const { level } = loss;
      return {
        baseScore: (labels) => selectQuantile(Float64Array.from(labels), level),
        loss: (label, score) => label > score ? level * (label - score) : (1 - level) * (score - label),
        leafQuantile: level,
      };
    }
  }
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/**
 * A quantile with linear interpolation between neighbours (Hyndman & Fan 1996, type 7). Reorders the values; expected
 * linear time (Hoare's selection).
 */
export function selectQuantile(values: Float64Array, level: number): number {
  const position = level * (values.length - 1), rank = Math.floor(position);
  const low = select(values, rank);
  if (rank === position) return low;
  let next = Infinity; // all from rank + 1 on are ≥ low
  for (let i = rank + 1; i < values.length; i++) if (values[i]! < next) next = values[i]!;
  return low + (next - low) * (position - rank);
}

function select(values: Float64Array, rank: number): number {
  let low = 0, high = values.length - 1;
  while (low < high) {
    const pivot = medianOfThree(values[low]!, values[(low + high) >> 1]!, values[high]!);
    let i = low, j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swapped;
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return values[rank]!;
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
