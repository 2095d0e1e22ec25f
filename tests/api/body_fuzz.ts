/** Bodies that are nearly right: every format of rows, spoilt in its structure, its values or its text. */
import fc from "fast-check";

/** The ways in which rows can come. */
export const FORMATS = [
  "row",
  "batch",
  "named",
  "split",
  "records",
  "instances of rows",
  "instances of records",
  "instances of tensors",
  "inputs",
  "inputs by tensor",
  "csv",
] as const;

/** One of {@linkcode FORMATS}. */
export type Format = typeof FORMATS[number];

/** A request as it is sent. */
export interface FuzzedBody {
  readonly format: Format;
  readonly path: string;
  readonly type: "application/json" | "text/csv";
  readonly text: string;
}

/** Cells as they are written: tokens of JSON, or of CSV. */
const NASTY = [
  ...["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e39", "3.4028235677973366e38", "3.4028234663852886e38"],
  ...["null", `"1"`, `"NaN"`, `""`, "true", "[]", "{}", "[1]", "1.", ".5", "01", "+1", "0x10", "-0", "-", "1e", ""],
  ...["1e-400", "5e-324", "9007199254740993", "nan", "None", "inf", " 1", "1_000", "１", "1e5", "-1e38"],
];

interface Spoiled {
  readonly kind:
    | "value"
    | "drop cell"
    | "add cell"
    | "rename"
    | "twice"
    | "drop row"
    | "null row"
    | "swap"
    | "member"
    | "delete"
    | "insert"
    | "cut"
    | "bare"
    | "line ends";
  readonly at: number;
  readonly token: number;
}

const KINDS: readonly Spoiled["kind"][] = [
  ...["value", "value", "value", "drop cell", "add cell", "rename", "twice", "drop row", "null row"] as const,
  ...["swap", "swap", "member", "delete", "insert", "cut", "bare", "line ends"] as const,
];

/** A table that is written in one of the formats; rows need not be as wide as there are columns. */
interface Table {
  columns: string[];
  rows: (string[] | null)[];
  more: string;
  bare: boolean;
  lineEnd: string;
}

/** Arbitrary bodies for features of the given names, of which some take null. */
export function fuzzedBodies(names: readonly string[], nullable: readonly boolean[]): fc.Arbitrary<FuzzedBody> {
  const spoiled: fc.Arbitrary<Spoiled> = fc.record({
    kind: fc.constantFrom(...KINDS),
    at: fc.nat(1_000_000),
    token: fc.nat(1_000_000),
  });
  return fc.record({
    format: fc.constantFrom(...FORMATS),
    rows: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat(1_000_000),
    nulls: fc.nat(7),
    spoils: fc.array(spoiled, { maxLength: 2 }),
    stray: fc.nat(19),
  }).map(({ format, rows, seed, nulls, spoils, stray }) => {
    const table: Table = {
      columns: [...names],
      rows: Array.from({ length: rows }, (_, i) =>
        names.map((_, j) => {
          if (nullable[j] && (seed + i + j) % 8 < nulls) return format === "csv" ? "" : "null";
          return String(Math.fround((((seed + 31 * i + 7 * j) * 2_654_435_761) % 20_011 - 4_000) / 97));
        })),
      more: "",
      bare: false,
      lineEnd: "\n",
    };
    for (const each of spoils) spoilTable(table, each);
    let text = write(format, table);
    for (const each of spoils) text = spoilText(text, each);
    return { format, path: pathOf(format, stray), type: format === "csv" ? "text/csv" : "application/json", text };
  });
}

function pathOf(format: Format, stray: number): string {
  const paths = ["/predict", "/v1/predict", "/invocations"] as const;
  // Now and then to a route that takes another format.
  if (stray < 3 || format === "csv") return paths[stray % 3]!;
  if (format === "row" || format === "batch") return "/predict";
  return format === "named" ? "/v1/predict" : "/invocations";
}

function spoilTable(table: Table, { kind, at, token }: Spoiled): void {
  const row = table.rows[at % Math.max(1, table.rows.length)];
  const other = NASTY[token % NASTY.length]!;
  if (kind === "member") table.more = token % 2 === 0 ? `,"params":{}` : `,"horizon":15`;
  if (kind === "bare") table.bare = true;
  if (kind === "line ends") table.lineEnd = token % 3 === 0 ? "\r" : "\r\n";
  if (kind === "drop row") table.rows.splice(at % 2, token % 3);
  if (kind === "null row") table.rows[at % 3] = null;
  if (kind === "rename") table.columns[at % table.columns.length] = ["", "x", "return_2", "__proto__"][token % 4]!;
  if (kind === "twice") table.columns[at % table.columns.length] = table.columns[token % table.columns.length]!;
  if (kind === "swap") {
    const i = at % table.columns.length, j = token % table.columns.length;
    [table.columns[i], table.columns[j]] = [table.columns[j]!, table.columns[i]!];
  }
  if (row === null || row === undefined || row.length === 0) return;
  if (kind === "value") row[at % row.length] = other;
  if (kind === "drop cell") row.splice(at % row.length, 1);
  if (kind === "add cell") row.splice(at % row.length, 0, token % 2 === 0 ? "1" : other);
}

function write(format: Format, table: Table): string {
  const { columns, more, bare, lineEnd } = table;
  if (format === "csv") {
    return [columns.join(), ...table.rows.map((row) => row?.join() ?? ""), ...(bare ? [""] : [])].join(lineEnd);
  }
  const quoted = (name: string | undefined) => JSON.stringify(name ?? "more");
  const record = (row: string[] | null) =>
    row === null ? "null" : `{${row.map((cell, j) => `${quoted(columns[j])}:${cell}`).join()}}`;
  const inOrder = (row: string[] | null) => row === null ? "null" : `[${row.join()}]`;
  const list = (write: (row: string[] | null) => string) => `[${table.rows.map(write).join()}]`;
  const member = (name: string, value: string) => bare ? value : `{${JSON.stringify(name)}:${value}${more}}`;
  switch (format) {
    case "row":
      return member("features", inOrder(table.rows[0] ?? null));
    case "batch":
      return member("features", list(inOrder));
    case "named":
      return member("instances", list(record));
    case "split":
      return member("dataframe_split", `{"columns":${JSON.stringify(columns)},"data":${list(inOrder)}}`);
    case "records":
      return member("dataframe_records", list(record));
    case "instances of rows":
      return member("instances", list(inOrder));
    case "instances of records":
      return member("instances", list(record));
    case "instances of tensors":
      return member("instances", list((row) => `{"features":${inOrder(row)}}`));
    case "inputs":
      return member("inputs", list(inOrder));
    case "inputs by tensor":
      return member("inputs", `{"features":${list(inOrder)}}`);
  }
}

const INSERTED = [`"`, "{", "}", "[", "]", ",", ":", "-", "0", "e", ".", " ", "\n", "\u0000", "\ufeff", "\ud800", "N"];

function spoilText(text: string, { kind, at, token }: Spoiled): string {
  const place = at % (text.length + 1);
  if (kind === "delete") return text.slice(0, place) + text.slice(place + 1 + token % 3);
  if (kind === "insert") return text.slice(0, place) + INSERTED[token % INSERTED.length]! + text.slice(place);
  if (kind === "cut") return text.slice(0, place);
  return text;
}
