import { type FieldError, MAX_FIELD_ERRORS } from "../http/problem.ts";
import { invalid, type RowShape } from "./row_shape.ts";

/**
 * For each feature of the model, the column that holds it.
 *
 * @throws {RequestError} 422 naming each column that is unknown or there twice, and each feature without one.
 */
export function placesOf(columns: readonly unknown[], pointer: string, shape: RowShape): number[] {
  const places = new Map<string, number>();
  const errors: FieldError[] = [];
  columns.slice(0, shape.names.length + MAX_FIELD_ERRORS).forEach((name, i) => {
    if (typeof name !== "string" || !shape.index.has(name)) {
      errors.push({ pointer: `${pointer}/${i}`, message: "is no feature of the model" });
    } else if (places.has(name)) errors.push({ pointer: `${pointer}/${i}`, field: name, message: "is there twice" });
    else places.set(name, i);
  });
  for (const name of shape.names) {
    if (!places.has(name)) errors.push({ pointer, field: name, message: `lacks '${name}'` });
  }
  if (errors.length > 0) throw invalid("The columns are not the model's features", errors);
  return shape.names.map((name) => places.get(name)!);
}
