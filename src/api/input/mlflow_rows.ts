import { type FieldError, MAX_FIELD_ERRORS } from "../http/problem.ts";
import { placesOf } from "./columns.ts";
import { readNamedRows } from "./named_rows.ts";
import { readOrderedRows } from "./ordered_rows.ts";
import {
  checkRowCount,
  type FeatureRows,
  invalid,
  isObject,
  kindOf,
  pointerToken,
  type RowShape,
} from "./row_shape.ts";

/** The four ways in which MLflow's scoring protocol brings rows, of which a body has exactly one. */
export const MLFLOW_INPUTS = ["dataframe_split", "dataframe_records", "instances", "inputs"] as const;

/** Name of the model's one tensor, as its signature has it. */
const TENSOR = "features";
const SPLIT_MEMBERS = ["columns", "data", "index"];

/**
 * Reads a body of MLflow's `POST /invocations`: data frames by feature name, tensors in the model's order (bare, or
 * under the signature's name `features`). `params` is taken and ignored, as MLflow does.
 *
 * @throws {RequestError} 422 naming each wrong field, 413 on too many rows.
 */
export function readMlflowBody(body: unknown, shape: RowShape): FeatureRows {
  const given = isObject(body) ? MLFLOW_INPUTS.filter((key) => Object.hasOwn(body, key)) : [];
  if (!isObject(body) || given.length !== 1) {
    const seen = isObject(body) ? `an object with [${Object.keys(body).slice(0, 20).join(", ")}]` : kindOf(body);
    throw invalid(
      `The input must be a JSON object with exactly one of the members ${MLFLOW_INPUTS.join(", ")}: it is ${seen}`,
      [{ pointer: "", message: `must have exactly one of ${MLFLOW_INPUTS.join(", ")}` }],
    );
  }
  const kind = given[0]!;
  const unknown = Object.keys(body).filter((key) => key !== kind && key !== "params").slice(0, MAX_FIELD_ERRORS);
  if (unknown.length > 0) {
    throw invalid(
      "The body has members that are not known",
      unknown.map((key) => ({ pointer: `/${pointerToken(key)}`, message: "is no known member" })),
    );
  }
  const value = body[kind];
  if (kind === "dataframe_split") return readSplit(value, shape);
  if (kind === "inputs" && isObject(value)) {
    return readOrderedRows(arrayOf(tensorOf(value, "/inputs"), `/inputs/${TENSOR}`), `/inputs/${TENSOR}`, shape);
  }
  const rows = arrayOf(value, `/${kind}`);
  if (kind === "dataframe_records") return readNamedRows(rows, `/${kind}`, shape);
  if (kind === "instances" && isObject(rows[0])) {
    if (!Object.hasOwn(rows[0], TENSOR)) return readNamedRows(rows, `/${kind}`, shape);
    const tensors = rows.map((row, i) => tensorOf(row, `/instances/${i}`));
    return readOrderedRows(tensors, `/${kind}`, shape);
  }
  return readOrderedRows(rows, `/${kind}`, shape);
}

function tensorOf(value: unknown, pointer: string): unknown {
  if (isObject(value) && Object.hasOwn(value, TENSOR) && Object.keys(value).length === 1) return value[TENSOR];
  throw invalid(`The model has one tensor, '${TENSOR}'`, [
    { pointer, message: `must have exactly the member '${TENSOR}'` },
  ]);
}

function arrayOf(value: unknown, pointer: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid("Cannot predict as there is no array of rows", [
    { pointer, message: `must be an array of rows: it is ${kindOf(value)}` },
  ]);
}

function readSplit(value: unknown, shape: RowShape): FeatureRows {
  const pointer = "/dataframe_split";
  if (!isObject(value)) {
    throw invalid("Cannot read the data frame", [
      { pointer, message: `must be an object with 'columns' and 'data': it is ${kindOf(value)}` },
    ]);
  }
  const unknown = Object.keys(value).filter((key) => !SPLIT_MEMBERS.includes(key)).slice(0, MAX_FIELD_ERRORS);
  const errors: FieldError[] = unknown.map((key) => ({
    pointer: `${pointer}/${pointerToken(key)}`,
    message: `is no known member; ${SPLIT_MEMBERS.join(", ")} are`,
  }));
  const { columns, data } = value;
  if (!Array.isArray(data)) {
    errors.push({ pointer: `${pointer}/data`, message: `must be an array of rows: it is ${kindOf(data)}` });
  }
  if (!Array.isArray(columns)) {
    errors.push({ pointer: `${pointer}/columns`, message: `must be an array of names: it is ${kindOf(columns)}` });
  }
  if (errors.length > 0) throw invalid("Cannot read the data frame", errors);
  const places = placesOf(columns as readonly unknown[], `${pointer}/columns`, shape);
  const rows = data as readonly unknown[];
  checkRowCount(rows.length, `${pointer}/data`, shape);
  const ordered = rows.map((row) =>
    Array.isArray(row) && row.length === places.length ? places.map((place) => row[place] as unknown) : row
  );
  return readOrderedRows(ordered, `${pointer}/data`, shape, places);
}
