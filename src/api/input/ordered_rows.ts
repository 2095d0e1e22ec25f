import { type FieldError, MAX_FIELD_ERRORS } from "../http/problem.ts";
import {
  checkRowCount,
  type FeatureRows,
  invalid,
  isFeatureValue,
  kindOf,
  readMembers,
  type RowShape,
  valueError,
} from "./row_shape.ts";

/**
 * Reads `{features: [x, …]}` or `{features: [[x, …], …]}`, values in the model's order. Hand-written, as this is the
 * hot path: a good row is one loop; only a bad one is gone over again for words.
 *
 * @throws {RequestError} 422 naming each wrong field, 413 on too many rows.
 */
export function readOrderedBody(body: unknown, shape: RowShape): FeatureRows {
  const features = readMembers(body, "features");
  if (!Array.isArray(features)) {
    throw invalid("Cannot predict as 'features' is no array", [
      { pointer: "/features", message: `must be a row of numbers or an array of rows: it is ${kindOf(features)}` },
    ]);
  }
  if (features.length > 0 && Array.isArray(features[0])) return readOrderedRows(features, "/features", shape);
  const rows = new Float32Array(shape.names.length);
  if (!fillRow(features, rows, 0, shape)) throw explain([features], () => "/features", shape);
  return { rows, count: 1 };
}

/**
 * Reads an array of rows in the model's order; errors as {@linkcode readOrderedBody}. `places` says in which column of
 * the body each value stood, where that was another.
 */
export function readOrderedRows(
  batch: readonly unknown[],
  pointer: string,
  shape: RowShape,
  places?: readonly number[],
): FeatureRows {
  checkRowCount(batch.length, pointer, shape);
  const width = shape.names.length;
  const rows = new Float32Array(batch.length * width);
  for (let i = 0; i < batch.length; i++) {
    if (!fillRow(batch[i], rows, i * width, shape)) throw explain(batch, (row) => `${pointer}/${row}`, shape, places);
  }
  return { rows, count: batch.length };
}

function fillRow(row: unknown, into: Float32Array, offset: number, shape: RowShape): boolean {
  const width = shape.names.length;
  if (!Array.isArray(row) || row.length !== width) return false;
  for (let j = 0; j < width; j++) {
    const value: unknown = row[j];
    if (isFeatureValue(value)) into[offset + j] = value;
    else if (value === null && shape.nullable[j] === 1) into[offset + j] = NaN;
    else return false;
  }
  return true;
}

function explain(
  batch: readonly unknown[],
  pointerOf: (row: number) => string,
  shape: RowShape,
  places?: readonly number[],
) {
  const errors: FieldError[] = [];
  const width = shape.names.length;
  for (let i = 0; i < batch.length && errors.length < MAX_FIELD_ERRORS; i++) {
    const row = batch[i], pointer = pointerOf(i);
    if (!Array.isArray(row)) {
      errors.push({ pointer, message: `must be a row of ${width} numbers: it is ${kindOf(row)}` });
    } else if (row.length !== width) {
      const where = row.length < width ? `; '${shape.names[row.length]}' is the first that is missing` : "";
      errors.push({
        pointer,
        message: `must have ${width} values, in the model's order: it has ${row.length}${where}`,
      });
    } else {
      row.forEach((value: unknown, j) => {
        const nullable = shape.nullable[j] === 1;
        if (isFeatureValue(value) || (value === null && nullable)) return;
        errors.push(valueError(value, `${pointer}/${places?.[j] ?? j}`, shape.names[j]!, nullable));
      });
    }
  }
  return invalid("Cannot predict as the features do not fit the model", errors);
}
