/** Says which bodies are good, and what they say, from the contract alone: no code is shared with the readers. */
import type { FuzzedBody } from "./body_fuzz.ts";

/** Rows in the model's order, NaN for missing; undefined where the body must be refused. */
export type Verdict = readonly (readonly number[])[] | undefined;

/** What the model's rows are. */
export interface Contract {
  readonly names: readonly string[];
  readonly nullable: readonly boolean[];
  readonly maxRows: number;
}

/** What a body says, as a client's author would read the contract. */
export function verdictOn({ path, type, text }: Pick<FuzzedBody, "path" | "type" | "text">, by: Contract): Verdict {
  // A lone surrogate becomes U+FFFD when the text is sent, and a byte order mark is dropped when it is read.
  const sent = text.toWellFormed().replace(/^\ufeff/, "");
  const rows = type === "text/csv" ? csvRows(sent, by) : jsonRows(sent, path, by);
  if (rows === undefined || rows.length === 0 || rows.length > by.maxRows) return undefined;
  return rows.every((row) => row !== undefined) ? rows as Verdict : undefined;
}

type Rows = readonly (readonly number[] | undefined)[] | undefined;
type Json = Readonly<Record<string, unknown>>;

function jsonRows(text: string, path: string, by: Contract): Rows {
  let body: unknown;
  try {
    body = JSON.parse(path === "/invocations" ? pythonToJson(text) : text);
  } catch {
    return undefined;
  }
  if (!isRecord(body)) return undefined;
  const ordered = (row: unknown) => orderedRow(row, by), named = (row: unknown) => namedRow(row, by);
  const keys = Object.keys(body);
  if (path === "/predict") {
    const { features } = body;
    if (keys.join() !== "features" || !Array.isArray(features)) return undefined;
    return Array.isArray(features[0]) ? features.map(ordered) : [ordered(features)];
  }
  if (path === "/v1/predict") {
    return keys.join() === "instances" && Array.isArray(body["instances"]) ? body["instances"].map(named) : undefined;
  }
  const inputs = keys.filter((key) => key !== "params");
  if (inputs.length !== 1) return undefined;
  const [kind] = inputs, value = body[kind!];
  if (kind === "dataframe_records") return Array.isArray(value) ? value.map(named) : undefined;
  if (kind === "dataframe_split") return splitRows(value, by);
  if (kind === "inputs") {
    const rows = isTensor(value) ? value["features"] : value;
    return Array.isArray(rows) ? rows.map(ordered) : undefined;
  }
  if (kind !== "instances" || !Array.isArray(value)) return undefined;
  if (!isRecord(value[0])) return value.map(ordered);
  if (!("features" in value[0])) return value.map(named);
  return value.map((row) => isTensor(row) ? ordered(row["features"]) : undefined);
}

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTensor(value: unknown): value is Json {
  return isRecord(value) && Object.keys(value).join() === "features";
}

function cell(value: unknown, nullable: boolean): number {
  if (value === null && nullable) return NaN;
  if (typeof value === "number" && Number.isFinite(Math.fround(value))) return Math.fround(value);
  throw new RangeError("no feature");
}

/** A row, or undefined where one of its cells is none. */
function rowOf(take: () => number[]): number[] | undefined {
  try {
    return take();
  } catch {
    return undefined;
  }
}

function orderedRow(row: unknown, { names, nullable }: Contract): number[] | undefined {
  if (!Array.isArray(row) || row.length !== names.length) return undefined;
  return rowOf(() => names.map((_, j) => cell(row[j], nullable[j]!)));
}

function namedRow(row: unknown, { names, nullable }: Contract): number[] | undefined {
  if (!isRecord(row) || [...Object.keys(row)].sort().join("\n") !== [...names].sort().join("\n")) return undefined;
  return rowOf(() => names.map((name, j) => cell(row[name], nullable[j]!)));
}

function splitRows(value: unknown, by: Contract): Rows {
  if (!isRecord(value)) return undefined;
  const { columns, data, ...rest } = value;
  if (Object.keys(rest).some((key) => key !== "index")) return undefined;
  if (!Array.isArray(columns) || !Array.isArray(data)) return undefined;
  if (columns.some((name) => typeof name !== "string") || new Set(columns).size !== columns.length) return undefined;
  return data.map((row) => {
    if (!Array.isArray(row) || row.length !== columns.length) return undefined;
    return namedRow(Object.fromEntries(columns.map((name, j) => [name, row[j]])), by);
  });
}

/** `NaN` and `Infinity` outside of strings, as Python's json module writes them. */
function pythonToJson(text: string): string {
  let json = "", inString = false;
  for (let i = 0; i < text.length; i++) {
    const rest = text.slice(i, i + 8);
    if (inString && text[i] === "\\") json += text[i++]! + (text[i] ?? "");
    else if (!inString && rest.startsWith("NaN")) (json += "null", i += 2);
    else if (!inString && rest === "Infinity") (json += "1e999", i += 7);
    else {
      if (text[i] === '"') inString = !inString;
      json += text[i];
    }
  }
  return json;
}

/** RFC 4180 by a machine of two states; a line ends with LF or CRLF. */
function csvRows(text: string, by: Contract): Rows {
  const table: string[][] = [[]];
  let value = "", quoted = false, wasQuoted = false;
  const end = () => {
    table.at(-1)!.push(wasQuoted ? value.slice(1, -1) : value);
    [value, wasQuoted] = ["", false];
  };
  for (const letter of text.endsWith("\n") ? text.slice(0, -1) : text) {
    if (letter === '"' && (quoted || value === "")) {
      quoted = !quoted;
      wasQuoted = true;
      value += letter;
    } else if (!quoted && letter === ",") end();
    else if (!quoted && letter === "\n") {
      value = value.replace(/\r$/, "");
      end();
      table.push([]);
    } else value += letter;
  }
  value = value.replace(/\r$/, "");
  end();
  if (quoted) return undefined;
  const [header, ...rows] = table;
  return rows.map((cells) => {
    if (cells.length !== header!.length || new Set(header).size !== header!.length) return undefined;
    const values = cells.map((text) => text === "" ? null : csvNumber(text));
    return namedRow(Object.fromEntries(header!.map((name, j) => [name, values[j]])), by);
  });
}

/** Decimal digits with a sign, a point and an exponent; undefined for all else that Number() would take. */
function csvNumber(text: string): number | undefined {
  if ([...text].some((letter) => !"0123456789+-.eE".includes(letter))) return undefined;
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}
