import { DomainError, toIso } from "../../core/mod.ts";
import type { Dataset } from "../dataset.ts";
import { isFaultFlag } from "../features/mod.ts";

/**
 * Refuses rows from which a model would learn nothing, or NaN, without a word: a feature that is infinite, missing where
 * it never is, the same for every row, or a copy of another; labels of one class. Flags of faults may be 0 in every row.
 *
 * @param rows those of the training span.
 * @throws {DomainError} `input-invalid` naming the column.
 */
export function requireTrainable(dataset: Dataset, rows: Int32Array): void {
  requireReadable(dataset, rows);
  const { features, labels } = dataset;
  const fingerprints = new Map<number, number[]>();
  features.columns.forEach((column, j) => {
    const name = features.names[j]!;
    if (isFaultFlag(name) && rows.every((row) => !(column[row]! > 0))) return; // 0, or missing at the start
    requireVariety(column, rows, name);
    const fingerprint = fingerprintOf(column, rows), others = fingerprints.get(fingerprint) ?? [];
    const twin = others.find((other) => isEqualOn(features.columns[other]!, column, rows));
    if (twin !== undefined) {
      throw refusal(
        `feature '${name}' has the values of '${features.names[twin]}' in every row`,
        "Take a longer range, in which they differ",
      );
    }
    fingerprints.set(fingerprint, [...others, j]);
  });
  const up = rows.findIndex((row) => labels.returnBps[row]! > 0);
  const down = rows.findIndex((row) => labels.returnBps[row]! < 0);
  if (up < 0 || down < 0) {
    const missing = up < 0 ? "goes up" : "goes down";
    throw refusal(`no row of ${rows.length} ${missing} in ${labels.horizonMinutes} minutes`, "Take a longer range");
  }
}

/**
 * Refuses rows that no forecast or score can be made of: a feature that is infinite, or missing where it never is; an
 * outcome that is no number. Every family needs it, of each row it learns from, is chosen on or is scored on.
 *
 * @throws {DomainError} `input-invalid` naming column, row, time and value.
 */
export function requireReadable({ features, labels, nullable }: Dataset, rows: Int32Array): void {
  const refuse = (what: string, row: number) => {
    const at = `in row ${row}, at ${toIso(features.decisionTimeMs[row]!)}`;
    return refusal(`${what} ${at}`, `Read the candles before that time again: task ingest -- --verify --since TIME`);
  };
  features.columns.forEach((column, j) => {
    const at = unreadableAt(column, rows, nullable[j]!);
    if (at < 0) return;
    const row = rows[at]!, value = column[row]!, isMissing = Number.isNaN(value);
    const what = isMissing ? "is missing, which it never should be," : `is ${value}`;
    throw refuse(`feature '${features.names[j]}' ${what}`, row);
  });
  const { returnBps, realizedVarianceBps2 } = labels;
  for (const row of rows) {
    if (!Number.isFinite(returnBps[row])) throw refuse(`the return to forecast is ${returnBps[row]}`, row);
    const variance = realizedVarianceBps2[row]!;
    if (!(variance >= 0 && variance < Infinity)) throw refuse(`the realised variance to forecast is ${variance}`, row);
  }
}

/** Place among the rows of the first value that no forecast can be made of, −1 where there is none. */
function unreadableAt(column: Float32Array, rows: Int32Array, mayLack: boolean): number {
  for (let i = 0; i < rows.length; i++) {
    const value = column[rows[i]!]!;
    if (!Number.isFinite(value) && !(mayLack && Number.isNaN(value))) return i;
  }
  return -1;
}

function requireVariety(column: ArrayLike<number>, rows: Int32Array, name: string): void {
  let lowest = Infinity, highest = -Infinity;
  for (const row of rows) {
    const value = column[row]!; // NaN is neither lower nor higher
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
    if (lowest < highest) return;
  }
  const what = lowest === Infinity ? "is missing in every row" : `is ${lowest} in every row`;
  throw refusal(`feature '${name}' ${what}`, "Take a longer range, in which it varies");
}

/** Rows that a fingerprint is taken of: few columns that differ agree on so many. */
const FINGERPRINT_ROWS = 4096;

/** FNV-1a over the bits as float32 of some of the rows; equal columns have equal ones, and NaN is one value. */
function fingerprintOf(column: ArrayLike<number>, rows: Int32Array): number {
  const value = new Float32Array(1), bits = new Int32Array(value.buffer);
  const step = Math.ceil(rows.length / FINGERPRINT_ROWS);
  let hash = 0x811c9dc5;
  for (let i = 0; i < rows.length; i += step) {
    value[0] = column[rows[i]!]!;
    hash = Math.imul(hash ^ (Number.isNaN(value[0]) ? 0x7fc00000 : bits[0]!), 0x01000193);
  }
  return hash;
}

function isEqualOn(a: ArrayLike<number>, b: ArrayLike<number>, rows: Int32Array): boolean {
  return rows.every((row) => a[row] === b[row] || (Number.isNaN(a[row]) && Number.isNaN(b[row])));
}

function refusal(reason: string, hint: string): DomainError {
  return new DomainError("input-invalid", `Cannot train as ${reason}`, { hint });
}
