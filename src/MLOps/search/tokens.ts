import { invalid } from "../rules/entries.ts";

/** Kinds of {@linkcode Token}. */
export type TokenKind = "word" | "single" | "double" | "backtick" | "number" | "operator" | "punctuation";

/** A piece of a filter. */
export interface Token {
  readonly kind: TokenKind;
  /** What it stands for: the text inside quotes, the word, the number as written. */
  readonly text: string;
  /** Where it starts in the filter. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
}

const RULES: readonly (readonly [TokenKind, RegExp])[] = [
  ["single", /'((?:''|\\'|[^'])*)'/y],
  ["double", /"((?:""|\\"|[^"])*)"/y],
  ["backtick", /`([^`]*)`/y],
  // A number may not run into a word: 2abc is a word, as in a key such as metrics.2abc.
  ["number", /([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\p{L}\p{N}_.])/uy],
  ["operator", /(<>|==|!=|>=|<=|=|<|>)/y],
  ["punctuation", /([(),.])/y],
  ["word", /([\p{L}\p{N}_]+)/uy],
];

/**
 * Splits a filter into tokens. Text inside quotes is taken as it stands, as MLflow does.
 *
 * @throws {TrackingError} INVALID_PARAMETER_VALUE at the first character that fits no token.
 */
export function tokenize(filter: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < filter.length) {
    if (/\s/.test(filter[at]!)) {
      at++;
      continue;
    }
    const token = tokenAt(filter, at, tokens.at(-1));
    if (token === undefined) throw invalid(`Invalid clause(s) in filter string: '${filter.slice(at)}'`);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

function tokenAt(filter: string, start: number, before: Token | undefined): Token | undefined {
  // Straight after a dot stands a key: `metrics.1` is the key `1`, not the number .1.
  const afterDot = before?.text === "." && before.kind === "punctuation" && before.end === start;
  for (const [kind, pattern] of RULES) {
    if (kind === "number" && (afterDot || (before !== undefined && isKeyPart(before) && before.end === start))) {
      continue;
    }
    pattern.lastIndex = start;
    const match = pattern.exec(filter);
    if (match !== null) return { kind, text: match[1]!, start, end: pattern.lastIndex };
  }
  return undefined;
}

/** Whether a token may be part of a key. */
export function isKeyPart(token: Token): boolean {
  return token.kind === "word" || token.kind === "backtick" || token.kind === "double";
}
