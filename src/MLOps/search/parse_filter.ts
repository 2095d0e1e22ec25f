import { TrackingError } from "../../core/mod.ts";
import { invalid } from "../rules/entries.ts";
import { MAX_FILTER_CLAUSES, MAX_FILTER_LENGTH, MAX_PATTERN_BYTES } from "../rules/limits.ts";
import { experimentNumber } from "../rules/names.ts";
import type { Clause, Comparator, SearchDomain, SearchEntity } from "./clause.ts";
import { DATASET_KEYS } from "./domains.ts";
import { filterRefusal } from "./refusal.ts";
import { isKeyPart, type Token, tokenize } from "./tokens.ts";

const LISTS: readonly Comparator[] = ["IN", "NOT IN"];
const NULLS: readonly Comparator[] = ["IS NULL", "IS NOT NULL"];
const KNOWN: ReadonlySet<string> = new Set(["=", "!=", ">", ">=", "<", "<=", "LIKE", "ILIKE"]);

/** What MLflow calls the entities. */
const MLFLOW_WORDS: Readonly<Record<SearchEntity, string>> = {
  attribute: "attribute",
  metric: "metric",
  param: "parameter",
  tag: "tag",
  dataset: "dataset",
};

/** A choice as MLflow writes it, a Python set in quotes. */
function oneOf(words: Iterable<string>): string {
  return `'{${[...words].map((word) => `'${word}'`).join(", ")}}'`;
}

/**
 * Reads a filter of MLflow's grammar: clauses `[entity.]key OP value` joined by AND (reference 4.5). An empty filter
 * has no clauses and matches everything.
 *
 * @example
 * ```ts
 * import { parseFilter, RUN_SEARCH } from "../mod.ts";
 *
 * const [first, second] = parseFilter("metrics.`test loss` <= 0.5 AND tags.team ILIKE 'ML%'", RUN_SEARCH);
 * if (first?.entity !== "metric" || first.key !== "test loss" || first.value !== 0.5) throw new Error("read otherwise");
 * if (second?.comparator !== "ILIKE") throw new Error("read otherwise");
 * ```
 *
 * @throws {TrackingError} INVALID_PARAMETER_VALUE naming the clause and what was expected.
 */
export function parseFilter(filter: string | undefined, domain: SearchDomain): readonly Clause[] {
  if (filter !== undefined && filter.length > MAX_FILTER_LENGTH) {
    throw invalid(`Invalid filter: it can have at most ${MAX_FILTER_LENGTH} characters`);
  }
  try {
    return readFilter(filter ?? "", domain);
  } catch (error) {
    const words = error instanceof TrackingError ? filterRefusal(filter ?? "", domain) : undefined;
    throw words === undefined ? error : invalid(words);
  }
}

function readFilter(filter: string, domain: SearchDomain): readonly Clause[] {
  const reader = new Reader(filter);
  if (filter !== "" && reader.atEnd) throw invalid(`Invalid filter '${filter}'. Could not be parsed.`);
  const clauses: Clause[] = [];
  while (!reader.atEnd) {
    if (clauses.length > 0 && !reader.takeWord("AND")) throw reader.refuse();
    clauses.push(readClause(reader, domain));
    if (clauses.length > MAX_FILTER_CLAUSES) {
      throw invalid(`Invalid filter: it can have at most ${MAX_FILTER_CLAUSES} clauses`);
    }
  }
  return clauses;
}

class Reader {
  readonly #filter: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(filter: string) {
    this.#filter = filter;
    this.#tokens = tokenize(filter);
  }

  get atEnd(): boolean {
    return this.#next >= this.#tokens.length;
  }

  peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  take(): Token {
    const token = this.#tokens[this.#next++];
    if (token === undefined) throw this.refuse();
    return token;
  }

  takeWord(word: string): boolean {
    const token = this.peek();
    if (token?.kind !== "word" || token.text.toUpperCase() !== word) return false;
    this.#next++;
    return true;
  }

  takePunctuation(text: string): boolean {
    const token = this.peek();
    if (token?.kind !== "punctuation" || token.text !== text) return false;
    this.#next++;
    return true;
  }

  /** What the user wrote of a token, quotes included. */
  written(token: Token): string {
    return this.#filter.slice(token.start, token.end);
  }

  /** The error for what stands at the next token. */
  refuse() {
    const rest = this.#filter.slice(this.#tokens[Math.min(this.#next, this.#tokens.length - 1)]?.start ?? 0).trim();
    return invalid(
      `Invalid clause(s) in filter string: '${rest}'. Write clauses such as metrics.loss < 0.5 AND params.model = 'mlp'`,
    );
  }
}

function readClause(reader: Reader, domain: SearchDomain): Clause {
  const { entity, key } = readIdentifier(reader, domain);
  const comparator = readComparator(reader);
  const attribute = entity === "attribute" ? domain.attributes[key] : undefined;
  const allowed = attribute?.comparators ?? domain.comparators[entity] ?? [];
  if (!allowed.includes(comparator)) {
    if (NULLS.includes(comparator)) {
      throw invalid(`IS NULL / IS NOT NULL is only supported for tags and params, not for '${entity}' '${key}'`);
    }
    if (LISTS.includes(comparator) && allowed.includes("LIKE")) {
      const names = Object.entries(domain.attributes).filter(([, { comparators }]) => comparators.includes("IN"));
      throw invalid(
        `Only [${names.map(([name]) => `'${name}'`).join(", ")}] attributes support comparison with a list of quoted ` +
          `string values.`,
      );
    }
    throw invalid(`Invalid comparator '${comparator}' not one of ${oneOf(allowed)}`);
  }
  if (NULLS.includes(comparator)) return { entity, key, comparator, value: undefined };
  const isNumeric = entity === "metric" || attribute?.kind === "number";
  const value = LISTS.includes(comparator)
    ? readList(reader)
    : isNumeric
    ? readNumber(reader, entity, key)
    : readText(reader, entity);
  const isPattern = comparator === "LIKE" || comparator === "ILIKE";
  if (isPattern && new TextEncoder().encode(String(value)).length > MAX_PATTERN_BYTES) {
    throw invalid(`Invalid filter: the pattern of ${comparator} can have at most ${MAX_PATTERN_BYTES} bytes`);
  }
  if (entity === "attribute" && key === "experiment_id") [value].flat().forEach((id) => experimentNumber(String(id)));
  return { entity, key, comparator, value };
}

function readIdentifier(reader: Reader, domain: SearchDomain): { entity: SearchEntity; key: string } {
  const first = reader.take();
  if (!isKeyPart(first)) {
    throw invalid(`Invalid comparison clause. Expected 'Identifier' found '${reader.written(first)}'`);
  }
  const parts = [first];
  while (reader.peek()?.start === parts.at(-1)!.end && reader.takePunctuation(".")) {
    const part = reader.take();
    if (!isKeyPart(part)) throw invalid(`Invalid comparison clause. Expected a key found '${reader.written(part)}'`);
    parts.push(part);
  }
  return resolveIdentifier(parts.map(({ text }) => text), domain, Object.keys(domain.attributes));
}

/** What a dotted name means: an attribute where it has no dot, else the entity of its prefix and the rest as key. */
export function resolveIdentifier(
  parts: readonly string[],
  domain: SearchDomain,
  attributes: readonly string[],
): { entity: SearchEntity; key: string } {
  const prefix = parts.length === 1 ? undefined : parts[0]!;
  const entity = prefix === undefined
    ? "attribute"
    : Object.hasOwn(domain.prefixes, prefix)
    ? domain.prefixes[prefix]!
    : undefined;
  if (entity === undefined) {
    const known = [...new Set(Object.values(domain.prefixes))].map((name) => `'${MLFLOW_WORDS[name]}'`).join(", ");
    throw invalid(`Invalid entity type '${prefix}'. Valid values are [${known}]`);
  }
  const written = (prefix === undefined ? parts : parts.slice(1)).join(".");
  const key = entity === "attribute" && Object.hasOwn(domain.aliases, written) ? domain.aliases[written]! : written;
  const valid = entity === "attribute" ? attributes : entity === "dataset" ? DATASET_KEYS : undefined;
  if (valid !== undefined && !valid.includes(key)) {
    throw invalid(`Invalid ${entity} key '${written}' specified. Valid keys are ${oneOf(valid)}`);
  }
  return { entity, key };
}

function readComparator(reader: Reader): Comparator {
  const token = reader.take();
  const word = token.kind === "word" ? token.text.toUpperCase() : token.text;
  if (token.kind === "operator" || token.kind === "word") {
    if (KNOWN.has(word)) return word as Comparator;
    if (word === "IN") return "IN";
    if (word === "NOT" && reader.takeWord("IN")) return "NOT IN";
    if (word === "IS") {
      const not = reader.takeWord("NOT");
      if (reader.takeWord("NULL")) return not ? "IS NOT NULL" : "IS NULL";
    }
  }
  throw invalid(`Invalid comparator '${reader.written(token)}' not one of ${oneOf([...KNOWN, ...LISTS, ...NULLS])}`);
}

function readNumber(reader: Reader, entity: SearchEntity, key: string): number {
  const token = reader.take();
  if (token.kind === "number") return Number(token.text);
  // The number of a version is text everywhere else in the API, and in quotes in many a filter.
  if (key === "version_number" && token.kind === "single" && /^\d+$/.test(token.text)) return Number(token.text);
  const what = entity === "metric" ? "metric" : `numeric attribute: ${key}`;
  throw invalid(`Expected numeric value type for ${what}. Found ${reader.written(token)}`);
}

function readText(reader: Reader, entity: SearchEntity): string {
  const token = reader.take();
  if (token.kind === "single" || token.kind === "double") return token.text;
  const written = reader.written(token);
  if (token.kind === "word") {
    throw invalid(
      "Parameter value is either not quoted or unidentified quote types used for string value " +
        `${written}. Use either single or double quotes.`,
    );
  }
  throw invalid(`Expected a quoted string value for ${MLFLOW_WORDS[entity]} (e.g. 'my-value'). Got value ${written}`);
}

function readList(reader: Reader): readonly string[] {
  const problem = "While parsing a list in the query, expected a non-empty list of quoted string values";
  if (!reader.takePunctuation("(")) throw invalid(`${problem} in parentheses`);
  const values: string[] = [];
  while (!reader.takePunctuation(")")) {
    if (values.length > 0 && !reader.takePunctuation(",")) throw invalid(`${problem}, but got ill-formed list.`);
    if (values.length > 0 && reader.takePunctuation(")")) return values;
    if (reader.atEnd) throw invalid(`${problem}, but got ill-formed list.`);
    const token = reader.take();
    if (token.kind !== "single" && token.kind !== "double") {
      throw invalid(`${problem}, but got ${reader.written(token)}`);
    }
    values.push(token.text);
  }
  if (values.length === 0) throw invalid(`${problem}, but got empty list`);
  return values;
}
