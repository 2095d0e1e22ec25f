import { type FieldError, MAX_FIELD_ERRORS, RequestError } from "../http/problem.ts";
import { placesOf } from "./columns.ts";
import { checkRowCount, type FeatureRows, invalid, isFeatureValue, type RowShape } from "./row_shape.ts";

/** JSON's numbers, and what Python and R write besides: `1.`, `.5`, `+1`. No NaN, no hexadecimal, no blanks. */
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/**
 * Reads CSV: a line with every feature's name once, in any order, then a line a row. An empty cell stands for a missing
 * value, where the model takes one. Cells may stand in quotes; none of ours holds a comma or a line end.
 *
 * @throws {RequestError} 400 on an empty body, 422 naming each wrong cell as `/row/feature`, 413 on too many rows.
 */
export function readCsvRows(text: string, shape: RowShape): FeatureRows {
  if (text.trim() === "") {
    throw new RequestError("request-malformed", "Cannot read the body as it is empty", {
      errors: [{ pointer: "", message: "must be CSV: a line of feature names, then a line a row" }],
    });
  }
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const places = placesOf(cellsOf(lines[0]!), "/header", shape);
  const count = lines.length - 1, width = shape.names.length;
  checkRowCount(count, "", shape);
  const rows = new Float32Array(count * width);
  const errors: FieldError[] = [];
  for (let i = 0; i < count && errors.length < MAX_FIELD_ERRORS; i++) {
    const cells = cellsOf(lines[i + 1]!);
    if (cells.length !== width) {
      errors.push({ pointer: `/${i}`, message: `must have ${width} cells: it has ${cells.length}` });
      continue;
    }
    for (let j = 0; j < width; j++) {
      const cell = cells[places[j]!]!, nullable = shape.nullable[j] === 1;
      if (cell === "" && nullable) rows[i * width + j] = NaN;
      else if (NUMBER.test(cell) && isFeatureValue(Number(cell))) rows[i * width + j] = Number(cell);
      else errors.push(cellError(cell, `/${i}/${shape.names[j]}`, shape.names[j]!, nullable));
    }
  }
  if (errors.length > 0) throw invalid("Cannot predict as the features do not fit the model", errors);
  return { rows, count };
}

function cellsOf(line: string): string[] {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  return text.split(",").map((cell) =>
    cell.length > 1 && cell.startsWith('"') && cell.endsWith('"') ? cell.slice(1, -1) : cell
  );
}

function cellError(cell: string, pointer: string, field: string, nullable: boolean): FieldError {
  const expected = `must be a finite number that float32 holds${nullable ? ", or empty" : ""}`;
  return { pointer, field, message: `${expected}: it is ${cell === "" ? "empty" : `'${cell.slice(0, 40)}'`}` };
}
