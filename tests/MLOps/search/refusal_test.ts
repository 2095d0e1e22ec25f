import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { SearchDomain } from "../../../src/MLOps/search/clause.ts";
import {
  EXPERIMENT_SEARCH,
  LOGGED_MODEL_SEARCH,
  MODEL_VERSION_SEARCH,
  REGISTERED_MODEL_SEARCH,
  RUN_SEARCH,
} from "../../../src/MLOps/search/domains.ts";
import { filterRefusal, orderRefusal } from "../../../src/MLOps/search/refusal.ts";

type Cases = readonly (readonly [domain: SearchDomain, cases: Readonly<Record<string, string>>])[];

/** The three searches that know attributes and tags alone refuse alike. */
const OF_NAMES_AND_TAGS = {
  "metrics.a": "Invalid clause(s) in filter string: metrics.a",
  "> 1": "Invalid clause(s) in filter string: >, 1",
  "metrics.a = 'x'": "Invalid entity type 'metrics'. Valid entity types are ('attribute', 'tag', 'tags')",
  'params.a = "x': 'Invalid clause(s) in filter string: params.a, =, ", x',
  "params.a = 'x' OR params.b = 'y'": "Invalid clause(s) in filter string: OR",
  "params.a = 'x' or params.b = 'y'": "Invalid clause(s) in filter string: or",
  "params.a = 'x'; params.b = 'y'":
    "Search filter contained multiple expression \"params.a = 'x'; params.b = 'y'\". Provide AND-ed expression list.",
  "params.a = 'x';": "Invalid clause(s) in filter string: ;",
  "NOT": "Invalid clause(s) in filter string: NOT",
};

/** What MLflow 3.17.2 answers to filters. */
const FILTERS: Cases = [
  [RUN_SEARCH, {
    "metrics.a": "Invalid clause(s) in filter string: 'metrics.a'",
    "metrics.a = 'x'": "Expected numeric value type for metric. Found 'x'",
    "metrics.a IS NULL": "IS NULL / IS NOT NULL is only supported for tags and params, not for 'metric' 'a'",
    "metrics.a IN ('1')": "Expected numeric value type for metric. Found ('1')",
    "params.a = 1": "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1",
    "params.a = x":
      "Parameter value is either not quoted or unidentified quote types used for string value x. Use either single or double quotes.",
    'params.a = "x': "Invalid clause(s) in filter string: 'params.a', '=', '\"', 'x'",
    "params.a = 'x": "Invalid clause(s) in filter string: 'params.a', '=', ''', 'x'",
    "params.a BETWEEN 'a' AND 'b'": "Invalid clause(s) in filter string: 'params.a', 'BETWEEN', ''a'', ''b''",
    "params.a is": "Invalid clause(s) in filter string: 'params.a', 'is'",
    "params.a = 'x'; params.b = 'y'":
      "Search filter contained multiple expression \"params.a = 'x'; params.b = 'y'\". Provide AND-ed expression list.",
    "(params.a = 'x')": "Invalid clause(s) in filter string: '(params.a = 'x')'",
    "params.a = 'x' foo bar": "Invalid clause(s) in filter string: 'params.a = 'x' foo', 'bar'",
    "params.a = 'x' 'y'": "Invalid clause(s) in filter string: ''y''",
    "params.a 'x'": "Invalid clause(s) in filter string: 'params.a', ''x''",
    "params.a-b = 'x'": "Invalid comparison clause. Expected 'Identifier' found 'params.a-b'",
    "foo.a = 'x'": "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
    "'x' = params.a": "Invalid comparison clause. Expected 'Identifier' found ''x''",
    "metrics.a > 0x10": "Invalid clause(s) in filter string: 'metrics.a', '>', '0x10'",
    "metrics.a > nan": "Expected numeric value type for metric. Found nan",
    "metrics.a > NaN": "Expected numeric value type for metric. Found NaN",
    "metrics.a > inf": "Expected numeric value type for metric. Found inf",
    "metrics.a > 1 + 1": "Expected numeric value type for metric. Found 1 + 1",
    "tags.a = 1": "Expected a quoted string value for tag (e.g. 'my-value'). Got value 1",
    "attribute.name IN 'a'": "Invalid clause(s) in filter string: 'attribute.name', 'IN', ''a''",
    "attribute.name NOT IN 'a'": "Invalid clause(s) in filter string: 'attribute.name', 'NOT', 'IN', ''a''",
    "name = 'a' = 'b'": "Invalid comparison clause. Expected 'Identifier' found 'name = 'a''",
    "name 'a'": "Invalid clause(s) in filter string: 'name', ''a''",
    "run_id IN ('a', 5)":
      "While parsing a list in the query, expected string value, punctuation, or whitespace, but got different type in list: ('a', 5)",
    "run_id IN ()": "While parsing a list in the query, expected a non-empty list of string values, but got empty list",
    "run_id = 5": "Expected a quoted string value for attributes. Got value 5",
    "run_name IN ('a')": "Only ['run_id'] attributes support comparison with a list of quoted string values.",
    "start_time = 'x'": "Expected numeric value type for numeric attribute: start_time. Found 'x'",
    "created > 'x'": "Expected numeric value type for numeric attribute: created. Found 'x'",
    "Created > x": "Expected numeric value type for numeric attribute: Created. Found x",
    "dataset.name = 5": "Expected a quoted string value for dataset attributes. Got value 5",
    "tags.a = 'x' AND tags.b 'y'": "Invalid clause(s) in filter string: 'tags.b', ''y''",
    "type = 'x'": "Invalid clause(s) in filter string: 'type', '=', ''x''",
  }],
  [EXPERIMENT_SEARCH, OF_NAMES_AND_TAGS],
  [REGISTERED_MODEL_SEARCH, OF_NAMES_AND_TAGS],
  [MODEL_VERSION_SEARCH, OF_NAMES_AND_TAGS],
  [LOGGED_MODEL_SEARCH, {
    "metrics.a":
      "Invalid filter string: 'metrics.a'. Expected a list of comparisons separated by 'AND' (e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').",
    "metrics.a LIKE 'x'":
      "Invalid comparison operator for metrics.a: 'LIKE'. Expected one of ('<', '<=', '>', '>=', '=', '!=').",
    "metrics.a IS NULL": "Invalid comparison: metrics.aIS NULL. Expected a comparison with 3 tokens.",
    "params.a > 'x'":
      "Invalid comparison operator for params.a: '>'. Expected one of ('=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN').",
    "params.a = 'x":
      "Invalid filter string: \"params.a = 'x\". Expected a list of comparisons separated by 'AND' (e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').",
    "params.a BETWEEN 'a' AND 'b'":
      "Invalid filter string: \"params.a BETWEEN 'a' AND 'b'\". Expected a list of comparisons separated by 'AND' (e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').",
    "params.a IS 'x'":
      "Invalid filter string: \"params.a IS 'x'\". Expected a list of comparisons separated by 'AND' (e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').",
    "NOT params.a = 'x'":
      "Invalid filter string: \"NOT params.a = 'x'\". Expected a list of comparisons separated by 'AND' (e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').",
    "(params.a = 'x')":
      "Invalid filter string: \"(params.a = 'x')\". Expected a list of comparisons separated by 'AND' (e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').",
  }],
];

/** What it answers to fields to order by. */
const ORDERS: Cases = [
  [RUN_SEARCH, {
    "name foo": "Invalid ordering key in order_by clause 'name foo'.",
    "name ASC DESC": "Invalid order_by clause 'name ASC DESC'. Could not be parsed.",
    "foo.a": "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
    "'name'": "Invalid order_by clause ''name''. Could not be parsed.",
    "dataset.name": "Invalid identifier type 'dataset'",
  }],
  [EXPERIMENT_SEARCH, {
    "name foo": "Invalid ordering key in order_by clause 'name foo'.",
    "name ASC DESC": "Invalid order_by clause 'name ASC DESC'. Could not be parsed.",
    "metrics.": "Invalid entity type 'metrics'. Valid entity types are ('attribute', 'tag', 'tags')",
    "tags.a DESC": "Invalid order_by entity: tag",
  }],
  [REGISTERED_MODEL_SEARCH, {
    "name foo": "Invalid ordering key in order_by clause 'name foo'.",
    "name ASC DESC": "Invalid order_by clause 'name ASC DESC'. Could not be parsed.",
  }],
  [MODEL_VERSION_SEARCH, {
    "name foo": "Invalid ordering key in order_by clause 'name foo'.",
    "name ASC DESC": "Invalid order_by clause 'name ASC DESC'. Could not be parsed.",
    "metrics.": "Invalid entity type 'metrics'. Valid entity types are ('attribute', 'tag', 'tags')",
  }],
];

Deno.test("filterRefusal() says what MLflow says", { permissions: "none" }, () => {
  for (const [domain, cases] of FILTERS) {
    for (const [filter, message] of Object.entries(cases)) {
      assertEquals(filterRefusal(filter, domain), message, `${domain.dialect}: ${filter}`);
    }
  }
});

Deno.test("orderRefusal() says what MLflow says", { permissions: "none" }, () => {
  for (const [domain, cases] of ORDERS) {
    for (const [text, message] of Object.entries(cases)) {
      assertEquals(orderRefusal(text, domain), message, `${domain.dialect}: ${text}`);
    }
  }
});

Deno.test("filterRefusal() and orderRefusal() have nothing against what is right", { permissions: "none" }, () => {
  const filters = [
    "metrics.loss < 0.5 AND params.model = 'mlp'",
    'params.`learning rate` != "0.1" and tag."mlflow.user" LIKE \'%a%\'',
    "run_id IN ('a', 'b') AND tags.a IS NULL AND params.b IS NOT NULL",
    "attributes.start_time >= 5 AND created < 7 AND dataset.name NOT IN ('x')",
    "",
  ];
  for (const filter of filters) assertEquals(filterRefusal(filter, RUN_SEARCH), undefined, filter);
  for (const order of ["metrics.loss DESC", "params.`a b` asc", "start_time", "attribute.run_id ASC"]) {
    assertEquals(orderRefusal(order, RUN_SEARCH), undefined, order);
  }
  for (const order of ["timestamp DESC", "name", "last_updated_timestamp asc"]) {
    assertEquals(orderRefusal(order, REGISTERED_MODEL_SEARCH), undefined, order);
  }
});

Deno.test("filterRefusal() and orderRefusal() take any text, and long ones in no time", { permissions: "none" }, () => {
  const domains = [RUN_SEARCH, EXPERIMENT_SEARCH, REGISTERED_MODEL_SEARCH, MODEL_VERSION_SEARCH, LOGGED_MODEL_SEARCH];
  const piece = fc.oneof(
    fc.string({ unit: "binary", maxLength: 4 }),
    fc.constantFrom("a", ".", "=", "'x'", "(", ")", ",", " AND ", " IN ", " IS NOT NULL ", "5", "`", "--", ":=", "::"),
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 20 }), fc.constantFrom(...domains), (pieces, domain) => {
    filterRefusal(pieces.join(""), domain);
    orderRefusal(pieces.join(""), domain);
  }));
  const startMs = performance.now();
  for (const unit of ["'", '"', "(", "a.", "a,", "a=", "\\'", "NOT ", "1 "]) {
    filterRefusal(unit.repeat(9_999 / unit.length), RUN_SEARCH);
    filterRefusal(unit.repeat(1_000_000), RUN_SEARCH);
  }
  assertEquals(performance.now() - startMs < 3_000, true);
});
