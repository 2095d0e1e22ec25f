/**
 * Why MLflow refuses a filter or an order, in its own words: clients show them to people, and match on them.
 *
 * @module
 */
import { isQuoted, pythonRepr } from "../rules/text.ts";
import type { SearchDomain } from "./clause.ts";
import { groupSql, type SqlGroup } from "./sql_groups.ts";

/** A comparison as it was written. */
interface Written {
  readonly left: SqlGroup;
  /** Upper case. */
  readonly comparator: string;
  /** Undefined for IS NULL and IS NOT NULL. */
  readonly right: SqlGroup | undefined;
  readonly text: string;
}

/** Longest text that is looked into; joining its pieces costs the square of it. */
const MAX_LENGTH = 10_000;
const NUMERIC = [">", ">=", "!=", "=", "<", "<="];
const TEXT = ["!=", "=", "LIKE", "ILIKE"];
const LISTED = [...TEXT, "IN", "NOT IN"];
const NULLABLE = [...TEXT, "IS NULL", "IS NOT NULL"];
const TABLES = "Valid entity types are ('attribute', 'tag', 'tags')";
const NOT_QUOTED = "Parameter value is either not quoted or unidentified quote types used for string value ";

/** A choice as MLflow writes it: a Python set, whose order means nothing. */
function setOf(words: Iterable<string>): string {
  return `{${[...words].map((word) => `'${word}'`).join(", ")}}`;
}

/** MLflow's message for a filter; undefined where it takes the filter, or falls over it. */
export function filterRefusal(filter: string, domain: SearchDomain): string | undefined {
  if (filter.length > MAX_LENGTH) return undefined;
  const statements = groupSql(filter);
  const isLogged = domain.dialect === "logged model";
  if (statements === undefined || (statements.length === 0 && !isLogged)) return undefined;
  if (statements.length !== 1) {
    return isLogged
      ? `Invalid filter string: ${pythonRepr(filter)}. Expected a single SQL expression.`
      : `Search filter contained multiple expression ${pythonRepr(filter)}. Provide AND-ed expression list.`;
  }
  const clauses = joinLists(statements[0]!);
  if (isLogged) return firstOf(clauses, (clause) => loggedModelRefusal(filter, clause, domain));
  const stray = clauses.filter((clause) => !("left" in clause) && !isAnd(clause)).map(({ text }) => text);
  if (stray.length > 0) {
    const shown = domain.dialect === "run" ? stray.map((text) => `'${text}'`) : stray;
    return `Invalid clause(s) in filter string: ${shown.join(", ")}`;
  }
  const comparisons = clauses.filter((clause) => "left" in clause);
  return firstOf(comparisons, (clause) => clauseRefusal(clause, domain)) ??
    firstOf(comparisons, (clause) => comparatorRefusal(clause, domain));
}

/** MLflow's message for one field to order by; undefined where it takes it, or falls over it. */
export function orderRefusal(text: string, domain: SearchDomain): string | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const unparsed = `Invalid order_by clause '${text}'. Could not be parsed.`;
  const statements = groupSql(text) ?? [];
  const [first, second, ...more] = statements[0] ?? [];
  const isTimestamp = first?.kind === "builtin" && first.text.toLowerCase() === "timestamp";
  const isField = isTimestamp
    ? second === undefined || (second.kind === "order" && more.length === 0)
    : first?.kind === "identifier" && second === undefined;
  if (statements.length !== 1 || !isField) return unparsed;
  const words = (isTimestamp && second !== undefined ? `timestamp ${second.text}` : first!.text).replaceAll("`", '"')
    .match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  if (words.length > 2) return unparsed;
  if (words.length === 2 && !["asc", "desc"].includes(words[1]!.toLowerCase())) {
    return `Invalid ordering key in order_by clause '${text}'.`;
  }
  const field = words.length === 2 ? words[0]!.replace(/["']/g, "") : first!.text;
  if (domain.dialect === "registered model") {
    return ["name", "timestamp", "last_updated_timestamp"].includes(field)
      ? undefined
      : `Invalid order by key '${field}' specified. Valid keys are '${setOf(["name", "timestamp"])}'`;
  }
  const { refusal, entity, key } = identify(field, domain, true);
  if (refusal !== undefined || entity === "attribute") return refusal;
  if (domain.dialect === "run") return entity === "dataset" ? "Invalid identifier type 'dataset'" : undefined;
  return domain.dialect === "model version"
    ? `Invalid order by key '${key}' specified. Valid keys are ${setOf(domain.orderAttributes)}`
    : `Invalid order_by entity: ${entity}`;
}

/** Comparisons, those with IN, NOT IN, IS NULL and IS NOT NULL joined as well, among what is none. */
function joinLists(groups: readonly SqlGroup[]): readonly (SqlGroup | Written)[] {
  const clauses: (SqlGroup | Written)[] = [];
  for (let i = 0; i < groups.length; i++) {
    const [first, second, third, fourth] = groups.slice(i, i + 4) as [SqlGroup, ...(SqlGroup | undefined)[]];
    const words = (group: SqlGroup | undefined) =>
      group?.kind === "keyword" ? group.text.toUpperCase().replace(/\s+/, " ") : "";
    if (first.kind === "comparison") {
      const [left, sign, right] = first.parts;
      clauses.push({ left: left!, comparator: sign!.text.toUpperCase(), right: right!, text: first.text });
    } else if (first.kind !== "identifier" || third === undefined) {
      clauses.push(first);
    } else if (words(second) === "IN" && third.kind === "parenthesis") {
      clauses.push({ left: first, comparator: "IN", right: third, text: first.text + second!.text + third.text });
      i += 2;
    } else if (words(second) === "IS" && ["NULL", "NOT NULL"].includes(words(third))) {
      const comparator = `IS ${words(third)}`;
      clauses.push({ left: first, comparator, right: undefined, text: first.text + comparator });
      i += 2;
    } else if (words(second) === "NOT" && words(third) === "IN" && fourth?.kind === "parenthesis") {
      clauses.push({ left: first, comparator: "NOT IN", right: fourth, text: `${first.text}NOT IN${fourth.text}` });
      i += 3;
    } else {
      // MLflow passes over four at once here, so that a list among the next three is not seen.
      for (const group of [first, second!, third, ...(fourth === undefined ? [] : [fourth])]) {
        clauses.push(...(group.kind === "comparison" ? joinLists([group]) : [group]));
      }
      i += 3;
    }
  }
  return clauses;
}

function isAnd({ text }: { readonly text: string }): boolean {
  return text.toUpperCase() === "AND";
}

function firstOf<T>(items: readonly T[], refusal: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = refusal(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What the left side names. */
interface Named {
  readonly entity: string;
  /** As it was written, without quotes. */
  readonly key: string;
  /** Whether it is an attribute with numbers for values. */
  readonly isNumeric: boolean;
  readonly refusal?: string;
}

function identify(written: string, domain: SearchDomain, isOrder: boolean): Named {
  const isRun = domain.dialect === "run";
  const dot = written.indexOf(".");
  const prefix = dot < 0 ? "attribute" : written.slice(0, dot);
  const name = isRun ? trimmed(prefix, "`") : prefix;
  const bare = trimmed(trimmed(trimmed(written.slice(dot + 1), "'"), '"'), "`");
  const entity = Object.hasOwn(domain.prefixes, name) ? domain.prefixes[name]! : undefined;
  if (entity === undefined || (!isRun && !["attribute", "tag", "tags"].includes(name))) {
    const known = isRun ? "Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']" : TABLES;
    return { entity: "", key: bare, isNumeric: false, refusal: `Invalid entity type '${name}'. ${known}` };
  }
  const attributes = isOrder ? domain.orderAttributes : Object.keys(domain.attributes);
  const aliases = Object.entries(domain.aliases).filter(([, key]) => !isOrder || key === "start_time");
  const keys = entity === "attribute"
    ? [...attributes, ...(isRun ? aliases.map(([alias]) => alias) : [])]
    : entity === "dataset"
    ? ["name", "digest", "context"]
    : undefined;
  if (keys !== undefined && !keys.includes(bare)) {
    return {
      entity,
      key: bare,
      isNumeric: false,
      refusal: `Invalid ${entity} key '${bare}' specified. Valid keys are '${setOf(keys)}'`,
    };
  }
  const isNumeric = entity === "attribute" && domain.attributes[domain.aliases[bare] ?? bare]?.kind === "number";
  return { entity, key: bare, isNumeric };
}

/** Text without the quotes round it. */
function trimmed(text: string, quote: string): string {
  return isQuoted(text, quote) ? text.slice(1, -1) : text;
}

function clauseRefusal({ left, right }: Written, domain: SearchDomain): string | undefined {
  if (left.kind !== "identifier") return `Invalid comparison clause. Expected 'Identifier' found '${left.text}'`;
  const named = identify(left.text, domain, false);
  const { entity, key, refusal } = named;
  if (refusal !== undefined) return refusal;
  if (right !== undefined) return valueRefusal(named, right, domain);
  if (domain.dialect === "run" && entity !== "tag" && entity !== "param") {
    return `IS NULL / IS NOT NULL is only supported for tags and params, not for '${entity}' '${key}'`;
  }
  if (domain.dialect === "experiment" && entity !== "tag") {
    return `IS NULL / IS NOT NULL is only supported for tags, not for attribute '${key}'`;
  }
  return undefined;
}

function valueRefusal({ entity, key, isNumeric }: Named, value: SqlGroup, domain: SearchDomain): string | undefined {
  const { kind, text } = value;
  const isNumber = kind === "integer" || kind === "float";
  const isText = kind === "single" || kind === "identifier";
  const isQuotedText = isQuoted(text, "'") || isQuoted(text, '"');
  const unquoted = isQuotedText ? undefined : `${NOT_QUOTED}${text}. Use either single or double quotes.`;
  const isRun = domain.dialect === "run";
  if (entity === "metric") return isNumber ? undefined : `Expected numeric value type for metric. Found ${text}`;
  if (entity === "param" || entity === "tag") {
    const what = entity === "param" ? "parameter" : entity;
    return isText ? unquoted : `Expected a quoted string value for ${what} (e.g. 'my-value'). Got value ${text}`;
  }
  if (entity === "dataset") {
    if (isText) return unquoted;
    if (kind === "parenthesis") return listRefusal(text);
    return `Expected a quoted string value for dataset attributes. Got value ${text}`;
  }
  if (isNumeric && (isRun || domain.dialect === "experiment")) {
    return isNumber ? undefined : `Expected numeric value type for numeric attribute: ${key}. Found ${text}`;
  }
  if (isText) return unquoted;
  if (kind === "parenthesis") {
    const keys = LIST_KEYS[domain.dialect];
    if (keys.includes(key)) return listRefusal(text);
    return `Only [${keys.map((one) => `'${one}'`).join(", ")}] attributes support comparison with a list of quoted ` +
      "string values.";
  }
  if (isNumber && domain.dialect === "model version") {
    const numeric = setOf(["version_number", "creation_timestamp", "last_updated_timestamp"]);
    return isNumeric ? undefined : `Only the '${numeric}' attributes support comparison with numeric values.`;
  }
  const or = isRun || domain.dialect === "experiment" ? "" : " or a list of quoted string values";
  return `Expected a quoted string value${or} for attributes. Got value ${text}`;
}

/** Attributes that may be compared with a list, in the order in which they are told. */
const LIST_KEYS: Readonly<Record<SearchDomain["dialect"], readonly string[]>> = {
  run: ["run_id"],
  experiment: ["experiment_id"],
  "registered model": ["name"],
  "model version": ["name", "run_id"],
  "logged model": [],
};

/** A list is read as a Python tuple of texts. */
function listRefusal(text: string): string | undefined {
  const problem = "While parsing a list in the query, expected";
  const inner = text.slice(1, -1).trim();
  if (inner === "") return `${problem} a non-empty list of string values, but got empty list`;
  const items = inner.replace(/,\s*$/, "").split(/,(?=(?:[^']*'[^']*')*[^']*$)/).map((item) => item.trim());
  if (items.includes("")) return `${problem} a non-empty list of string values, but got ill-formed list.`;
  if (items.every((item) => isQuoted(item, "'") || isQuoted(item, '"'))) return undefined;
  if (!items.every((item) => isQuoted(item, "'") || isQuoted(item, '"') || /^-?\d+(?:\.\d+)?$/.test(item))) {
    return undefined;
  }
  const tuple = items.length === 1 ? `(${items[0]},)` : `(${items.join(", ")})`;
  return `${problem} string value, punctuation, or whitespace, but got different type in list: ${tuple}`;
}

function comparatorRefusal({ left, comparator, right }: Written, domain: SearchDomain): string | undefined {
  const { entity, key, isNumeric } = identify(left.text, domain, false);
  // Quotes that open and do not close are MLflow's.
  const notOne = (allowed: readonly string[], shown = allowed, end = "") =>
    allowed.includes(comparator) ? undefined : `Invalid comparator '${comparator}' not one of '${setOf(shown)}${end}`;
  switch (domain.dialect) {
    case "run":
      if (entity === "metric") return notOne(NUMERIC);
      if (entity === "param") return notOne(NULLABLE, NULLABLE, "'");
      if (entity === "tag") return notOne(NULLABLE);
      if (entity === "dataset") return notOne(LISTED);
      return isNumeric ? notOne(NUMERIC, LISTED) : notOne(LISTED, LISTED, "'");
    case "experiment":
      if (entity === "tag") {
        return NULLABLE.includes(comparator) ? undefined : `Invalid comparator for tag: ${comparator}`;
      }
      if (key === "experiment_id") {
        return ["=", "!=", "IN", "NOT IN"].includes(comparator)
          ? undefined
          : `Invalid comparator for experiment_id: ${comparator}`;
      }
      if (!isNumeric) return notOne(LISTED, LISTED, "'");
      return notOne(NUMERIC, LISTED) ??
        (right?.kind === "float" ? `Invalid value for numeric attribute '${key}': '${right.text}'` : undefined);
    default:
      if (entity === "tag") return TEXT.includes(comparator) ? undefined : `Invalid comparator for tag: ${comparator}`;
      if (!isNumeric) {
        return LISTED.includes(comparator) ? undefined : `Invalid comparator for attribute: ${comparator}`;
      }
      if (!NUMERIC.includes(comparator)) return `Invalid comparator for attribute ${key}: ${comparator}`;
      if (right?.kind === "integer" || /^['"]\s*[+-]?\d+\s*['"]$/.test(right?.text ?? "")) return undefined;
      return `Invalid value for numeric attribute '${key}': ${
        right?.kind === "float" ? right.text : pythonRepr(right?.text.slice(1, -1) ?? "")
      }`;
  }
}

function loggedModelRefusal(filter: string, clause: SqlGroup | Written, domain: SearchDomain): string | undefined {
  if (!("left" in clause)) {
    return isAnd(clause)
      ? undefined
      : `Invalid filter string: ${pythonRepr(filter)}. Expected a list of comparisons separated by 'AND' ` +
        "(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').";
  }
  const { left, comparator, right, text } = clause;
  if (right === undefined) return `Invalid comparison: ${text}. Expected a comparison with 3 tokens.`;
  const [, prefix, rest] = /^([a-z]+)\.(.+)$/s.exec(left.text) ?? [];
  const types = ["attributes", "metrics", "params", "tags"];
  if (prefix !== undefined && !types.includes(prefix)) {
    return `Invalid entity type: '${prefix}'. Expected one of [${types.map((type) => `'${type}'`).join(", ")}].`;
  }
  const written = (rest ?? left.text).replace(/^`+|`+$/g, "");
  const key = prefix === undefined ? domain.aliases[written] ?? written : written;
  const type = prefix ?? "attributes";
  const isNumeric = type === "metrics" || (type === "attributes" && domain.attributes[key]?.kind === "number");
  const allowed = isNumeric ? ["<", "<=", ">", ">=", "=", "!="] : ["=", "!=", "LIKE", "ILIKE", "IN", "NOT IN"];
  if (allowed.includes(comparator)) return undefined;
  const column = type === "attributes" && isNumeric ? `${key}_ms` : key;
  return `Invalid comparison operator for ${type}.${column}: '${comparator}'. Expected one of (${
    allowed.map((one) => `'${one}'`).join(", ")
  }).`;
}
