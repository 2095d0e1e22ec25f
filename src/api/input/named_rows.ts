import { nearestWord } from "../../core/mod.ts";
import { type FieldError, MAX_FIELD_ERRORS } from "../http/problem.ts";
import {
  checkRowCount,
  type FeatureRows,
  invalid,
  isFeatureValue,
  isObject,
  kindOf,
  pointerToken,
  readMembers,
  type RowShape,
  valueError,
} from "./row_shape.ts";

/**
 * Reads `{instances: [{name: value, …}, …]}`, every feature by name, in any order. Nothing is guessed: a missing
 * feature and an unknown one are both refused, also where the feature may be null.
 *
 * @throws {RequestError} 422 naming each wrong field, 413 on too many rows.
 */
export function readNamedBody(body: unknown, shape: RowShape): FeatureRows {
  const instances = readMembers(body, "instances");
  if (!Array.isArray(instances)) {
    throw invalid("Cannot predict as 'instances' is no array", [
      { pointer: "/instances", message: `must be an array of objects: it is ${kindOf(instances)}` },
    ]);
  }
  return readNamedRows(instances, "/instances", shape);
}

/** Reads an array of rows by name; errors as {@linkcode readNamedBody}. */
export function readNamedRows(records: readonly unknown[], pointer: string, shape: RowShape): FeatureRows {
  checkRowCount(records.length, pointer, shape);
  const width = shape.names.length;
  const rows = new Float32Array(records.length * width);
  const errors: FieldError[] = [];
  for (let i = 0; i < records.length && errors.length < MAX_FIELD_ERRORS; i++) {
    fillRecord(records[i], `${pointer}/${i}`, rows, i * width, shape, errors);
  }
  if (errors.length > 0) throw invalid("Cannot predict as the features do not fit the model", errors);
  return { rows, count: records.length };
}

function fillRecord(
  record: unknown,
  pointer: string,
  into: Float32Array,
  offset: number,
  shape: RowShape,
  errors: FieldError[],
): void {
  if (!isObject(record)) {
    errors.push({ pointer, message: `must be an object of features by name: it is ${kindOf(record)}` });
    return;
  }
  let known = 0;
  for (const key of Object.keys(record)) {
    if (errors.length >= MAX_FIELD_ERRORS) return;
    const j = shape.index.get(key);
    if (j === undefined) {
      const meant = nearestWord(key.slice(0, 100), shape.names);
      const hint = meant === undefined ? "" : `; did you mean '${meant}'?`;
      errors.push({ pointer: `${pointer}/${pointerToken(key)}`, message: `is no feature of the model${hint}` });
      continue;
    }
    known++;
    const value = record[key];
    if (isFeatureValue(value)) into[offset + j] = value;
    else if (value === null && shape.nullable[j] === 1) into[offset + j] = NaN;
    else errors.push(valueError(value, `${pointer}/${pointerToken(key)}`, key, shape.nullable[j] === 1));
  }
  if (known === shape.names.length) return;
  for (const name of shape.names) {
    if (Object.hasOwn(record, name)) continue;
    errors.push({ pointer: `${pointer}/${pointerToken(name)}`, field: name, message: "is missing" });
  }
}
