import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { COMMON_OPTIONS, readOptions } from "../../src/cli/options.ts";
import type { OptionSpec } from "../../src/cli/command.ts";
import { DomainError } from "../../src/core/mod.ts";

const SPECS: Readonly<Record<string, OptionSpec>> = {
  ...COMMON_OPTIONS,
  since: { type: "string", description: "" },
  port: { type: "number", description: "" },
  tag: { type: "string", multiple: true, description: "" },
  horizon: { type: "string", choices: ["1", "5", "15"], description: "" },
  out: { type: "string", isPath: true, description: "" },
  source: { type: "string", choices: ["auto", "archive", "rest"], description: "" },
};

Deno.test("readOptions() reads values, repeats, numbers and positionals", { permissions: "none" }, () => {
  const { positionals, options } = readOptions("x", [
    "create",
    "--since=P1D",
    "--tag",
    "a=1",
    "--tag",
    "b=2",
    "--port",
    "80",
    "--json",
  ], SPECS);
  assertEquals(positionals, ["create"]);
  assertEquals(options.string("since"), "P1D");
  assertEquals(options.strings("tag"), ["a=1", "b=2"]);
  assertEquals(options.number("port"), 80);
  assertEquals([options.boolean("json"), options.boolean("quiet"), options.string("source")], [true, false, undefined]);
});

Deno.test("readOptions() names the nearest option and value", { permissions: "none" }, () => {
  const cases: [string[], string, string | undefined][] = [
    [["--sinse", "P1D"], "Unknown option '--sinse'", "Did you mean '--since'?"],
    [["--source", "archiv"], "current value is 'archiv'", "Did you mean 'archive'?"],
    [["--port", "http"], "must be a number: current value is 'http'", undefined],
    [["--since="], "must not be empty", undefined],
    [
      ["--since"],
      "Option '--since' of 'x' needs a value",
      "Write --since VALUE; a value that begins with a dash is written --since=-…",
    ],
    [
      ["--since", "--json"],
      "Option '--since' of 'x' needs a value",
      "Write --since VALUE; a value that begins with a dash is written --since=-…",
    ],
    [["--source"], "Option '--source' of 'x' needs a value", "Values are auto, archive, rest"],
    [["--horizon", "1,5"], "must be one of 1, 5, 15", "Take one of those: x --help"],
    [["--json=1"], "Cannot read the options", "See the options with: x --help"],
  ];
  for (const [args, message, hint] of cases) {
    const error = assertThrows(() => readOptions("x", args, SPECS), DomainError, message);
    assertEquals([error.code, error.hint, error.traits.exit], ["usage", hint, 2]);
  }
});

Deno.test("readOptions() takes negative numbers and a lone dash as values", { permissions: "none" }, () => {
  const read = (...args: string[]) => readOptions("x", args, SPECS).options;
  assertEquals(read("--port", "-1").number("port"), -1);
  assertEquals(read("--port", "-.5", "--json").number("port"), -0.5);
  assertEquals(read("--since", "-").string("since"), "-");
  assertEquals(read("--since=-x").string("since"), "-x");
  assertEquals(readOptions("x", ["--json", "--", "--since"], SPECS).positionals, ["--since"]);
});

Deno.test("readOptions() takes paths from where the user called", { permissions: "none" }, () => {
  const read = (value: string, callerDir?: string) =>
    readOptions("x", ["--out", value], SPECS, callerDir).options.string("out");
  assertEquals(read("a/b"), "a/b");
  assertEquals(read("a/b", "/home/me"), "/home/me/a/b");
  assertEquals(read("../b c", "/home/me"), "/home/me/../b c");
  assertEquals(read("/a", "/home/me"), "/a");
  assertEquals(read("parquet:out", "/home/me"), "parquet:/home/me/out");
  assertEquals(read("parquet:/out", "/home/me"), "parquet:/out");
  assertEquals(readOptions("x", ["--since", "a"], SPECS, "/home/me").options.string("since"), "a");
});

Deno.test("readOptions() answers any words with values or a usage error", { permissions: "none" }, () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("--", "-", "--json", "--port", "--tag=x", "-1", "--port=1e3", "--source=rest"),
  );
  fc.assert(
    fc.property(fc.array(word), (args) => {
      try {
        readOptions("x", args, SPECS);
      } catch (error) {
        assertEquals(error instanceof DomainError && error.code, "usage");
      }
    }),
    { numRuns: 500 },
  );
});
