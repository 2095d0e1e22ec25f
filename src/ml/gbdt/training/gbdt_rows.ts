import { DomainError } from "../../../core/mod.ts";
import type { GbdtLoss } from "../gbdt_model.ts";
import type { GbdtOptions } from "../gbdt_options.ts";
import { MAX_ROWS } from "./kernel/kernel.ts";

/** Squares of larger labels, summed over all rows, leave the range of doubles. */
const LARGEST_LABEL = 1e100;

/** Rows to learn from or to stop early on. */
export interface GbdtRows {
  /** One column a feature; NaN where missing, ±Infinity are values below and above all others. */
  readonly columns: readonly Float32Array[];
  /** What is forecast; 0 and 1 for the logistic loss. */
  readonly labels: Float32Array | Float64Array;
  /**
   * Scores that boosting starts from, in place of one base score: trees then learn what is left, and the model's score
   * is to be added to them. Given for all rows of a task or for none.
   */
  readonly startScores?: Float32Array | Float64Array;
}

/**
 * Refuses rows that cannot be trained on.
 *
 * @throws {DomainError} `input-invalid` naming the column or the labels.
 */
export function checkTrainingRows(rows: GbdtRows, names: readonly string[], options: GbdtOptions): void {
  checkFeatureNames(names);
  checkBatch(rows, names, options.loss, "training");
  checkRowCount(rows.labels.length, options);
  checkClasses(rows.labels, options.loss);
}

/** Refuses names that tell no features apart. @throws {DomainError} `input-invalid` */
export function checkFeatureNames(names: readonly string[]): void {
  if (names.length === 0) throw refused("there are no features");
  if (names.includes("")) throw refused(`feature ${names.indexOf("")} has no name`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw refused(`two features are named '${twice}'`);
}

/** Refuses too few and too many training rows. @throws {DomainError} `input-invalid` */
export function checkRowCount(rows: number, { minLeafRows }: GbdtOptions): void {
  if (rows < minLeafRows) throw refused(`there are ${rows} training rows where a leaf must have ${minLeafRows}`);
  if (rows > MAX_ROWS) throw refused(`there are ${rows} training rows, more than ${MAX_ROWS}`);
}

/** Refuses training labels of one class. @throws {DomainError} `input-invalid` */
export function checkClasses(labels: GbdtRows["labels"], loss: GbdtLoss): void {
  if (loss.kind !== "logistic" || labels.some((label) => label !== labels[0])) return;
  throw refused(`all ${labels.length} training labels are ${labels[0]}: one class only`);
}

/** The same for rows of early stopping, which may be of one class. @throws {DomainError} `input-invalid` */
export function checkValidationRows(rows: GbdtRows, names: readonly string[], { loss }: GbdtOptions): void {
  checkBatch(rows, names, loss, "validation");
  if (rows.labels.length === 0) throw refused("there are no validation rows; leave them out to train without any");
}

/**
 * Refuses rows whose columns are not those of the features, or whose labels cannot be learnt.
 *
 * @param firstRow What the first of the rows is called.
 * @throws {DomainError} `input-invalid` naming the column or the label.
 */
export function checkBatch(
  rows: GbdtRows,
  names: readonly string[],
  loss: GbdtLoss,
  which: "training" | "validation",
  firstRow = 0,
): void {
  const { columns, labels, startScores } = rows;
  if (columns.length !== names.length) {
    throw refused(`there are ${columns.length} ${which} columns for ${names.length} features`);
  }
  names.forEach((name, i) => {
    const { length } = columns[i]!;
    if (length === labels.length) return;
    throw refused(`${which} column '${name}' has ${length} values for ${labels.length} labels`);
  });
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (!(Math.abs(label) <= LARGEST_LABEL)) throw refused(`${which} label ${firstRow + row} is ${label}`);
    if (loss.kind === "logistic" && label !== 0 && label !== 1) {
      throw refused(`${which} label ${firstRow + row} is ${label} where the logistic loss needs 0 or 1`);
    }
  }
  if (startScores === undefined) return;
  if (startScores.length !== labels.length) {
    throw refused(`there are ${startScores.length} ${which} start scores for ${labels.length} labels`);
  }
  const wrong = startScores.findIndex((score) => !(Math.abs(score) <= LARGEST_LABEL));
  if (wrong >= 0) throw refused(`${which} start score ${firstRow + wrong} is ${startScores[wrong]}`);
}

/** An error of rows. */
export function refused(reason: string): DomainError {
  return new DomainError("input-invalid", `Cannot train boosted trees as ${reason}`);
}
