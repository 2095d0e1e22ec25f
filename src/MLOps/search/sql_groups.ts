/**
 * A filter as the SQL parser behind MLflow's (sqlparse, without validation) sees it. MLflow's messages quote the pieces
 * that this parser makes, so they can be told in its words alone when the pieces are the same. What is a right filter is
 * not decided here.
 *
 * @module
 */

/** Kinds of {@linkcode SqlGroup}: of single tokens first, then of what they are joined to. */
export type SqlGroupKind =
  | "name"
  | "placeholder"
  | "symbol"
  | "single"
  | "integer"
  | "float"
  | "hex"
  | "keyword"
  | "builtin"
  | "order"
  | "comparator"
  | "operator"
  | "wildcard"
  | "punctuation"
  | "assignment"
  | "comment"
  | "error"
  | "parenthesis"
  | "function"
  | "identifier"
  | "operation"
  | "comparison"
  | "list";

/** A token, or several that belong together. */
export interface SqlGroup {
  readonly kind: SqlGroupKind;
  /** As it stands in the filter, spaces inside it included. */
  readonly text: string;
  /** Where it starts in the filter. */
  readonly start: number;
  /** What it was joined from; empty for a token. */
  readonly parts: readonly SqlGroup[];
}

const LETTER = "[A-Z_À-Ü]";
/** In the order in which they are tried. */
const TOKENS: readonly (readonly [SqlGroupKind, RegExp])[] = [
  ["comment", /(?:--|# )[^\r\n]*(?:\r\n|\r|\n|$)|\/\*[^]*?\*\//y],
  ["assignment", /:=/y],
  ["punctuation", /::/y],
  ["wildcard", /\*/y],
  ["name", /`(?:``|[^`])*`/y],
  ["placeholder", /\?|%(?:\(\w+\))?s|(?<!\w)[$:?]\w+/y],
  ["name", /[@#][A-ZÀ-Ü][\p{L}\p{N}_]+/iuy],
  ["keyword", /(?:CASE|IN|VALUES|USING|FROM|AS)\b/iy],
  ["name", /[A-ZÀ-Ü][\p{L}\p{N}_]*(?=\s*\.(?!\d))|(?<=\.)[A-ZÀ-Ü][\p{L}\p{N}_]*|[A-ZÀ-Ü][\p{L}\p{N}_]*(?=\()/iuy],
  ["hex", /-?0x[\dA-F]+/iy],
  ["float", /-?\d+(?:\.\d+)?E-?\d+/iy],
  ["float", new RegExp(`(?!${LETTER})-?(?:\\d+\\.\\d*|\\.\\d+)(?!${LETTER})`, "iy")],
  ["integer", new RegExp(`(?!${LETTER})-?\\d+(?!${LETTER})`, "iy")],
  ["single", /'(?:''|\\'|[^'])*'/y],
  ["symbol", /"(?:""|\\"|[^"])*"/y],
  ["name", /(?<![\w\])])\[[^\][]+\]/y],
  ["keyword", /NOT\s+NULL\b|GROUP\s+BY\b|ORDER\s+BY\b|UNION\s+ALL\b/iy],
  ["order", /(?:ASC|DESC)(?:\s+NULLS\s+(?:FIRST|LAST))?\b/iy],
  ["comparator", /(?:NOT\s+)?(?:LIKE|ILIKE|RLIKE|REGEXP)\b/iy],
  ["name", /[\p{L}\p{N}_][$#\p{L}\p{N}_]*/uy],
  ["punctuation", /[;:()[\],.]/y],
  ["operator", /->>?|-/y],
  ["comparator", /[<>=~!]+/y],
  ["operator", /[+/@#%^&|-]+/y],
  ["error", /[^]/uy],
];

/** Words that are no names to the parser, as far as they are met in filters. */
const KEYWORDS = new Set(
  ("ADMIN ALIAS ALL ALTER AND ANY AVG BEGIN BETWEEN BY CLASS COLUMN COMMENT COUNT CREATE DATA DAY DELETE DISTINCT DROP " +
    "ELSE END EXISTS FALSE FIRST FUNCTION GROUP HAVING HOUR IF INDEX INNER INSERT INTO IS JOIN KEY LANGUAGE LAST LEFT " +
    "LENGTH LEVEL LIMIT LOCATION MAX METHOD MIN MINUTE MODE MONTH NOT NULL OFFSET ON OPTION OPTIONS OR ORDER OUTER OWNER " +
    "PARAMETER PARAMETERS PATH PRECISION PRIMARY PRIVATE PUBLIC RESULT RETURN RETURNS RIGHT ROLE SCHEMA SCOPE SECOND " +
    "SELECT SET SHARE SIZE SOURCE START SUM SYSTEM TABLE THEN TIME TRUE TYPE UNION UPDATE USER VERSION WHEN WHERE WITH " +
    "YEAR").split(" "),
);
const BUILTINS = new Set("DATE FLOAT INT INTERVAL NUMBER STRING TEXT TIMESTAMP".split(" "));

/** Statements of a filter, each as its outermost groups; undefined where a comment stands in the middle of one. */
export function groupSql(filter: string): readonly (readonly SqlGroup[])[] | undefined {
  const tokens = tokenizeSql(filter);
  if (tokens.slice(0, -1).some(({ kind }) => kind === "comment")) return undefined;
  const statements: SqlGroup[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    depth += token.text === "(" ? 1 : token.text === ")" ? -1 : 0;
    statements.at(-1)!.push(token);
    if (token.text === ";" && depth <= 0) statements.push([]);
  }
  return statements.filter(({ length }) => length > 0).map((statement) => new Grouping(filter, statement).groups());
}

function tokenizeSql(filter: string): SqlGroup[] {
  const tokens: SqlGroup[] = [];
  for (let start = 0; start < filter.length;) {
    if (/\s/.test(filter[start]!)) {
      start++;
      continue;
    }
    for (const [kind, pattern] of TOKENS) {
      pattern.lastIndex = start;
      const text = pattern.exec(filter)?.[0];
      if (text === undefined) continue;
      tokens.push({
        kind: kind === "name" ? wordKind(text, filter[start - 1], filter, start) : kind,
        text,
        start,
        parts: [],
      });
      start += text.length;
      break;
    }
  }
  return tokens;
}

/** A word is a name beside a dot and in front of a parenthesis, whatever it means elsewhere. */
function wordKind(text: string, before: string | undefined, filter: string, start: number): SqlGroupKind {
  if (before === "." || /^(?:\s*\.(?!\d)|\()/.test(filter.slice(start + text.length, start + text.length + 80))) {
    return "name";
  }
  const word = text.toUpperCase();
  return KEYWORDS.has(word) ? "keyword" : BUILTINS.has(word) ? "builtin" : "name";
}

const NUMBERS: readonly SqlGroupKind[] = ["integer", "float"];
const VALUES: readonly SqlGroupKind[] = [...NUMBERS, "single", "symbol", "name", "placeholder"];
const OPERANDS: readonly SqlGroupKind[] = [...VALUES, "parenthesis", "function", "identifier", "operation"];

/** Joins the tokens of one statement, kind after kind. */
class Grouping {
  readonly #filter: string;
  #groups: SqlGroup[];

  constructor(filter: string, tokens: readonly SqlGroup[]) {
    this.#filter = filter;
    this.#groups = [...tokens];
  }

  groups(): readonly SqlGroup[] {
    this.#parentheses();
    this.#pairs("function", ["name"], ["parenthesis"]);
    this.#periods();
    this.#groups = this.#groups.map((group) =>
      group.kind === "name" || group.kind === "symbol" ? this.#joined("identifier", [group]) : group
    );
    this.#pairs("identifier", ["identifier", ...NUMBERS], ["order"]);
    this.#infix("identifier", ["::"], [...OPERANDS, "builtin", "keyword"]);
    this.#infix("operation", ["operator", "wildcard"], OPERANDS);
    this.#infix("comparison", ["comparator"], OPERANDS);
    this.#pairs("identifier", [
      "parenthesis",
      "function",
      "identifier",
      "operation",
      "comparison",
      "hex",
      ...NUMBERS,
    ], ["identifier"]);
    this.#infix("operation", ["assignment"], [...OPERANDS, "comparison"]);
    this.#infix("list", [","], [
      "function",
      "identifier",
      "comparison",
      "list",
      "operation",
      "keyword",
      "wildcard",
      ...VALUES,
    ]);
    return this.#groups;
  }

  #joined(kind: SqlGroupKind, parts: readonly SqlGroup[]): SqlGroup {
    const { start } = parts[0]!, last = parts.at(-1)!;
    return { kind, start, text: this.#filter.slice(start, last.start + last.text.length), parts };
  }

  #join(kind: SqlGroupKind, from: number, to: number): void {
    this.#groups.splice(from, to - from + 1, this.#joined(kind, this.#groups.slice(from, to + 1)));
  }

  #parentheses(): void {
    const opened: number[] = [];
    for (let i = 0; i < this.#groups.length; i++) {
      const { text, kind } = this.#groups[i]!;
      if (kind !== "punctuation") continue;
      if (text === "(") opened.push(i);
      const from = text === ")" ? opened.pop() : undefined;
      if (from === undefined) continue;
      this.#join("parenthesis", from, i);
      i = from;
    }
  }

  /** Joins each group with the one behind it, where their kinds are these. */
  #pairs(kind: SqlGroupKind, first: readonly SqlGroupKind[], second: readonly SqlGroupKind[]): void {
    for (let i = 0; i + 1 < this.#groups.length; i++) {
      if (first.includes(this.#groups[i]!.kind) && second.includes(this.#groups[i + 1]!.kind)) {
        this.#join(kind, i, i + 1);
      }
    }
  }

  /** `a.b.c`; a dot behind a name belongs to it also where no key follows. */
  #periods(): void {
    for (let i = 1; i < this.#groups.length; i++) {
      const { kind, text } = this.#groups[i]!;
      if (kind !== "punctuation" || text !== "." || !isOf(this.#groups[i - 1], ["name", "symbol", "identifier"])) {
        continue;
      }
      const hasKey = isOf(this.#groups[i + 1], ["name", "symbol", "single", "wildcard", "function"]);
      this.#join("identifier", i - 1, hasKey ? i + 1 : i);
      i--;
    }
  }

  /** Joins what stands on both sides of a sign, from the left. */
  #infix(kind: SqlGroupKind, signs: readonly string[], sides: readonly SqlGroupKind[]): void {
    const isSide = (group: SqlGroup | undefined) =>
      isOf(group, sides) || (kind === "comparison" && (group?.text.toUpperCase() === "NULL" || group?.kind === kind));
    for (let i = 1; i + 1 < this.#groups.length; i++) {
      const { kind: sign, text } = this.#groups[i]!;
      if (!signs.includes(sign) && !(sign === "punctuation" && signs.includes(text))) continue;
      if (!isSide(this.#groups[i - 1]) || !isSide(this.#groups[i + 1])) continue;
      this.#join(kind, i - 1, i + 1);
      i--;
    }
  }
}

function isOf(group: SqlGroup | undefined, kinds: readonly SqlGroupKind[]): boolean {
  return group !== undefined && kinds.includes(group.kind);
}
