import { assertEquals, assertThrows } from "@std/assert";
import { TrackingError } from "../../../src/core/mod.ts";
import { Fields } from "../../../src/MLOps/server/fields.ts";
import { parseAsWritten } from "../../../src/MLOps/server/written_json.ts";

Deno.test("Fields reads 64-bit integers given as text and refuses what a double cannot hold", () => {
  const fields = new Fields({ a: "12", b: 12, c: 1.5, d: "x", e: 2 ** 60, f: null, g: "-3", h: "9".repeat(30) });
  assertEquals([fields.integer("a"), fields.integer("b"), fields.integer("f"), fields.integer("g")], [
    12,
    12,
    undefined,
    -3,
  ]);
  for (const name of ["c", "d", "e", "h"]) {
    assertThrows(() => fields.integer(name), TrackingError, `parameter '${name}'`);
  }
});

Deno.test("Fields reads doubles as protobuf writes them", () => {
  const fields = new Fields({ a: "NaN", b: "-Infinity", c: "1e3", d: 2, e: true, f: "", g: "1x" });
  assertEquals(fields.requiredDouble("a"), NaN);
  assertEquals(fields.requiredDouble("b"), -Infinity);
  assertEquals([fields.requiredDouble("c"), fields.requiredDouble("d")], [1_000, 2]);
  for (const name of ["e", "g"]) assertThrows(() => fields.requiredDouble(name), TrackingError, "Invalid value");
  assertThrows(() => fields.requiredDouble("f"), TrackingError, "Missing value for required parameter 'f'");
});

Deno.test("Fields names a nested field by its way and tells the type seen as Python has it", () => {
  const [first] = new Fields({ metrics: [{ key: 5 }] }).messages("metrics");
  assertThrows(
    () => first!.string("key"),
    TrackingError,
    "Invalid value 5 for parameter 'metrics[0].key' supplied:  Hint: Value was of type 'int'. See the API docs",
  );
  const types: [unknown, string][] = [[1.5, "float"], ["x", "str"], [true, "bool"], [[1], "list"], [{}, "dict"]];
  for (const [value, type] of types) {
    if (typeof value === "string") continue;
    assertThrows(() => new Fields({ k: value }).string("k"), TrackingError, `of type '${type}'`);
  }
  assertThrows(() => new Fields({ k: { b: 1, a: 2 } }).string("k"), TrackingError, 'Invalid value {"a":2,"b":1}');
});

Deno.test("Fields takes an empty text for missing where one is required, as MLflow does", () => {
  assertThrows(() => new Fields({ name: "" }).requiredString("name"), TrackingError, "Missing value");
  assertEquals(new Fields({ name: "" }).string("name"), "");
});

Deno.test("Fields.fromQuery() makes a list of a repeated parameter and of a single one where a list is wanted", () => {
  const fields = Fields.fromQuery(new URLSearchParams("a=1&a=2&b=x&__proto__=y"));
  assertEquals([fields.strings("a"), fields.strings("b"), fields.strings("c")], [["1", "2"], ["x"], []]);
  assertEquals(fields.string("__proto__"), "y");
  assertThrows(() => new Fields({ b: "x" }).strings("b"), TrackingError);
});

Deno.test("Fields does not take what every object inherits for a field", () => {
  assertEquals(new Fields({}).string("toString"), undefined);
  assertEquals(new Fields({}).string("constructor"), undefined);
});

Deno.test("Fields.choice() takes a word or its number", () => {
  const words = ["ONE", "TWO"] as const;
  assertEquals(new Fields({ a: "TWO" }).choice("a", words), "TWO");
  assertEquals(new Fields({ a: 2 }).choice("a", words), "TWO");
  assertEquals(new Fields({}).choice("a", words), undefined);
  assertThrows(() => new Fields({ a: 3 }).choice("a", words), TrackingError, "must be one of ONE, TWO");
});

Deno.test("Fields shows a whole number as it was written: 9.0 is a float", () => {
  const body = '{"name": 9.0, "metrics": [{"key": 1e3}], "tags": {"a": [2.0, 3]}, "far": 1e22}';
  const fields = new Fields(JSON.parse(body), "", false, () => parseAsWritten(body));
  const cases: [() => unknown, string][] = [
    [() => fields.string("name"), "Invalid value 9.0 for parameter 'name' supplied:  Hint: Value was of type 'float'"],
    [() => fields.messages("metrics")[0]!.string("key"), "Invalid value 1000.0 for parameter 'metrics[0].key'"],
    [() => fields.string("tags"), 'Invalid value {"a":[2.0,3]} for parameter'],
    [() => fields.string("far"), "Invalid value 1e+22 for parameter"],
  ];
  for (const [read, message] of cases) assertThrows(read, TrackingError, message);
});

Deno.test("Fields.requiredDouble() takes what Python's float() takes for a number", { permissions: "none" }, () => {
  const read = (value: unknown) => new Fields({ value }).requiredDouble("value");
  for (
    const [text, number] of [
      ["inf", Infinity],
      ["-INF", -Infinity],
      ["Infinity", Infinity],
      ["nan", NaN],
      [" 5 ", 5],
      [
        "1_000.5",
        1000.5,
      ],
      [".5", 0.5],
      ["5.", 5],
      ["1e999", Infinity],
      ["+1E-3", 0.001],
    ] as const
  ) assertEquals(read(text), number, text);
  for (const text of ["_1", "1_", "1__0", "0x10", "1 0", "infinit", "e5", "."]) {
    assertThrows(() => read(text), TrackingError, "Invalid value");
  }
});
