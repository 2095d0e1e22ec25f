import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TrackingError } from "../../../src/core/mod.ts";
import type { Clause } from "../../../src/MLOps/search/clause.ts";
import {
  EXPERIMENT_SEARCH,
  LOGGED_MODEL_SEARCH,
  MODEL_VERSION_SEARCH,
  REGISTERED_MODEL_SEARCH,
  RUN_SEARCH,
} from "../../../src/MLOps/search/domains.ts";
import { parseFilter } from "../../../src/MLOps/search/parse_filter.ts";
import { parseOrderBy } from "../../../src/MLOps/search/parse_order.ts";

const DOMAINS = [RUN_SEARCH, EXPERIMENT_SEARCH, REGISTERED_MODEL_SEARCH, MODEL_VERSION_SEARCH, LOGGED_MODEL_SEARCH];

/** A clause as a user may write it, with odd spacing, case and quotes. */
const written = fc.record({
  clause: fc.oneof(
    fc.record({
      entity: fc.constant("metric" as const),
      key: fc.stringMatching(/^[a-zA-Z_][\w /.-]{0,12}$/),
      comparator: fc.constantFrom("=", "!=", "<", "<=", ">", ">=" as const),
      value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0), // −0 is written 0
    }),
    fc.record({
      entity: fc.constantFrom("param" as const, "tag" as const),
      key: fc.stringMatching(/^[a-zA-Z_][\w /.-]{0,12}$/),
      comparator: fc.constantFrom("=", "!=", "LIKE", "ILIKE" as const),
      value: fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) => !/['"\\]/.test(text)),
    }),
    fc.record({
      entity: fc.constantFrom("param" as const, "tag" as const),
      key: fc.stringMatching(/^\w{1,8}$/),
      comparator: fc.constantFrom("IS NULL", "IS NOT NULL" as const),
      value: fc.constant(undefined),
    }),
    fc.record({
      entity: fc.constant("attribute" as const),
      key: fc.constant("run_id"),
      comparator: fc.constantFrom("IN", "NOT IN" as const),
      value: fc.array(fc.stringMatching(/^[0-9a-f]{1,8}$/), { minLength: 1, maxLength: 4 }),
    }),
  ),
  prefix: fc.constantFrom("", "s"),
  space: fc.constantFrom("", " ", "\n\t "),
  lower: fc.boolean(),
  quote: fc.constantFrom("'", '"'),
  keyQuote: fc.constantFrom("`", '"'),
});

type Written = typeof written extends fc.Arbitrary<infer T> ? T : never;

function write({ clause, prefix, space, lower, quote, keyQuote }: Written): string {
  const plain = /^\w+(\.\w+)*$/.test(clause.key);
  const key = clause.entity === "attribute"
    ? clause.key
    : `${clause.entity}${prefix}.${plain ? clause.key : keyQuote + clause.key + keyQuote}`;
  const comparator = lower ? clause.comparator.toLowerCase() : clause.comparator;
  const gap = /[a-z]/i.test(comparator) ? ` ${space}` : space;
  if (clause.value === undefined) return `${key} ${comparator}`;
  const value = Array.isArray(clause.value)
    ? `(${(clause.value as readonly string[]).map((one) => quote + one + quote).join(`,${space}`)})`
    : typeof clause.value === "number"
    ? String(clause.value)
    : quote + clause.value + quote;
  return `${key}${gap}${comparator}${gap}${value}`;
}

Deno.test("parseFilter() gives back every clause that was written", { permissions: "none" }, () => {
  fc.assert(fc.property(fc.array(written, { maxLength: 4 }), fc.constantFrom(" AND ", " and\n"), (parts, and) => {
    const filter = parts.map(write).join(and);
    const expected: readonly Clause[] = parts.map(({ clause }) => clause);
    assertEquals(parseFilter(filter, RUN_SEARCH).map((clause) => ({ ...clause })), expected.map((one) => ({ ...one })));
  }));
});

Deno.test("parseFilter() answers any text with clauses or MLflow's error", { permissions: "none" }, () => {
  const fragment = fc.oneof(
    fc.string({ unit: "binary", maxLength: 6 }),
    fc.constantFrom("metrics.", "params", "tags.`a b`", "=", "!=", ">", "'x'", '"y"', "1e-3", "-", "(", ")", ","),
    fc.constantFrom(" AND ", " OR ", "IS", "NOT", "NULL", "IN", "LIKE", " ", ".", "run_id", "name", "`", "'", ";--"),
  );
  fc.assert(fc.property(fc.array(fragment, { maxLength: 12 }), fc.constantFrom(...DOMAINS), (parts, domain) => {
    try {
      parseFilter(parts.join(""), domain);
    } catch (error) {
      if (!(error instanceof TrackingError) || error.errorCode !== "INVALID_PARAMETER_VALUE") throw error;
    }
    try {
      parseOrderBy([parts.join("")], domain);
    } catch (error) {
      if (!(error instanceof TrackingError) || error.errorCode !== "INVALID_PARAMETER_VALUE") throw error;
    }
  }));
});

Deno.test(
  "parseFilter() reads keys with digits, dots and minus-free names next to numbers",
  { permissions: "none" },
  () => {
    const read = (filter: string) => parseFilter(filter, RUN_SEARCH).map(({ key, value }) => [key, value]);
    assertEquals(read("metrics.f1>-1"), [["f1", -1]]);
    assertEquals(read("metrics.1 = 1"), [["1", 1]]);
    assertEquals(read("metrics.top.5=.5"), [["top.5", 0.5]]);
    assertEquals(read("tags.mlflow.source.git.commit = 'a'"), [["mlflow.source.git.commit", "a"]]);
    assertEquals(read("tags.`mlflow.note`.content = 'a''b'"), [["mlflow.note.content", "a''b"]]);
  },
);

Deno.test("parseFilter() says what is wrong and what may stand there", { permissions: "none" }, () => {
  const message = (filter: string) => assertThrows(() => parseFilter(filter, RUN_SEARCH), TrackingError).message;
  assertEquals(
    message("model.x = 'a'"),
    "Invalid entity type 'model'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
  );
  assertEquals(message("metrics.a = 'x'"), "Expected numeric value type for metric. Found 'x'");
  assertEquals(
    message("status IN ('a')"),
    "Only ['run_id'] attributes support comparison with a list of quoted string values.",
  );
  assertEquals(
    message("metrics.a = 1 OR metrics.b = 2"),
    "Invalid clause(s) in filter string: 'OR'",
  );
  // Where MLflow would take half a filter, and where it would fall over one, the words are ours.
  assertEquals(
    message("metrics.a = 1 AND"),
    "Invalid clause(s) in filter string: 'AND'. Write clauses such as metrics.loss < 0.5 AND params.model = 'mlp'",
  );
});

Deno.test("parseOrderBy() reads keys of any kind and refuses a field twice", { permissions: "none" }, () => {
  assertEquals(parseOrderBy(["metrics.`val loss` desc", 'params."a.b"', "Created ASC"], RUN_SEARCH), [
    { entity: "metric", key: "val loss", ascending: false },
    { entity: "param", key: "a.b", ascending: true },
    { entity: "attribute", key: "start_time", ascending: true },
  ]);
  assertThrows(() => parseOrderBy(["created", "start_time DESC"], RUN_SEARCH), TrackingError, "duplicate fields");
  assertThrows(() => parseOrderBy(["datasets.name"], RUN_SEARCH), TrackingError, "Invalid identifier type 'dataset'");
});
